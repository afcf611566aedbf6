/* The smallest use in C99: one pool, one lease, one query. */
#include <dbpool/dbpool.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    dbpool *pool = NULL;
    dbpool_conn conn = 0;
    dbpool_result *result = NULL;
    dbpool_error *error = NULL;
    dbpool_batch batch;
    int64_t answer = 0;

    memset(&batch, 0, sizeof batch);
    batch.struct_size = sizeof batch;
    if (dbpool_create("sqlite::memory:", NULL, &pool, &error) == DBPOOL_OK &&
        dbpool_acquire(pool, -1, &conn, &error) == DBPOOL_OK &&
        dbpool_conn_query(conn, "select 40 + 2", DBPOOL_NTS, NULL, 0, NULL, &result, &error) == DBPOOL_OK &&
        dbpool_result_fetch(result, 0, &batch, &error) == DBPOOL_OK)
        answer = batch.cells[0].num.i64;
    if (answer != 42) printf("failed: %s\n", dbpool_error_message(error));
    dbpool_error_free(error);
    dbpool_result_free(result);
    dbpool_release(conn);
    dbpool_unref(pool);
    return answer == 42 ? 0 : 1;
}
