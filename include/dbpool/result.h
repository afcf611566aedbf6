/**
 * @file result.h
 * @brief Read what a statement gave: columns, then batches of rows.
 *
 * A result is used by one thread at a time. What it hands out belongs to it.
 */
#ifndef DBPOOL_RESULT_H_
#define DBPOOL_RESULT_H_

#include <dbpool/export.h>
#include <dbpool/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief The columns of the current result.
 * @param out  The array, valid until dbpool_result_next() or dbpool_result_free(). May be NULL.
 * @return How many; 0 for a statement that gives no rows, and for NULL.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API uint32_t dbpool_result_columns(const dbpool_result *result, const dbpool_column **out);

/**
 * @brief The parameters of a described statement (dbpool_conn_describe()); otherwise none.
 * @param out  As for dbpool_result_columns().
 * @return How many; 0 for NULL. SQLite knows their number, not their types.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API uint32_t dbpool_result_params(const dbpool_result *result, const dbpool_column **out);

/**
 * @brief The next rows, up to max_rows. Fewer do not mean the end; DBPOOL_DONE does.
 *
 * @param max_rows  0: as many as suit the library (some hundred).
 * @param out       struct_size set by the caller. Cells live until the next fetch, next or free on this result.
 * @return DBPOOL_OK: at least one row; DBPOOL_DONE: no more (row_count 0); DBPOOL_ERR_INVALID; and for a streamed
 *         result what dbpool_conn_query() can say, and DBPOOL_ERR_STALE once its lease was released.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API dbpool_status dbpool_result_fetch(dbpool_result *result, uint32_t max_rows, dbpool_batch *out,
                                             dbpool_error **error);

/**
 * @brief Goes on to the result of the next statement of the text.
 * @return DBPOOL_OK; DBPOOL_DONE: that was the last one; DBPOOL_ERR_INVALID.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API dbpool_status dbpool_result_next(dbpool_result *result, dbpool_error **error);

/**
 * @brief What the statement changed.
 * @return Rows that INSERT, UPDATE, DELETE or MERGE changed; 0 for other statements and for NULL.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API int64_t dbpool_result_affected(const dbpool_result *result);

/**
 * @brief The key of the row that the statement inserted last.
 * @return SQLite: its rowid. Otherwise, and for NULL, 0 (use RETURNING).
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API int64_t dbpool_result_last_insert_id(const dbpool_result *result);

/**
 * @brief What kind of statement it was.
 * @return "SELECT", "INSERT", "CREATE TABLE" ...; "" for an empty one and for NULL.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API const char *dbpool_result_command(const dbpool_result *result);

/**
 * @brief The time from the call to the answer (a streamed result: to its first rows). Waiting for a connection is
 *        not counted, waiting for the writer's turn (SQLite) is.
 * @return Nanoseconds; 0 for NULL.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API int64_t dbpool_result_elapsed_ns(const dbpool_result *result);

/**
 * @brief Frees a result and what it handed out. NULL is fine. A streamed result that is not at its end is ended:
 *        its statement is cancelled, and if that does not answer within a second the connection is closed.
 * @since 0.1 @threadsafety one thread at a time
 */
DBPOOL_API void dbpool_result_free(dbpool_result *result);

/**
 * @brief Writes a value as text: numbers in shortest exact form, booleans as true and false, bytes as \x hex.
 *
 * @param buffer  May be NULL if size is 0. Always NUL-terminated if size > 0, cut if too small.
 * @return Bytes the whole text has, without the NUL; 0 for NULL values.
 * @since 0.1 @threadsafety any thread
 */
DBPOOL_API size_t dbpool_value_format(const dbpool_value *value, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* DBPOOL_RESULT_H_ */
