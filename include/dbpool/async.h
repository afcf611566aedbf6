/**
 * @file async.h
 * @brief The calls that answer later, by a callback on a loop (loop.h).
 *
 * What holds for each of them:
 *  1. `loop` is where the callback runs; NULL is the loop the process shares, which has a thread of its own. What can be
 *     told at once is told at once: a wrong argument, a stale lease, a closed loop are returned, and then no callback
 *     comes. DBPOOL_PENDING means: the callback comes, exactly once, whatever happens: also after a cancel, at the
 *     deadline, when the pool is closed and when the loop is freed.
 *  2. The callback never runs inside the call that asked for it, and never under a lock. It may run before that call has
 *     returned if the loop has another thread; `*out_op` is set by then. Every function may be called in it: start
 *     more, cancel, release, close, free results, free the loop. Only do not wait there for what another callback of the
 *     same loop brings: dbpool_close() waits for leases, and dbpool_acquire(), dbpool_query(), dbpool_transaction(),
 *     dbpool_health() and dbpool_reconnect() for connections, that statements on this loop may hold. Use the asynchronous
 *     ones. dbpool_result_free() of a lease's stream that is not at its end may take two seconds if the server is silent.
 *  3. The callback owns what it gets: it frees the error, frees the result, releases the lease. The error may be NULL
 *     when there was no memory for one.
 *  4. SQL, parameters, options and tags are copied: they need not outlive the call. What `out` arguments point to is
 *     written during the call only.
 *  5. A deadline counts from the call, and covers waiting, sending and reading. Time-outs are milliseconds as in pool.h.
 *  6. dbpool_op_cancel() asks the call to end: it answers DBPOOL_ERR_CANCELLED, unless its result comes first.
 *  7. A lease with a call under way is in use: any other call on it, and its release, is DBPOOL_ERR_BUSY, except
 *     dbpool_conn_cancel().
 *  8. The pool need not be kept for a pending call. The loop must not be freed by one thread while another one starts
 *     a call on it.
 *  9. dbpool_close() does not wait for callbacks, since the loop they run on may be its caller's: those of the calls it
 *     ended may come after it has returned. dbpool_close_async() answers behind all acquires that waited for a connection
 *     of the pool on the same loop; one-shots may still come after it. What user_data points to is needed until the
 *     callback.
 * A PostgreSQL connection is driven by the loop itself. SQLite, which works in the calling thread, is given to a few
 * threads of the library. Waiting takes no thread: not for a connection, nor for an answer, the writer's turn, or a
 * thread to be free; and it ends at the deadline, by a cancel, and by the end of the loop.
 */
#ifndef DBPOOL_ASYNC_H_
#define DBPOOL_ASYNC_H_

#include <dbpool/export.h>
#include <dbpool/pool.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Answers an acquire. The lease is 0 unless the status is DBPOOL_OK; the callback owns lease and error.
 * @since 0.1
 */
typedef void (*dbpool_acquire_cb)(void *user_data, dbpool_status status, dbpool_conn conn, dbpool_error *error);

/**
 * @brief Answers a query. The result is NULL unless the status is DBPOOL_OK; the callback owns result and error.
 * @since 0.1
 */
typedef void (*dbpool_query_cb)(void *user_data, dbpool_status status, dbpool_result *result, dbpool_error *error);

/**
 * @brief Answers a fetch: DBPOOL_OK with rows, DBPOOL_DONE after the last, or an error. The batch is never NULL; it is
 *        valid during the callback, and its cells until the next fetch, next or free on the result, which stays the
 *        caller's. The callback owns the error.
 * @since 0.1
 */
typedef void (*dbpool_fetch_cb)(void *user_data, dbpool_status status, const dbpool_batch *batch, dbpool_error *error);

/** @brief Answers a call that gives nothing but its status. The callback owns the error. @since 0.1 */
typedef void (*dbpool_done_cb)(void *user_data, dbpool_status status, dbpool_error *error);

/**
 * @brief Answers a create. The pool, with one reference, is NULL unless the status is DBPOOL_OK; the callback owns pool
 *        and error.
 * @since 0.1
 */
