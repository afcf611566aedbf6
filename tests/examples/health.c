#include "example.h"

/* README */
static void who_answers(const char *uri) {
  dbpool_server server = {.struct_size = sizeof server};
  dbpool_error *error = NULL;
  check(dbpool_probe(uri, NULL, 3000, &server, &error), &error); /* one connection, no pool */
  printf("%s %s, database %s%s%s\n", server.product, server.version, server.database,
         server.read_only ? ", read-only" : "", *server.tls ? ", TLS" : "");
}

static int is_healthy(dbpool *pool) { /* for a /health endpoint: answers within 500 ms */
  dbpool_error *error = NULL;
  dbpool_statistics stats = {.struct_size = sizeof stats};
  if (dbpool_health(pool, 500, &error) != DBPOOL_OK) {
    fprintf(stderr, "%s\n", dbpool_error_message(error));
    dbpool_error_free(error);
    return 0;
  }
  dbpool_stats(pool, &stats);
  printf("%u of %u connections lent, %u callers wait\n", stats.leased, stats.limit, stats.waiting);
  return 1;
}
/* end */

int main(int argc, char **argv) {
  who_answers(uri_of(argc, argv));
  dbpool *pool = open_pool(uri_of(argc, argv));
  require(is_healthy(pool), "the database answers");
  dbpool_unref(pool);
  return 0;
}
