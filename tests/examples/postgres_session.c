#include <string.h>

#include "example.h"

/* README */
static void use_a_time_zone(dbpool *pool) {
  dbpool_conn conn = 0;
  dbpool_error *error = NULL;
  check(dbpool_acquire(pool, -1, &conn, &error), &error);
  check(dbpool_conn_query(conn, "SET TimeZone = 'Asia/Tokyo'", DBPOOL_NTS, NULL, 0, NULL, NULL,
                          &error), &error);
  dbpool_release(conn); /* the pool saw the SET: the next borrower has the zone it was opened with */
}
/* end */

static void time_zone(dbpool *pool, char *text, size_t size) {
  dbpool_result *result = NULL;
  dbpool_error *error = NULL;
  dbpool_batch batch = {.struct_size = sizeof batch};
  check(dbpool_query(pool, "SHOW TimeZone", DBPOOL_NTS, NULL, 0, NULL, &result, &error), &error);
  check(dbpool_result_fetch(result, 1, &batch, &error), &error);
  dbpool_value_format(&batch.cells[0], text, size);
  dbpool_result_free(result);
}

int main(int argc, char **argv) {
  dbpool_options *options = dbpool_options_new();
  dbpool_error *error = NULL;
  dbpool *pool = NULL;
  char before[64], after[64];
  check(dbpool_options_set(options, "max_size", "1", &error), &error);
  check(dbpool_options_set(options, "application_name", "readme", &error), &error);
  check(dbpool_create(uri_of(argc, argv), options, &pool, &error), &error);
  time_zone(pool, before, sizeof before);
  use_a_time_zone(pool);
  time_zone(pool, after, sizeof after);
  require(strcmp(before, after) == 0, "the setting is gone");
  dbpool_unref(pool);
  dbpool_options_free(options);
  return 0;
}
