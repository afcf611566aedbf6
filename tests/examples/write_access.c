#include <string.h>

#include "example.h"

/* README */
static void read_then_write(dbpool *pool) {
  dbpool_acquire_options options = {.struct_size = sizeof options,
                                    .access = DBPOOL_ACCESS_WRITE,
                                    .tag = "nightly import"};
  dbpool_conn conn = 0;
  dbpool_error *error = NULL;
  /* Waits for the writer's turn, in the order of arrival; has it until the release. */
  check(dbpool_acquire_with(pool, &options, &conn, &error), &error);
  check(dbpool_conn_query(conn, "DELETE FROM jobs WHERE done", DBPOOL_NTS, NULL, 0, NULL, NULL,
                          &error), &error);
  check(dbpool_conn_query(conn, "INSERT INTO jobs VALUES ('again', false)", DBPOOL_NTS, NULL, 0,
                          NULL, NULL, &error), &error);
  dbpool_release(conn);

  options.access = DBPOOL_ACCESS_READ; /* a connection that refuses to write, SQLSTATE 25006 */
  check(dbpool_acquire_with(pool, &options, &conn, &error), &error);
  dbpool_status status =
      dbpool_conn_query(conn, "DELETE FROM jobs", DBPOOL_NTS, NULL, 0, NULL, NULL, &error);
  printf("%s %s\n", dbpool_status_name(status), dbpool_error_sqlstate(error));
  dbpool_release(conn);
  dbpool_error_free(error);
}
/* end */

int main(int argc, char **argv) {
  const char *uri = uri_of(argc, argv);
  dbpool *pool = open_pool(uri);
  run(pool, "DROP TABLE IF EXISTS jobs; CREATE TABLE jobs (name text, done boolean)");
  run(pool, "INSERT INTO jobs VALUES ('one', true), ('two', false)");
  read_then_write(pool);
  require(number(pool, "SELECT count(*) FROM jobs") == 2, "one deleted, one added, both kept");
  dbpool_unref(pool);
  return 0;
}
