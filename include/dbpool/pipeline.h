/**
 * @file pipeline.h
 * @brief Many statements on one lease in one round trip.
 *
 * A pipeline is a list of statements that the caller fills, runs on a lease and reads. It may be run again, on any lease,
 * and filled anew. It is used by one thread at a time.
 *
 * Each statement sees what those before it did. How a failure ends is chosen once:
 *  - DBPOOL_PIPELINE_TRANSACTION: all or nothing. The statements are one transaction; the first that fails ends it, those
 *    behind it do not run, and what those before it did is undone. Inside an open transaction of the lease a savepoint
 *    does the same: only the pipeline's work is undone, and the transaction goes on. Statements that begin or end
 *    transactions are refused.
 *  - Otherwise one by one: each statement commits on its own, and one that fails fails alone. Inside an open transaction
 *    they are part of it, and a failure means what it always does there: on PostgreSQL the transaction has failed, so
 *    that the statements behind it answer 25P02; on SQLite they run.
 *
 * PostgreSQL gets all statements without waiting for an answer. SQLite, which has no round trips, runs one after the
 * other.
 */
#ifndef DBPOOL_PIPELINE_H_
#define DBPOOL_PIPELINE_H_

#include <dbpool/async.h>
#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Statements to be run together. @since 0.1 */
typedef struct dbpool_pipeline dbpool_pipeline;

/** @brief Flags of dbpool_pipeline_create(). @since 0.1 */
enum {
    DBPOOL_PIPELINE_TRANSACTION = 1 /**< all or nothing */
};

/** @brief What a pipeline holds at most. @since 0.1 */
enum {
    DBPOOL_PIPELINE_MAX_STATEMENTS = 65535,
    DBPOOL_PIPELINE_MAX_BYTES = 1 << 30 /**< of SQL and parameters together */
};

/**
 * @brief Creates an empty pipeline.
 * @param flags  DBPOOL_PIPELINE_*, or 0.
 * @param out    To be freed by dbpool_pipeline_free().
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID: unknown flags, NULL out; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API dbpool_status dbpool_pipeline_create(uint32_t flags, dbpool_pipeline **out, dbpool_error **error);

/**
 * @brief Adds a statement behind the others. SQL and parameters are copied.
 *
 * What is wrong with the SQL itself comes out when it runs; a text of several statements is refused there, too.
 * @param sql          UTF-8, without a NUL inside.
 * @param sql_size     Bytes, or DBPOOL_NTS.
 * @param params       May be NULL if param_count is 0.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID: NULL, a NUL inside, more than 65535 parameters, more than
 *         DBPOOL_PIPELINE_MAX_STATEMENTS or _BYTES, a statement that begins or ends a transaction in a pipeline that is
 *         one; DBPOOL_ERR_BUSY: the pipeline is running; DBPOOL_ERR_NOMEM: it is as before.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API dbpool_status dbpool_pipeline_add(dbpool_pipeline *pipeline, const char *sql, size_t sql_size,
                                             const dbpool_value *params, size_t param_count, dbpool_error **error);

/**
 * @brief Runs all statements on a lease. What each gave is then had from dbpool_pipeline_result().
 *
 * Results of an earlier run are gone.
 * @param options  NULL for the defaults. The time-out is for all together. At it, and at dbpool_conn_cancel(), the
 *                 statement that is running is cancelled; one by one, those behind it run on for a moment, until the
 *                 connection is given up. DBPOOL_QUERY_READ_ONLY promises that no statement writes, and a write is
 *                 DBPOOL_ERR_SQL 25006 (on PostgreSQL inside an open transaction: the caller's word is taken; one by
 *                 one outside of it: neighbours may share a transaction). DBPOOL_QUERY_STREAM is refused.
 * @return DBPOOL_OK: all of them succeeded. Else what the first that failed answered, or the BEGIN or COMMIT of the
 *         transaction: as dbpool_conn_query(). Before anything runs: DBPOOL_ERR_STALE, DBPOOL_ERR_FORKED,
 *         DBPOOL_ERR_BROKEN; DBPOOL_ERR_BUSY: the lease or the pipeline is in use, or a streamed result is open;
 *         DBPOOL_ERR_INVALID: NULL, unknown flags; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease and per pipeline
 */
DBPOOL_API dbpool_status dbpool_pipeline_run(dbpool_pipeline *pipeline, dbpool_conn conn,
                                             const dbpool_query_options *options, dbpool_error **error);

/**
 * @brief dbpool_pipeline_run() that answers by a callback. By the rules of async.h.
 *
 * The pipeline is busy until the callback begins; in it results can be taken, or the pipeline run again.
 * @param callback  What dbpool_pipeline_run() returns.
 * @param out_op    May be NULL; 0 unless the call is pending. A cancel ends the statement that is running, as
 *                  dbpool_conn_cancel() does.
 * @return DBPOOL_PENDING; DBPOOL_ERR_INVALID: also NULL callback; DBPOOL_ERR_STALE, DBPOOL_ERR_BUSY, DBPOOL_ERR_BROKEN,
 *         DBPOOL_ERR_FORKED; DBPOOL_ERR_CLOSED: the loop is being freed; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease and per pipeline
 */
DBPOOL_API dbpool_status dbpool_pipeline_run_async(dbpool_pipeline *pipeline, dbpool_conn conn, dbpool_loop *loop,
                                                   const dbpool_query_options *options, dbpool_done_cb callback,
                                                   void *user_data, dbpool_op *out_op, dbpool_error **error);

/**
 * @brief How many statements were added.
 * @return 0 for NULL.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API size_t dbpool_pipeline_size(const dbpool_pipeline *pipeline);

/**
 * @brief What a statement gave in the last run.
 *
 * A result can be taken once; it is then the caller's and outlives the pipeline. A failure can be asked for again.
 * @param index  From 0, in the order they were added.
 * @param out    The result, to be freed by dbpool_result_free(). NULL: only the status is wanted, and the result stays.
 * @return DBPOOL_OK; what the statement answered. In a transaction that failed: DBPOOL_ERR_SQL 25P02 for a statement
 *         that did not run, DBPOOL_ERR_SQL 40000 for one that was undone. DBPOOL_ERR_INVALID: NULL, an index out of
 *         range, taken already, or the statement was not run yet; DBPOOL_ERR_BUSY: the pipeline is running;
 *         DBPOOL_ERR_NOMEM: the result stays.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API dbpool_status dbpool_pipeline_result(dbpool_pipeline *pipeline, size_t index, dbpool_result **out,
                                                dbpool_error **error);

/**
 * @brief Empties it: statements and results. Results that were taken stay.
 * @return DBPOOL_OK, also for NULL; DBPOOL_ERR_BUSY: the pipeline is running.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API dbpool_status dbpool_pipeline_reset(dbpool_pipeline *pipeline);

/**
 * @brief Frees it. While it is running asynchronously its call goes on, and its results are dropped.
 * @param pipeline  NULL is harmless.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API void dbpool_pipeline_free(dbpool_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_PIPELINE_H_ */
