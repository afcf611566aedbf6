/**
 * @file pool.h
 * @brief Make a pool, borrow a connection, give it back, watch, close.
 *
 * Time-outs are milliseconds: -1 is the pool's option, INT64_MAX never ends, anything below -1 is
 * DBPOOL_ERR_INVALID. A call has one deadline for all it does: waiting, connecting, pinging. 0 does not wait in the
 * queue; to make an idle connection fit for use (a ping, DBPOOL_ACCESS_WRITE: the writer's turn) it may take up to 1 s.
 */
#ifndef DBPOOL_POOL_H_
#define DBPOOL_POOL_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief The version of the library that is loaded.
 * @return major << 16 | minor << 8 | patch.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API uint32_t dbpool_version(void);

/**
 * @brief Makes a pool.
 *
 * Unless `lazy`, min_size connections (at least one) are opened in parallel. The call returns when all are open, when
 * the attempts begun have failed (if at least one is open, the rest follows in the background), or when
 * connect_timeout is over. It fails, with the cause, if none could be opened.
 *
 * @param uri      `postgresql://user@host/db?pool_size=20`, `sqlite:file.db`, `sqlite::memory:` ...; NULL if the
 *                 options name the database.
 * @param options  NULL for the defaults; copied.
 * @param out      The pool, with one reference, which dbpool_unref() gives back; NULL on failure.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID for NULL out; DBPOOL_ERR_OPTION for a bad URI or contradicting options;
 *         DBPOOL_ERR_CONNECT, DBPOOL_ERR_AUTH, DBPOOL_ERR_TIMEOUT if no connection could be opened;
 *         DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_create(const char *uri, const dbpool_options *options, dbpool **out,
                                       dbpool_error **error);

/**
 * @brief One more reference.
 * @return The pool itself; NULL for NULL.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool *dbpool_ref(dbpool *pool);

/**
 * @brief Gives a reference back. The last one closes the pool at once, as dbpool_close(pool, 0) does.
 *
 * Leases of it stay harmless: releasing them closes their connections. NULL is fine.
 * @since 0.1 @threadsafety any thread; after the last reference the pointer is dangling
 */
DBPOOL_API void dbpool_unref(dbpool *pool);

/**
 * @brief Closes the pool: no more leases, then no more connections.
 *
 * All waiting callers get DBPOOL_ERR_CLOSED at once. Leases are awaited until the deadline; what still runs
 * then is cancelled and its connection closed. A lease released later is simply closed. Returns by the deadline
 * plus a small bound, whatever the server does. Closing twice is fine.
 *
 * @param timeout_ms  -1: the pool's acquire_timeout; 0: cut off at once.
 * @return DBPOOL_OK: every lease was returned in time; DBPOOL_ERR_TIMEOUT: some had to be cut off, closed all the
 *         same; DBPOOL_ERR_INVALID; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_close(dbpool *pool, int64_t timeout_ms, dbpool_error **error);

/** @brief What a lease is for. @since 0.1 */
enum {
    DBPOOL_ACCESS_DEFAULT = 0, /**< anything */
    DBPOOL_ACCESS_READ = 1,    /**< SQLite: the connection refuses to write (query_only) while it is lent */
    DBPOOL_ACCESS_WRITE = 2    /**< SQLite: the lease has the writer's turn while it lasts */
};

/** @brief Flags of dbpool_acquire_options. @since 0.1 */
enum {
    DBPOOL_ACQUIRE_NO_WAIT = 1 /**< as a time-out of 0: take an idle connection or answer DBPOOL_ERR_TIMEOUT */
};

/** @brief How to borrow. A zeroed struct (with struct_size) is the default. @since 0.1 */
typedef struct dbpool_acquire_options {
    size_t struct_size; /**< sizeof(dbpool_acquire_options), set by the caller */
    int64_t timeout_ms; /**< 0 and -1: the pool's acquire_timeout; INT64_MAX: no limit */
    uint32_t access;    /**< DBPOOL_ACCESS_* */
    uint32_t flags;     /**< DBPOOL_ACQUIRE_* */
    const char *tag;    /**< who borrows, for diagnosis: at most 63 bytes are copied; NULL for none */
} dbpool_acquire_options;

