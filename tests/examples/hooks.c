#include "example.h"

/* README */
struct counts {
  int opened, lent, returned, closed;
};

/* Runs on each new connection before anyone gets it; another status refuses the connection. */
static dbpool_status on_opened(void *user_data, dbpool_conn conn) {
  ((struct counts *)user_data)->opened++;
  return dbpool_conn_query(conn, "SELECT 1", DBPOOL_NTS, NULL, 0, NULL, NULL, NULL);
}
static dbpool_status on_lent(void *user_data, dbpool_conn conn) {
  (void)conn;
  ((struct counts *)user_data)->lent++;
  return DBPOOL_OK;
}
static void on_returned(void *user_data, dbpool_conn conn) {
  (void)conn;
  ((struct counts *)user_data)->returned++;
}
static void on_closed(void *user_data, uint32_t reason) {
  ((struct counts *)user_data)->closed++;
  printf("closed, reason %u\n", reason); /* DBPOOL_CLOSED_* */
}

static void set_hooks(dbpool_options *options, struct counts *counts) {
  dbpool_hooks hooks = {.struct_size = sizeof hooks,
                        .user_data = counts, /* hooks run on several threads: see below */
                        .opened = on_opened,
                        .lent = on_lent,
                        .returned = on_returned,
                        .closed = on_closed};
  dbpool_error *error = NULL;
  check(dbpool_options_set_hooks(options, &hooks, &error), &error);
}
/* end */

int main(int argc, char **argv) {
  struct counts counts = {0, 0, 0, 0};
  dbpool_options *options = dbpool_options_new();
  dbpool_error *error = NULL;
  dbpool *pool = NULL;
  check(dbpool_options_set(options, "max_size", "1", &error), &error);
  set_hooks(options, &counts);
  check(dbpool_create(uri_of(argc, argv), options, &pool, &error), &error);
  require(number(pool, "SELECT 42") == 42, "it works");
  require(number(pool, "SELECT 43") == 43, "it works again");
  check(dbpool_close(pool, 5000, &error), &error);
  require(counts.opened == 1 && counts.lent == 2 && counts.returned == 2 && counts.closed == 1,
          "one connection, lent twice");
  dbpool_unref(pool);
  dbpool_options_free(options);
  return 0;
}
