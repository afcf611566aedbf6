/**
 * @file types.h
 * @brief The vocabulary of the library: handles, status codes, values, columns, batches.
 *
 * Plain C99 data and no functions. Everything that crosses the language border is made of these.
 */
#ifndef DBPOOL_TYPES_H_
#define DBPOOL_TYPES_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief 0 is success, a positive number is not an error, a negative one is. Numbers never change. @since 0.1 */
typedef int32_t dbpool_status;

/** @brief Every status the library returns; dbpool_status_name() gives its name as text. @since 0.1 */
enum {
    DBPOOL_OK = 0,       /**< done */
    DBPOOL_DONE = 1,     /**< nothing more: after the last row, after the last result */
    DBPOOL_PENDING = 2,  /**< accepted; the answer comes later */

    DBPOOL_ERR_INVALID = -1,      /**< wrong argument: NULL, out of range, a NUL inside text, parameter count */
    DBPOOL_ERR_OPTION = -2,       /**< an option or URI: unknown name, bad value, contradiction */
    DBPOOL_ERR_NOMEM = -3,        /**< out of memory; nothing has changed (there may be no error object) */
    DBPOOL_ERR_TIMEOUT = -4,      /**< the deadline passed; dbpool_error_phase() says in which phase */
    DBPOOL_ERR_FULL = -5,         /**< refused at once: max_waiters callers wait already */
    DBPOOL_ERR_CLOSED = -6,       /**< the pool is closed or closing, or the loop is being freed */
    DBPOOL_ERR_STALE = -7,        /**< the lease was released, or never existed */
    DBPOOL_ERR_BUSY = -8,         /**< the lease is in use, by another thread or a call not answered yet, or a stream of it is open */
    DBPOOL_ERR_FORKED = -9,       /**< the pool belongs to the parent process; create one in the child */
    DBPOOL_ERR_CONNECT = -10,     /**< no connection could be opened */
    DBPOOL_ERR_AUTH = -11,        /**< the server refused the user or the password (SQLSTATE class 28) */
    DBPOOL_ERR_BROKEN = -12,      /**< the connection was lost; see DBPOOL_FLAG_NOT_SENT and DBPOOL_FLAG_OUTCOME_UNKNOWN */
    DBPOOL_ERR_SQL = -13,         /**< the database refused the statement; the connection stays usable */
    DBPOOL_ERR_CANCELLED = -14,   /**< dbpool_conn_cancel(), dbpool_op_cancel() or the end of a loop ended it */
    DBPOOL_ERR_UNAVAILABLE = -15, /**< refused without trying: suspended, or the breaker is open */
    DBPOOL_ERR_UNSUPPORTED = -16, /**< this database or this version cannot do that */
    DBPOOL_ERR_INTERNAL = -17     /**< a bug in the library; please report it */
};

/** @brief Length of a NUL-terminated string, to be measured by the library. */
#define DBPOOL_NTS ((size_t)-1)

/** @brief A pool. Reference counted; every function on it may be called from any thread. @since 0.1 */
typedef struct dbpool dbpool;

/**
 * @brief A lease: the right to use one connection until dbpool_release(). 0 is none.
 *
 * An integer, so that a forgotten copy is harmless: after release, and for any number that never was a
 * lease, every function answers DBPOOL_ERR_STALE. A lease may move between threads, one at a time; two
 * at once get DBPOOL_ERR_BUSY.
 * @since 0.1
 */
typedef uint64_t dbpool_conn;

/** @brief A pending asynchronous call. 0 is none. @since 0.1 */
typedef uint64_t dbpool_op;

typedef struct dbpool_options dbpool_options; /**< settings, before a pool is made of them */
typedef struct dbpool_error dbpool_error;     /**< what went wrong; immutable, any thread */
typedef struct dbpool_result dbpool_result;   /**< what a statement gave; one thread at a time */
typedef struct dbpool_loop dbpool_loop;       /**< where asynchronous calls are driven */

/** @brief Type of a dbpool_value. @since 0.1 */
enum {
    DBPOOL_NULL = 0,
    DBPOOL_BOOL = 1,    /**< num.i64 is 0 or 1 */
    DBPOOL_INT64 = 2,   /**< num.i64 */
    DBPOOL_FLOAT64 = 3, /**< num.f64 */
    DBPOOL_TEXT = 4,    /**< data, size: UTF-8 */
    DBPOOL_BYTES = 5    /**< data, size: raw bytes */
};

/**
 * @brief One parameter or one cell. 24 bytes; zero-initialised it is NULL.
 *
 * As a parameter: BOOL, INT64 and FLOAT64 are read from num; TEXT and BYTES from data and size (data may
 * be NULL if size is 0). The memory is the caller's and is not kept after the call.
 *
 * As a cell: data and size hold the database's text for every non-NULL value of PostgreSQL, terminated by
 * a NUL that size does not count, and num is parsed as well for BOOL, INT64 and FLOAT64. BYTES are raw.
 * SQLite's TEXT ends with a NUL, too; its numbers have data NULL, and dbpool_value_format() gives their text.
 * Types without a number of their own (numeric, date, uuid, json, arrays ...) are TEXT, told apart by the
 * column's kind.
 * @since 0.1
 */