/**
 * @brief Borrows a connection. Callers that wait are served strictly in the order they came.
 *
 * @param timeout_ms  -1: the pool's acquire_timeout; 0: try; INT64_MAX: no limit.
 * @param out         The lease, to be given back by dbpool_release(); 0 on failure.
 * @return DBPOOL_OK; DBPOOL_ERR_TIMEOUT: the error says how many connections are lent and, if opening failed, why;
 *         DBPOOL_ERR_FULL; DBPOOL_ERR_CLOSED; DBPOOL_ERR_AUTH, DBPOOL_ERR_CONNECT: the server refuses for good
 *         (wrong password, no such database), said again without asking it until the pool tries again;
 *         DBPOOL_ERR_INVALID; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_acquire(dbpool *pool, int64_t timeout_ms, dbpool_conn *out, dbpool_error **error);

/**
 * @brief Borrows a connection, with access and a tag. Otherwise as dbpool_acquire().
 * @param options  NULL for the defaults.
 * @return As dbpool_acquire(); DBPOOL_ERR_TIMEOUT also of the wait for the writer's turn; DBPOOL_ERR_INVALID also for
 *         an unknown access or flag.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_acquire_with(dbpool *pool, const dbpool_acquire_options *options, dbpool_conn *out,
                                             dbpool_error **error);

/**
 * @brief Gives a connection back. Never waits for the server.
 *
 * An open transaction is rolled back and session state reset, as the option `reset` says; results that stream from
 * it end with DBPOOL_ERR_STALE after the rows that have arrived; buffered results stay valid.
 *
 * @return DBPOOL_OK; DBPOOL_ERR_STALE: not a lease, or released already; DBPOOL_ERR_BUSY: another thread, or a call
 *         that is not answered yet, is using it this moment; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread, also another one than acquired it
 */
DBPOOL_API dbpool_status dbpool_release(dbpool_conn conn);

/** @brief Counts of a pool, taken at one moment. @since 0.1 */
typedef struct dbpool_statistics {
    size_t struct_size;  /**< sizeof(dbpool_statistics), set by the caller */
    uint32_t limit;      /**< the most connections there may be: pool_size + max_overflow */
    uint32_t open;       /**< connections there are: idle + leased (and the few being cleaned or closed) */
    uint32_t idle;       /**< ready to be lent */
    uint32_t leased;     /**< lent */
    uint32_t opening;    /**< being opened */
    uint32_t waiting;    /**< callers in the queue, and one-shots of dbpool_query_async() behind them */
    uint64_t acquired;   /**< leases given since create */
    uint64_t waited;     /**< of them: had to wait in the queue */
    uint64_t timed_out;  /**< acquires that ended in DBPOOL_ERR_TIMEOUT, and such waits of one-shots */
    uint64_t opened;     /**< connections opened */
    uint64_t closed;     /**< connections closed */
    uint64_t open_failed; /**< attempts to open one that failed */
    uint64_t refused;     /**< acquires and one-shots that ended in DBPOOL_ERR_FULL */
    uint64_t wait_ns;     /**< time all callers spent in the queue, in nanoseconds */
    uint64_t wait_max_ns; /**< the longest of those waits */
    uint64_t pings;       /**< round trips to see whether an idle connection lives */
    uint64_t resets;      /**< connections that were cleaned after use */
    uint64_t closed_idle, closed_lifetime, closed_uses, closed_broken, closed_ping, closed_reset,
        closed_invalidated, closed_hook, closed_shrunk; /**< `closed`, by reason; the rest went with the pool */
    uint32_t pool_size;    /**< the option's value now */
    uint32_t max_overflow; /**< the option's value now */
    uint32_t min_size;     /**< the option's value now */
    uint32_t write_waiting; /**< SQLite: callers waiting for the writer's turn */
} dbpool_statistics;

/**
 * @brief The pool's counts. Cheap; takes the pool's lock for a moment.
 * @param out  struct_size set by the caller; what does not fit is left out, what the library does not know is 0.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_stats(dbpool *pool, dbpool_statistics *out);

/**
 * @brief Replaces all connections, softly: idle ones now, lent ones when they are released.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID; DBPOOL_ERR_CLOSED; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_invalidate(dbpool *pool, dbpool_error **error);

/**
 * @brief dbpool_invalidate(), and returns when a fresh connection has answered, or with the cause.
 * @param timeout_ms  -1: the pool's connect_timeout. 0 is of no use.
 * @return DBPOOL_OK; DBPOOL_ERR_TIMEOUT, DBPOOL_ERR_CONNECT, DBPOOL_ERR_AUTH: no fresh connection, and why;
 *         DBPOOL_ERR_BROKEN: lost again before it answered; DBPOOL_ERR_FULL; DBPOOL_ERR_INVALID; DBPOOL_ERR_CLOSED;
 *         DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_reconnect(dbpool *pool, int64_t timeout_ms, dbpool_error **error);

/**
 * @brief Changes the size of a living pool. Smaller: surplus idle connections go now, lent ones at release.
 *
 * min_size is lowered to pool_size if it is larger, and follows pool_size if it was never set.
 * @param pool_size     1 to 10000
 * @param max_overflow  0 to 10000
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID; DBPOOL_ERR_CLOSED; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_resize(dbpool *pool, uint32_t pool_size, uint32_t max_overflow, dbpool_error **error);

/**
 * @brief Is the pool of use? Borrows a connection, asks the database, gives it back, all by one deadline.
 * @param timeout_ms  -1: the pool's acquire_timeout. 0 is of no use: an answer takes its time.
 * @return DBPOOL_OK: the database answered. Else what dbpool_acquire() or dbpool_conn_ping() said.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_health(dbpool *pool, int64_t timeout_ms, dbpool_error **error);

/** @brief What dbpool_probe() found out. Texts are cut to fit and NUL-terminated; "" is unknown. @since 0.1 */
typedef struct dbpool_server {
    size_t struct_size;      /**< sizeof(dbpool_server), set by the caller */
    char product[32];        /**< "PostgreSQL", "SQLite" */
    char version[64];        /**< as the server says: "15.18 (Debian 15.18-0+deb12u1)" */
    char database[256];      /**< name, or path of the file */
    char user[128];          /**< who we are there */
    char tls[64];            /**< protocol and cipher, or "" without TLS */
    int32_t read_only;       /**< 1: writes are refused (a standby, a read-only file or setting); 0: not */
    int32_t in_recovery;     /**< 1: a standby; 0: not */
    int64_t max_connections; /**< the server's limit; -1: none or unknown */
    int64_t sessions;        /**< sessions in use on the server; -1: unknown */
    int64_t connect_ns;      /**< time it took to connect */
    int64_t round_trip_ns;   /**< time one ping took then */
} dbpool_server;

