#include "example.h"

/* README */
static int64_t sum_of(dbpool *pool, const char *sql) {
  dbpool_query_options options = {.struct_size = sizeof options, .flags = DBPOOL_QUERY_STREAM};
  dbpool_batch batch = {.struct_size = sizeof batch};
  dbpool_result *result = NULL;
  dbpool_error *error = NULL;
  dbpool_status status;
  int64_t sum = 0;
  check(dbpool_query(pool, sql, DBPOOL_NTS, NULL, 0, &options, &result, &error), &error);
  while ((status = dbpool_result_fetch(result, 1000, &batch, &error)) == DBPOOL_OK) {
    for (uint32_t row = 0; row < batch.row_count; ++row) sum += batch.cells[row].num.i64;
  }
  check(status, &error); /* DBPOOL_DONE; a stream can also fail on its way */
  dbpool_result_free(result);
  return sum;
}
/* end */

int main(int argc, char **argv) {
  dbpool *pool = open_pool(uri_of(argc, argv));
  const int64_t sum = sum_of(pool,
                             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                             "WHERE i < 300000) SELECT i FROM n");
  printf("%lld\n", (long long)sum);
  require(sum == 45000150000, "the sum");
  dbpool_unref(pool);
  return 0;
}
