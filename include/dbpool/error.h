/**
 * @file error.h
 * @brief What went wrong, where, and what to do about it.
 *
 * Every function that can fail takes `dbpool_error **error` last. It may be NULL. On failure *error is set
 * to a new object (or NULL if there was no memory for it), which the caller frees with dbpool_error_free();
 * on success it is left alone. Every function here accepts NULL and then answers "nothing": 0, "" or -1.
 * Strings belong to the error and live as long as it does. None holds the password that the pool connects with.
 */
#ifndef DBPOOL_ERROR_H_
#define DBPOOL_ERROR_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What the library was doing when it failed. @since 0.1 */
enum {
    DBPOOL_PHASE_NONE = 0,    /**< before anything was done: arguments, options, state */
    DBPOOL_PHASE_QUEUE = 1,   /**< waiting for a connection, or for the writer's turn (SQLite) */
    DBPOOL_PHASE_CONNECT = 2, /**< opening a connection */
    DBPOOL_PHASE_PING = 3,    /**< asking an idle connection whether it lives */
    DBPOOL_PHASE_RESET = 4,   /**< cleaning a connection after use */
    DBPOOL_PHASE_QUERY = 5,   /**< running a statement, or fetching its rows */
    DBPOOL_PHASE_CLOSE = 6    /**< closing the pool */
};

/** @brief What a failure means for the caller; a set of bits. @since 0.1 */
enum {
    DBPOOL_FLAG_RETRYABLE = 1,      /**< the same call may succeed later (a transaction: from its start) */
    DBPOOL_FLAG_CONN_BROKEN = 2,    /**< the lease's connection is gone; release it and acquire another */
    DBPOOL_FLAG_TIMEOUT = 4,        /**< a deadline of ours or a time-out of the server */
    DBPOOL_FLAG_CANCELLED = 8,      /**< somebody asked for it to end */
    DBPOOL_FLAG_NOT_SENT = 16,      /**< not one byte of the statement left this process */
    DBPOOL_FLAG_OUTCOME_UNKNOWN = 32 /**< it may have been committed: the connection was lost before the answer */
};

/**
 * @brief The status that the failed function returned.
 * @return DBPOOL_OK for NULL.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_error_code(const dbpool_error *error);

/**
 * @brief One sentence for a person. A server's message is given in the server's words.
 * @return The sentence; the name of the status if there was no memory for one; "" for NULL.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_message(const dbpool_error *error);

/**
 * @brief The SQLSTATE.
 *
 * PostgreSQL's own. SQLite's result codes are given as the nearest one: 23505, 23503, 23502, 23514, 42601,
 * 25006 (read-only), 40001 (busy, retry), 55P03 (locked), 57014 (interrupted), 53100 (disk full), 58030 (I/O) ...
 * @return Five characters, or "" where there is none.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_sqlstate(const dbpool_error *error);

/**
 * @brief The database's own number of the error.
 * @return SQLite: the extended result code. PostgreSQL, and for NULL: 0.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API int32_t dbpool_error_native_code(const dbpool_error *error);

/**
 * @brief More about the message, from the server (DETAIL).
 * @return The text, or "".
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_detail(const dbpool_error *error);

/**
 * @brief What to do about it: from the server (HINT) or from the pool.
 * @return The text, or "".
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_hint(const dbpool_error *error);

/**
 * @brief Where in the statement.
 * @return The first character is 1; 0 is unknown. PostgreSQL counts characters, SQLite bytes.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API int32_t dbpool_error_position(const dbpool_error *error);

/**
 * @brief The schema the error is about.
 * @return Its name, or "".
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_schema(const dbpool_error *error);

/**
 * @brief The table the error is about.
 * @return Its name, or "".
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_table(const dbpool_error *error);

/**
 * @brief The column the error is about.
 * @return Its name, or "".
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_column(const dbpool_error *error);

/**
 * @brief The constraint that was violated.
 * @return Its name, or "".
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_constraint(const dbpool_error *error);

/**
 * @brief What only a server says of an error, for dbpool_error_field(): the rest of PostgreSQL's fields. @since 0.1
 *
 * All are texts; those that are numbers are decimal. More may follow.
 */
enum {
    DBPOOL_FIELD_SEVERITY = 1,          /**< "ERROR", "FATAL" or "PANIC"; a server that tells it in its own
                                             language alone (a refused connect, before 9.6): that */
    DBPOOL_FIELD_WHERE = 2,             /**< the calls it happened in, innermost first, a line each */
    DBPOOL_FIELD_DATA_TYPE = 3,         /**< name of the type or domain it is about */
    DBPOOL_FIELD_INTERNAL_QUERY = 4,    /**< the statement that failed, as it is, where a function ran it and not the caller */
    DBPOOL_FIELD_INTERNAL_POSITION = 5, /**< where in that one: characters, the first is 1 */
    DBPOOL_FIELD_FILE = 6,              /**< of the server's source code */
    DBPOOL_FIELD_LINE = 7,              /**< in that file */
    DBPOOL_FIELD_ROUTINE = 8            /**< function of the server's source code */
};

/**
 * @brief What else the server said.
 *
 * @param field  DBPOOL_FIELD_*
 * @return The text. "" where the server said nothing, for errors of the library's own and of SQLite, and for a
 *         field that this version of the library does not know.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_field(const dbpool_error *error, uint32_t field);

/**
 * @brief What was going on.
 * @return DBPOOL_PHASE_*; DBPOOL_PHASE_NONE for NULL.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API uint32_t dbpool_error_phase(const dbpool_error *error);

/**
 * @brief What the failure means for the caller.
 * @return A set of DBPOOL_FLAG_*; 0 for NULL.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API uint32_t dbpool_error_flags(const dbpool_error *error);

/**
 * @brief Why there was no connection: the last error of connecting.
 *
 * A time-out in the queue says here what stands behind it, if opening connections fails.
 * @return The text, or ""; also "" where the message says the same.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_error_cause(const dbpool_error *error);

/** @brief The pool at the moment of the failure. @since 0.1 */
typedef struct dbpool_error_counts {
    size_t struct_size; /**< sizeof(dbpool_error_counts), set by the caller */
    uint32_t open;      /**< connections */
    uint32_t idle;      /**< of them not lent */
    uint32_t leased;    /**< of them lent */
    uint32_t waiting;   /**< callers in the queue; after a time-out this one included */
} dbpool_error_counts;

/**
 * @brief The pool's counts at the moment of a failure to acquire.
 * @return DBPOOL_OK; DBPOOL_DONE if this error has none (the counts are then 0); DBPOOL_ERR_INVALID if out is
 *         NULL or its struct_size too small.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_error_pool_counts(const dbpool_error *error, dbpool_error_counts *out);

/**
 * @brief Makes an error of the caller's own, for a dbpool_transaction_fn that fails by itself.
 *
 * @param code     A negative status; anything else becomes DBPOOL_ERR_INTERNAL.
 * @param message  NUL-terminated, copied; NULL is "".
 * @return The error, which the caller owns, or NULL without memory.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_error *dbpool_error_new(dbpool_status code, const char *message);

/**
 * @brief Frees an error. NULL is fine.
 * @since 0.1 @threadsafety any thread, once
 */
DBPOOL_API void dbpool_error_free(dbpool_error *error);

/**
 * @brief The name of a status, "DBPOOL_ERR_TIMEOUT"; "DBPOOL_UNKNOWN" for a number that is none.
 * @return A constant string.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API const char *dbpool_status_name(dbpool_status status);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_ERROR_H_ */