/**
 * @brief Opens one connection without a pool, asks it who it is, and closes it.
 * @param uri, options  as for dbpool_create().
 * @param timeout_ms    -1: the option connect_timeout.
 * @return DBPOOL_OK; DBPOOL_ERR_OPTION, DBPOOL_ERR_CONNECT, DBPOOL_ERR_AUTH, DBPOOL_ERR_TIMEOUT with the cause;
 *         DBPOOL_ERR_BROKEN: lost before it had answered; DBPOOL_ERR_INVALID; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_probe(const char *uri, const dbpool_options *options, int64_t timeout_ms,
                                      dbpool_server *out, dbpool_error **error);

/**
 * @brief Runs one statement on a connection of the pool: acquire, run, release.
 *
 * Buffered (the default), the connection is back before this returns, and the result owns its rows. With
 * DBPOOL_QUERY_STREAM the result holds the lease until DBPOOL_DONE or dbpool_result_free(). The rest is as for
 * dbpool_conn_query(); a timeout_ms in options covers waiting and running together. Without one, acquire_timeout
 * bounds the waiting and query_timeout the running. If the connection turns out to be lost and the statement did not
 * leave this process, or has DBPOOL_QUERY_READ_ONLY, it is run once more on another connection.
 *
 * @return As dbpool_acquire() and dbpool_conn_query().
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_query(dbpool *pool, const char *sql, size_t sql_size, const dbpool_value *params,
                                      size_t param_count, const dbpool_query_options *options, dbpool_result **out,
                                      dbpool_error **error);

/**
 * @brief The work of a transaction. May run several times, each time in a new transaction.
 * @param error  Give it to the calls in here: the library judges by it whether to run the function again (without it
 *               a serialization failure cannot be told from others), passes it on, and frees it.
 * @return DBPOOL_OK to commit; anything else rolls back.
 * @since 0.1 @threadsafety runs on the thread that called dbpool_transaction()
 */
typedef dbpool_status (*dbpool_transaction_fn)(void *user_data, dbpool_conn conn, dbpool_error **error);

/**
 * @brief Borrows a connection, begins, runs fn, commits; on failure rolls back; gives it back.
 *
 * The whole is run again, with growing random pauses, when fn or the commit failed with SQLSTATE 40001 or 40P01
 * (SQLite: busy, busy snapshot), or because the connection was lost before the statement was sent
 * (DBPOOL_ERR_BROKEN with DBPOOL_FLAG_NOT_SENT), up to max_attempts and timeout_ms. fn must not have effects outside
 * the database that cannot be repeated, and must not release conn.
 *
 * @return DBPOOL_OK: committed; what fn returned; what dbpool_acquire(), dbpool_conn_begin() or
 *         dbpool_conn_commit() said; DBPOOL_ERR_INVALID for NULL pool or fn. DBPOOL_FLAG_OUTCOME_UNKNOWN: the
 *         connection was lost during COMMIT.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_transaction(dbpool *pool, dbpool_transaction_fn fn, void *user_data,
                                            const dbpool_tx_options *options, dbpool_error **error);

/**
 * @brief The rule of dbpool_transaction() for callers that step through a transaction themselves, as asynchronous ones
 *        do: whether one that failed is run again from its start, and after what pause.
 *
 * @param options        Of the transaction: max_attempts. Its timeout_ms, from the first begin on, is the caller's to hold.
 * @param failure        What begin, a statement or commit said; kept by the caller, who has rolled back and released.
 * @param attempt        How often it has been run: 1 after the first time.
 * @param[out] pause_ms  How long to wait before; random, 0 to 500. Written with DBPOOL_OK alone.
 * @return DBPOOL_OK: again. DBPOOL_DONE: failure is the answer. DBPOOL_ERR_INVALID for NULL pool, failure or pause_ms,
 *         or attempt 0, and unknown options; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_transaction_again(dbpool *pool, const dbpool_tx_options *options,
                                                  const dbpool_error *failure, uint32_t attempt, int64_t *pause_ms,
                                                  dbpool_error **error);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_POOL_H_ */
