/**
 * @file conn.h
 * @brief Work on a borrowed connection.
 *
 * Every function answers DBPOOL_ERR_STALE for a lease that was released or never was, DBPOOL_ERR_BUSY if another
 * thread uses it this moment or a streamed result of it is still open, DBPOOL_ERR_FORKED in a child of the process
 * that acquired it, and DBPOOL_ERR_BROKEN once its connection is lost. These four are not repeated below, unless
 * there is more to say.
 */
#ifndef DBPOOL_CONN_H_
#define DBPOOL_CONN_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Runs SQL.
 *
 * Parameters are `$1 ... $n` on every database (SQLite also knows its own `?`, `?1`, `:name`). Statements are
 * prepared and kept by their text, without being asked to. A text of several statements runs without parameters and
 * gives its results one after the other (dbpool_result_next()).
 *
 * @param sql, sql_size  The text, UTF-8; DBPOOL_NTS for a NUL-terminated one.
 * @param params         param_count values; NULL if there are none.
 * @param options        NULL for the defaults.
 * @param out            The result, freed by dbpool_result_free(); NULL on failure. May itself be NULL: the result
 *                       is dropped.
 * @return DBPOOL_OK; DBPOOL_ERR_SQL: refused, with SQLSTATE and position, the connection stays usable;
 *         DBPOOL_ERR_INVALID: NULL, a NUL inside text, a wrong number of parameters, SQLite: mixed parameter styles;
 *         DBPOOL_ERR_TIMEOUT: it was cancelled at its deadline, and the connection stays usable unless
 *         DBPOOL_FLAG_CONN_BROKEN says otherwise; DBPOOL_ERR_CANCELLED; DBPOOL_ERR_BUSY: a streamed result of this
 *         lease is still open; DBPOOL_ERR_UNSUPPORTED: COPY (its connection is closed), or streaming several
 *         statements; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_query(dbpool_conn conn, const char *sql, size_t sql_size,
                                           const dbpool_value *params, size_t param_count,
                                           const dbpool_query_options *options, dbpool_result **out,
                                           dbpool_error **error);

/**
 * @brief What a statement takes and gives, without running it.
 *
 * The result has no rows: dbpool_result_columns() are its columns, dbpool_result_params() its parameters.
 * @return As dbpool_conn_query(); DBPOOL_ERR_INVALID for several statements, and for NULL out.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_describe(dbpool_conn conn, const char *sql, size_t sql_size, dbpool_result **out,
                                              dbpool_error **error);

/**
 * @brief Begins a transaction.
 *
 * SQLite: unless READ_ONLY it begins IMMEDIATE, after waiting for the writer's turn in the order of arrival.
 * @param options  NULL for the defaults.
 * @return DBPOOL_OK; DBPOOL_ERR_SQL: 25001 if one is open already, and others as the database says;
 *         DBPOOL_ERR_TIMEOUT, also of the wait for the writer's turn; DBPOOL_ERR_CANCELLED; DBPOOL_ERR_INVALID:
 *         unknown isolation or flags, a time-out below -1; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_begin(dbpool_conn conn, const dbpool_tx_options *options, dbpool_error **error);

/**
 * @brief Commits.
 * @return DBPOOL_OK; DBPOOL_ERR_SQL: 25P01 without a transaction, 25P02 if it had failed (PostgreSQL: it is rolled
 *         back then), 40001 and others as the database says; DBPOOL_ERR_TIMEOUT; DBPOOL_ERR_CANCELLED;
 *         DBPOOL_ERR_NOMEM. With DBPOOL_FLAG_OUTCOME_UNKNOWN (DBPOOL_ERR_BROKEN, DBPOOL_ERR_TIMEOUT) the connection
 *         was lost before the answer.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_commit(dbpool_conn conn, dbpool_error **error);

/**
 * @brief Rolls back.
 * @return DBPOOL_OK; DBPOOL_ERR_SQL: 25P01 without a transaction; DBPOOL_ERR_TIMEOUT; DBPOOL_ERR_CANCELLED;
 *         DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_rollback(dbpool_conn conn, dbpool_error **error);

/**
 * @brief Sets a savepoint in the open transaction.
 * @param name  1 to 63 bytes, NUL-terminated; quoted by the library. The same for the two below.
 * @return DBPOOL_OK; DBPOOL_ERR_INVALID: a name of another length; DBPOOL_ERR_SQL: 25P01 without a transaction, and
 *         others as the database says; DBPOOL_ERR_TIMEOUT; DBPOOL_ERR_CANCELLED; DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_savepoint(dbpool_conn conn, const char *name, dbpool_error **error);

/**
 * @brief Undoes what came after the savepoint, which stays.
 * @return As dbpool_conn_savepoint(); DBPOOL_ERR_SQL: 3B001 for a name that is no savepoint.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_rollback_to(dbpool_conn conn, const char *name, dbpool_error **error);

/**
 * @brief Forgets the savepoint and keeps what came after it.
 * @return As dbpool_conn_rollback_to().
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_release_savepoint(dbpool_conn conn, const char *name, dbpool_error **error);

/**
 * @brief Asks the database for a sign of life: one round trip.
 * @param timeout_ms  -1: the pool's query_timeout. A connection that does not answer in time is given up, so 0 is
 *                    of no use.
 * @return DBPOOL_OK; DBPOOL_ERR_TIMEOUT: given up; DBPOOL_ERR_BROKEN; DBPOOL_ERR_INVALID: a time-out below -1;
 *         DBPOOL_ERR_NOMEM.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API dbpool_status dbpool_conn_ping(dbpool_conn conn, int64_t timeout_ms, dbpool_error **error);

/**
 * @brief Asks that the statement running on this lease end. Does not wait for it.
 *
 * The statement's own call returns DBPOOL_ERR_CANCELLED, or its result if that came first. Without a running
 * statement nothing happens. It never reaches a later borrower of the connection.
 * @return DBPOOL_OK: asked, or nothing is running; DBPOOL_ERR_STALE; DBPOOL_ERR_FORKED; DBPOOL_ERR_NOMEM. Never
 *         DBPOOL_ERR_BUSY or DBPOOL_ERR_BROKEN.
 * @since 0.1 @threadsafety any thread, also while another one uses the lease
 */
