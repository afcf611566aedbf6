#include "example.h"

/* README */
static void print_people(dbpool *pool, int64_t min_age, const char *pattern, uint32_t size) {
  dbpool_value params[] = {
      {.type = DBPOOL_INT64, .num.i64 = min_age},
      {.type = DBPOOL_TEXT, .data = pattern, .size = size},
  };
  dbpool_result *result = NULL;
  dbpool_error *error = NULL;
  check(dbpool_query(pool, "SELECT name, age FROM people WHERE age >= $1 AND name LIKE $2",
                     DBPOOL_NTS, params, 2, NULL, &result, &error), &error);

  dbpool_batch batch = {.struct_size = sizeof batch};
  while (dbpool_result_fetch(result, 0, &batch, NULL) == DBPOOL_OK) {
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      const dbpool_value *cell = batch.cells + (size_t)row * batch.column_count;
      printf("%.*s is %lld\n", (int)cell[0].size, cell[0].data, (long long)cell[1].num.i64);
    }
  }
  dbpool_result_free(result);
}
/* end */

int main(int argc, char **argv) {
  dbpool *pool = open_pool(uri_of(argc, argv));
  run(pool, "DROP TABLE IF EXISTS people; CREATE TABLE people (name text, age integer)");
  run(pool, "INSERT INTO people VALUES ('Ada', 36), ('Alan', 41), ('Grace', 85)");
  print_people(pool, 40, "A%", 2);
  run(pool, "DROP TABLE people");
  dbpool_unref(pool);
  return 0;
}
