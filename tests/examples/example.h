/* What the examples share: the database of the command line, and a way out when something fails. */
#ifndef DBPOOL_TESTS_EXAMPLES_EXAMPLE_H_
#define DBPOOL_TESTS_EXAMPLES_EXAMPLE_H_

#include <dbpool/dbpool.h>
#include <stdio.h>
#include <stdlib.h>

/* Passes success on; prints an error and ends the program. */
static inline void check(dbpool_status status, dbpool_error **error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", dbpool_status_name(status), dbpool_error_message(*error));
  exit(1);
}

/* Ends the program if what it has shown is not so. */
static inline void require(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "not so: %s\n", what);
  exit(1);
}

static inline const char *uri_of(int argc, char **argv) {
  return argc > 1 ? argv[1] : "sqlite::memory:";
}

static inline dbpool *open_pool(const char *uri) {
  dbpool *pool = NULL;
  dbpool_error *error = NULL;
  check(dbpool_create(uri, NULL, &pool, &error), &error);
  return pool;
}

/* Statements without parameters; what they give is dropped. */
static inline void run(dbpool *pool, const char *sql) {
  dbpool_error *error = NULL;
  check(dbpool_query(pool, sql, DBPOOL_NTS, NULL, 0, NULL, NULL, &error), &error);
}

/* The number in the first cell. */
static inline int64_t number(dbpool *pool, const char *sql) {
  dbpool_result *result = NULL;
  dbpool_error *error = NULL;
  dbpool_batch batch = {.struct_size = sizeof batch};
  check(dbpool_query(pool, sql, DBPOOL_NTS, NULL, 0, NULL, &result, &error), &error);
  check(dbpool_result_fetch(result, 1, &batch, &error), &error);
  require(batch.row_count == 1 && batch.cells[0].type == DBPOOL_INT64, sql);
  const int64_t value = batch.cells[0].num.i64;
  dbpool_result_free(result);
  return value;
}

#endif /* DBPOOL_TESTS_EXAMPLES_EXAMPLE_H_ */
