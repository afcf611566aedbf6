#define _POSIX_C_SOURCE 200112L
#include "example.h"

/* README */
static dbpool *pool_from_environment(void) {
  dbpool_options *options = dbpool_options_new();
  dbpool_error *error = NULL;
  dbpool *pool = NULL;
  check(dbpool_options_from_env(options, NULL, &error), &error); /* DBPOOL_URI, DBPOOL_POOL_SIZE ... */
  check(dbpool_options_set(options, "acquire_timeout", "2s", &error), &error); /* stronger */
  check(dbpool_create(NULL, options, &pool, &error), &error);
  dbpool_options_free(options); /* the pool has its own copy */
  return pool;
}
/* end */

int main(int argc, char **argv) {
  setenv("DBPOOL_URI", uri_of(argc, argv), 1);
  setenv("DBPOOL_POOL_SIZE", "3", 1);
  setenv("DBPOOL_ACQUIRE_TIMEOUT", "1h", 1);
  dbpool *pool = pool_from_environment();
  dbpool_statistics stats = {.struct_size = sizeof stats};
  dbpool_stats(pool, &stats);
  printf("pool_size %u, at most %u\n", stats.pool_size, stats.limit);
  require(stats.pool_size == 3 && stats.limit == 13, "the environment counts");
  dbpool_unref(pool);
  return 0;
}