DBPOOL_API dbpool_status dbpool_conn_cancel(dbpool_conn conn, dbpool_error **error);

/**
 * @brief The driver's own handle.
 *
 * Valid while leased. Never close it. From then on the connection counts as dirty: with `reset` smart or full the
 * release cleans its whole session.
 * @return PGconn * or sqlite3 *; NULL where others answer STALE, FORKED or BROKEN, or BUSY for another thread.
 * @since 0.1 @threadsafety any thread, one at a time per lease
 */
DBPOOL_API void *dbpool_conn_native(dbpool_conn conn);

/**
 * @brief The number of the connection behind the lease: what events.h calls it. It is the same in every lease of the
 *        connection, and no other connection of the process has it.
 * @return 0 where others answer STALE or FORKED.
 * @since 0.1 @threadsafety any thread, also while another one uses the lease
 */
DBPOOL_API uint64_t dbpool_conn_id(dbpool_conn conn);

/**
 * @brief Keeps something of the caller's with the connection, through all its leases, until it is closed: what was learnt
 *        of its session, or its registration with a poller.
 *
 * There is one place, whose user is whoever created the pool: a later call ends what an earlier one left.
 * @param data     May be NULL: nothing is kept from now on.
 * @param destroy  Called once with data, when the connection is closed or other data comes: on any thread, without a
 *                 lock, before the socket is closed. It must be quick, and call no function about that connection or its pool. May
 *                 be NULL. In a forked child it is not called.
 * @return DBPOOL_OK: destroy will be called; DBPOOL_ERR_STALE; DBPOOL_ERR_FORKED.
 * @since 0.1 @threadsafety any thread, also while a call on the lease is under way
 */
DBPOOL_API dbpool_status dbpool_conn_set_data(dbpool_conn conn, void *data, void (*destroy)(void *user_data),
                                              dbpool_error **error);

/**
 * @brief What dbpool_conn_set_data() keeps with the connection.
 * @return NULL: nothing, or where others answer STALE or FORKED.
 * @since 0.1 @threadsafety any thread, also while a call on the lease is under way
 */
DBPOOL_API void *dbpool_conn_data(dbpool_conn conn);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_CONN_H_ */
