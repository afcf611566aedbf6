#include <string.h>

#include "example.h"

/* README */
static int64_t add_order(dbpool *pool, const char *const *items, size_t count) {
  dbpool_pipeline *pipeline = NULL;
  dbpool_result *result = NULL;
  dbpool_batch batch = {.struct_size = sizeof batch};
  dbpool_error *error = NULL;
  dbpool_conn conn = 0;
  check(dbpool_pipeline_create(DBPOOL_PIPELINE_TRANSACTION, &pipeline, &error), &error);
  for (size_t i = 0; i < count; ++i) {
    dbpool_value item = {.type = DBPOOL_TEXT, .data = items[i], .size = (uint32_t)strlen(items[i])};
    check(dbpool_pipeline_add(pipeline, "INSERT INTO items VALUES ($1)", DBPOOL_NTS, &item, 1,
                              &error), &error);
  }
  check(dbpool_pipeline_add(pipeline, "SELECT count(*) FROM items", DBPOOL_NTS, NULL, 0, &error),
        &error);
  check(dbpool_acquire(pool, -1, &conn, &error), &error);
  check(dbpool_pipeline_run(pipeline, conn, NULL, &error), &error); /* one round trip, all or nothing */
  check(dbpool_pipeline_result(pipeline, count, &result, &error), &error); /* of the SELECT */
  check(dbpool_result_fetch(result, 1, &batch, &error), &error);
  const int64_t items_now = batch.cells[0].num.i64;
  dbpool_result_free(result);
  dbpool_release(conn);
  dbpool_pipeline_free(pipeline);
  return items_now;
}
/* end */

int main(int argc, char **argv) {
  const char *const items[] = {"tea", "milk", "sugar"};
  dbpool *pool = open_pool(uri_of(argc, argv));
  run(pool, "DROP TABLE IF EXISTS items");
  run(pool, "CREATE TABLE items(name text)");
  require(add_order(pool, items, 3) == 3, "the pipeline sees its own work");
  require(add_order(pool, items, 2) == 5, "and keeps it");
  run(pool, "DROP TABLE items");
  dbpool_unref(pool);
  return 0;
}