typedef void (*dbpool_create_cb)(void *user_data, dbpool_status status, dbpool *pool, dbpool_error *error);

/**
 * @brief dbpool_create() that does not block: connecting happens on a thread of the library.
 *
 * Waiting for that takes no other. A cancel answers at once; the attempt then ends in the background, and what it
 * opened is closed.
 * @param uri, options  As for dbpool_create(); what is wrong with them is returned at once.
 * @param out_op        May be NULL; 0 unless the call is pending.
 * @return DBPOOL_PENDING; DBPOOL_ERR_INVALID: NULL callback; DBPOOL_ERR_OPTION; DBPOOL_ERR_CLOSED: the loop is being
 *         freed; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM. The callback gets what dbpool_create() returns, or
 *         DBPOOL_ERR_CANCELLED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_create_async(const char *uri, const dbpool_options *options, dbpool_loop *loop,
                                             dbpool_create_cb callback, void *user_data, dbpool_op *out_op,
                                             dbpool_error **error);

/**
 * @brief dbpool_close() that does not block: no more leases from now on; answers when the pool is closed.
 *
 * Waiting takes no thread. A cancel, and freeing the loop, answer at once; the pool is closed all the same, but then
 * nobody waits for its leases nor cuts them off: each ends with its release, or by another close.
 * @param timeout_ms  How long leases are awaited, as for dbpool_close().
 * @param callback    DBPOOL_OK; DBPOOL_ERR_TIMEOUT: leases had to be cut off; DBPOOL_ERR_CANCELLED.
 * @param out_op      May be NULL; 0 unless the call is pending.
 * @return DBPOOL_PENDING; DBPOOL_ERR_INVALID: NULL pool or callback, a time-out below -1; DBPOOL_ERR_CLOSED: the loop is
 *         being freed; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_close_async(dbpool *pool, dbpool_loop *loop, int64_t timeout_ms,
                                            dbpool_done_cb callback, void *user_data, dbpool_op *out_op,
                                            dbpool_error **error);

/**
 * @brief Borrows a connection: at once if one is idle, else by the callback. Waits in the same queue as
 *        dbpool_acquire(), first come first served, and costs no thread.
 *
 * @param timeout_ms  -1: the pool's acquire_timeout; 0: do not wait in the queue.
 * @param out_now     The lease if the call returns DBPOOL_OK, and then no callback comes; otherwise 0.
 * @param out_op      May be NULL; 0 unless the call is pending.
 * @return DBPOOL_OK: *out_now; DBPOOL_PENDING; DBPOOL_ERR_INVALID: NULL pool, callback or out_now, a time-out below -1;
 *         DBPOOL_ERR_CLOSED: the pool is closed, or none is idle and the loop is being freed; DBPOOL_ERR_FORKED;
 *         DBPOOL_ERR_NOMEM; and what else dbpool_acquire() may return, if it is known at once (DBPOOL_ERR_FULL, DBPOOL_ERR_TIMEOUT of a
 *         time-out of 0 ...). The callback gets what dbpool_acquire() returns, or DBPOOL_ERR_CANCELLED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_acquire_async(dbpool *pool, dbpool_loop *loop, int64_t timeout_ms,
                                              dbpool_acquire_cb callback, void *user_data, dbpool_conn *out_now,
                                              dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_acquire_async(), with options as for dbpool_acquire_with().
 *
 * DBPOOL_ACCESS_WRITE on SQLite waits for the writer's turn as well, which costs no thread either.
 * @param options  NULL for the defaults.
 * @return As dbpool_acquire_async(); DBPOOL_ERR_INVALID also for unknown access or flags.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_acquire_with_async(dbpool *pool, dbpool_loop *loop,
                                                   const dbpool_acquire_options *options, dbpool_acquire_cb callback,
                                                   void *user_data, dbpool_conn *out_now, dbpool_op *out_op,
                                                   dbpool_error **error);

/**
 * @brief One statement on a connection of the pool's choice: acquires, runs, releases.
 *
 * A streamed result keeps its lease until its end, or until it is freed. The statement is tried once more on another
 * connection if the first was lost before anything was sent, or if DBPOOL_QUERY_READ_ONLY is set.
 *
 * PostgreSQL: while no connection is idle, one-shots of a pool on the same loop share connections, up to pipeline_depth
 * each; one goes out behind others without waiting for their answers, and is a transaction of its own. Shared is a
 * single SELECT, INSERT, UPDATE, DELETE, MERGE, WITH or VALUES that can leave nothing behind in the session and is not
 * streamed; all others have a connection to themselves. pipeline_depth or prepare_threshold of 0 turn it off, and so
 * does a pooler between us and the server, unless prepare_threshold is set; DBPOOL_QUERY_ALONE does it for one statement,
 * which is sent before the call returns if a connection is idle.
 *  - One that is slow delays those behind it; their deadlines count all the same.
 *  - A cancel or a time-out of one that is on its way to a shared connection answers at once, and the statement may
 *    still run, or run on: DBPOOL_FLAG_OUTCOME_UNKNOWN says so if its text may write (a view that writes is not seen).
 *    It is cancelled on the server as soon as nobody waits for anything else on that connection.
 *  - max_waiters bounds those that wait for a connection: callers of dbpool_acquire() by their own number, one-shots of
 *    all loops by that of both; the newest one-shots beyond it get DBPOOL_ERR_FULL, by their callback.
 * @param options  NULL for the defaults. A time-out covers everything; without one acquire_timeout and query_timeout
 *                 apply, one after the other.
 * @param out_op   May be NULL; 0 unless the call is pending.
 * @return DBPOOL_PENDING; DBPOOL_ERR_INVALID: NULL pool, sql or callback, and as dbpool_conn_query(); DBPOOL_ERR_CLOSED:
 *         the loop is being freed; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM. The callback gets what dbpool_query() returns,
 *         or DBPOOL_ERR_CANCELLED.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_query_async(dbpool *pool, dbpool_loop *loop, const char *sql, size_t sql_size,
                                            const dbpool_value *params, size_t param_count,
                                            const dbpool_query_options *options, dbpool_query_cb callback,
                                            void *user_data, dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_conn_query() that does not block.
 *
 * @param out_op  May be NULL; 0 unless the call is pending.
 * @return DBPOOL_PENDING; DBPOOL_ERR_INVALID: NULL sql or callback, and as dbpool_conn_query(); DBPOOL_ERR_BUSY: another
 *         call on this lease is under way, or a streamed result of it open; DBPOOL_ERR_STALE; DBPOOL_ERR_BROKEN;
 *         DBPOOL_ERR_CLOSED: the loop is being freed; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM. The callback gets what
 *         dbpool_conn_query() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_query_async(dbpool_conn conn, dbpool_loop *loop, const char *sql, size_t sql_size,
                                                 const dbpool_value *params, size_t param_count,
                                                 const dbpool_query_options *options, dbpool_query_cb callback,
                                                 void *user_data, dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_conn_describe() that does not block.
 * @param out_op  May be NULL; 0 unless the call is pending.
 * @return As dbpool_conn_query_async(). The callback gets what dbpool_conn_describe() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_describe_async(dbpool_conn conn, dbpool_loop *loop, const char *sql,
                                                    size_t sql_size, dbpool_query_cb callback, void *user_data,
                                                    dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_conn_begin() that does not block.
 * @param options  NULL for the defaults.
 * @param out_op   May be NULL; 0 unless the call is pending.
 * @return As dbpool_conn_query_async(); DBPOOL_ERR_INVALID: unknown isolation or flags. The callback gets what
 *         dbpool_conn_begin() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_begin_async(dbpool_conn conn, dbpool_loop *loop, const dbpool_tx_options *options,
                                                 dbpool_done_cb callback, void *user_data, dbpool_op *out_op,
                                                 dbpool_error **error);

/**
 * @brief dbpool_conn_commit() that does not block.
 * @param out_op  May be NULL; 0 unless the call is pending.
 * @return As dbpool_conn_query_async(). The callback gets what dbpool_conn_commit() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_commit_async(dbpool_conn conn, dbpool_loop *loop, dbpool_done_cb callback,
                                                  void *user_data, dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_conn_rollback() that does not block.
 * @param out_op  May be NULL; 0 unless the call is pending.
 * @return As dbpool_conn_query_async(). The callback gets what dbpool_conn_rollback() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_rollback_async(dbpool_conn conn, dbpool_loop *loop, dbpool_done_cb callback,
                                                    void *user_data, dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_conn_savepoint() that does not block.
 * @param out_op  May be NULL; 0 unless the call is pending.
 * @return As dbpool_conn_query_async(); DBPOOL_ERR_INVALID: NULL name, or one not of 1 to 63 bytes. The callback gets
 *         what dbpool_conn_savepoint() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_savepoint_async(dbpool_conn conn, dbpool_loop *loop, const char *name,
                                                     dbpool_done_cb callback, void *user_data, dbpool_op *out_op,
                                                     dbpool_error **error);

/**
 * @brief dbpool_conn_rollback_to() that does not block.
 * @return As dbpool_conn_savepoint_async().
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_rollback_to_async(dbpool_conn conn, dbpool_loop *loop, const char *name,
                                                       dbpool_done_cb callback, void *user_data, dbpool_op *out_op,
                                                       dbpool_error **error);

/**
 * @brief dbpool_conn_release_savepoint() that does not block.
 * @return As dbpool_conn_savepoint_async().
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_release_savepoint_async(dbpool_conn conn, dbpool_loop *loop, const char *name,
                                                             dbpool_done_cb callback, void *user_data,
                                                             dbpool_op *out_op, dbpool_error **error);

/**
 * @brief dbpool_conn_ping() that does not block. A connection that does not answer in time is given up.
 * @param timeout_ms  -1: the pool's query_timeout.
 * @param out_op      May be NULL; 0 unless the call is pending.
 * @return As dbpool_conn_query_async(); DBPOOL_ERR_INVALID: a time-out below -1. The callback gets what
 *         dbpool_conn_ping() returns.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_ping_async(dbpool_conn conn, dbpool_loop *loop, int64_t timeout_ms,
                                                dbpool_done_cb callback, void *user_data, dbpool_op *out_op,
                                                dbpool_error **error);

/**
 * @brief The next rows: at once if they are there, else by the callback.
 *
 * The result must not be used until the callback, except that dbpool_result_free() is fine: it cancels the fetch, and
 * the callback still comes, with DBPOOL_ERR_CANCELLED. A stream whose fetch was cancelled or late is over.
 * @param max_rows  0: as many as suit the library.
 * @param out_now   struct_size set by the caller; the rows if the call returns DBPOOL_OK, and then no callback comes;
 *                  otherwise empty.
 * @param out_op    May be NULL; 0 unless the call is pending.
 * @return DBPOOL_OK: *out_now; DBPOOL_DONE: no more rows; DBPOOL_PENDING; DBPOOL_ERR_INVALID: NULL result, callback or
 *         out_now; DBPOOL_ERR_STALE: the lease was released; DBPOOL_ERR_BUSY: the lease, or this result, is in use;
 *         DBPOOL_ERR_BROKEN; DBPOOL_ERR_CLOSED: the loop is being freed; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM. The
 *         callback gets what dbpool_result_fetch() returns.
 * @since 0.1 @threadsafety one thread at a time per result
 */
DBPOOL_API dbpool_status dbpool_result_fetch_async(dbpool_result *result, dbpool_loop *loop, uint32_t max_rows,
                                                   dbpool_fetch_cb callback, void *user_data, dbpool_batch *out_now,
                                                   dbpool_op *out_op, dbpool_error **error);

/**
 * @brief Asks a pending call to end. Does not wait for it.
 *
 * The call answers DBPOOL_ERR_CANCELLED, or what it had done if that came first. A statement under way is cancelled on
 * the server; one on a shared connection as dbpool_query_async() says. Another call is never hit, whatever number is
 * given here.
 * @return DBPOOL_OK: asked; DBPOOL_ERR_STALE: it has been answered, or never was a pending call;
 *         DBPOOL_ERR_FORKED: it is the parent's.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_op_cancel(dbpool_op op);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_ASYNC_H_ */
