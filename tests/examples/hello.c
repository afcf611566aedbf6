#include <dbpool/dbpool.h>
#include <stdio.h>

int main(int argc, char **argv) {
  dbpool *pool = NULL;
  dbpool_result *result = NULL;
  dbpool_error *error = NULL;
  dbpool_value n = {.type = DBPOOL_INT64, .num.i64 = 41};
  dbpool_batch batch = {.struct_size = sizeof batch};
  if (dbpool_create(argc > 1 ? argv[1] : "sqlite::memory:", NULL, &pool, &error) == DBPOOL_OK &&
      dbpool_query(pool, "SELECT 'hello', $1 + 1", DBPOOL_NTS, &n, 1, NULL, &result, &error) == 0 &&
      dbpool_result_fetch(result, 0, &batch, &error) == DBPOOL_OK)
    printf("%s %lld\n", batch.cells[0].data, (long long)batch.cells[1].num.i64);
  const dbpool_status status = dbpool_error_code(error);
  if (status < 0) fprintf(stderr, "%s\n", dbpool_error_message(error));
  dbpool_error_free(error);
  dbpool_result_free(result);
  dbpool_unref(pool);
  return status < 0;
}