typedef struct dbpool_value {
    const char *data;  /**< text or bytes */
    uint32_t size;     /**< bytes in data */
    uint8_t type;      /**< DBPOOL_NULL ... DBPOOL_BYTES */
    uint8_t flags;     /**< 0 */
    uint16_t reserved; /**< 0 */
    union {
        int64_t i64;
        double f64;
    } num;
} dbpool_value;

/** @brief What a column holds, in terms all databases share. @since 0.1 */
enum {
    DBPOOL_KIND_OTHER = 0,
    DBPOOL_KIND_BOOL = 1,
    DBPOOL_KIND_INTEGER = 2,
    DBPOOL_KIND_FLOAT = 3,
    DBPOOL_KIND_NUMERIC = 4,
    DBPOOL_KIND_TEXT = 5,
    DBPOOL_KIND_BYTES = 6,
    DBPOOL_KIND_DATE = 7,
    DBPOOL_KIND_TIME = 8,
    DBPOOL_KIND_TIMESTAMP = 9,
    DBPOOL_KIND_TIMESTAMPTZ = 10,
    DBPOOL_KIND_INTERVAL = 11,
    DBPOOL_KIND_UUID = 12,
    DBPOOL_KIND_JSON = 13,
    DBPOOL_KIND_ARRAY = 14
};

/** @brief A column of a result, or a parameter of a described statement. Its size is frozen. @since 0.1 */
typedef struct dbpool_column {
    const char *name;        /**< as the database gives it; "" for a parameter */
    uint32_t kind;           /**< DBPOOL_KIND_* */
    uint32_t native_type;    /**< PostgreSQL: type OID; SQLite: 0 */
    const char *native_name; /**< PostgreSQL: "int4" ..., "" outside pg_catalog; SQLite: the declared type or "" */
    uint32_t native_table;   /**< PostgreSQL: OID of the table it comes from; 0: unknown, or not a table's column */
    int32_t native_column;   /**< its number in that table, from 1, of a system column below 0; 0: as above */
    uint64_t reserved[3];
} dbpool_column;

/** @brief Rows handed out by dbpool_result_fetch(). The memory is the result's. @since 0.1 */
typedef struct dbpool_batch {
    size_t struct_size;        /**< sizeof(dbpool_batch), set by the caller */
    uint32_t row_count;        /**< rows in this batch */
    uint32_t column_count;     /**< columns in each row */
    const dbpool_value *cells; /**< row-major: cell (r, c) is cells[r * column_count + c] */
} dbpool_batch;

/** @brief Flags of dbpool_query_options. @since 0.1 */
enum {
    DBPOOL_QUERY_STREAM = 1,   /**< fetch rows from the server as they are asked for; memory stays bounded */
    DBPOOL_QUERY_READ_ONLY = 2, /**< the statement writes nothing: a one-shot may be run again when its connection was
                                     lost. The database refuses a write: SQLite always; PostgreSQL, with SQLSTATE 25006,
                                     outside a transaction of the caller's. Left alone are a statement that begins one,
                                     and what follows a COMMIT inside a text of several statements */
    DBPOOL_QUERY_ALONE = 4      /**< an asynchronous one-shot (dbpool_query_async()) shares its connection with no other:
                                     it delays none, and none it. All other calls have a connection to themselves */
};

/** @brief How to run one statement. A zeroed struct (with struct_size) is the default. @since 0.1 */
typedef struct dbpool_query_options {
    size_t struct_size; /**< sizeof(dbpool_query_options), set by the caller */
    int64_t timeout_ms; /**< 0 and -1: the pool's query_timeout; INT64_MAX: none. A stream: for each fetch anew */
    uint32_t flags;     /**< DBPOOL_QUERY_* */
} dbpool_query_options;

/** @brief Isolation of a transaction. SQLite is always serializable. @since 0.1 */
enum {
    DBPOOL_ISOLATION_DEFAULT = 0,
    DBPOOL_ISOLATION_READ_COMMITTED = 1,
    DBPOOL_ISOLATION_REPEATABLE_READ = 2,
    DBPOOL_ISOLATION_SERIALIZABLE = 3
};

/** @brief Flags of dbpool_tx_options. @since 0.1 */
enum {
    DBPOOL_TX_READ_ONLY = 1, /**< SQLite: a deferred transaction that never takes the writer's turn */
    DBPOOL_TX_DEFERRABLE = 2 /**< PostgreSQL: with SERIALIZABLE and READ_ONLY; SQLite: without effect on a read */
};

/** @brief How to run a transaction. A zeroed struct (with struct_size) is the default. @since 0.1 */
typedef struct dbpool_tx_options {
    size_t struct_size;    /**< sizeof(dbpool_tx_options), set by the caller */
    int32_t isolation;     /**< DBPOOL_ISOLATION_* */
    uint32_t flags;        /**< DBPOOL_TX_* */
    int64_t timeout_ms;    /**< dbpool_conn_begin: for BEGIN; dbpool_transaction: for all attempts together.
                                0 and -1: the pool's query_timeout, or 30 s for dbpool_transaction */
    uint32_t max_attempts; /**< dbpool_transaction: how often it runs the function at most; 0: 10 */
    uint32_t reserved;     /**< 0 */
} dbpool_tx_options;

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_TYPES_H_ */
