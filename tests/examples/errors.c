#include <string.h>

#include "example.h"

/* README */
static const char *what_to_do(dbpool_error *error) {
  const uint32_t flags = dbpool_error_flags(error);
  printf("%s (SQLSTATE %s): %s\n", dbpool_status_name(dbpool_error_code(error)),
         dbpool_error_sqlstate(error), dbpool_error_message(error));
  if (*dbpool_error_hint(error)) printf("  hint: %s\n", dbpool_error_hint(error));
  if (*dbpool_error_cause(error)) printf("  behind it: %s\n", dbpool_error_cause(error));

  if (flags & DBPOOL_FLAG_OUTCOME_UNKNOWN) return "look first whether it was done";
  if (flags & DBPOOL_FLAG_RETRYABLE) return "try again";
  if (strcmp(dbpool_error_sqlstate(error), "23505") == 0) return "it exists already";
  return "mend the program";
}
/* end */

static const char *fail(dbpool_conn conn, const char *sql) {
  dbpool_error *error = NULL;
  dbpool_status status = dbpool_conn_query(conn, sql, DBPOOL_NTS, NULL, 0, NULL, NULL, &error);
  require(status == DBPOOL_ERR_SQL, "the statement is refused");
  const char *advice = what_to_do(error);
  printf("  -> %s\n", advice);
  dbpool_error_free(error);
  return advice;
}

int main(int argc, char **argv) {
  dbpool_options *options = dbpool_options_new();
  dbpool_error *error = NULL;
  dbpool *pool = NULL;
  dbpool_conn conn = 0, second = 0;
  check(dbpool_options_set(options, "max_size", "1", &error), &error);
  check(dbpool_create(uri_of(argc, argv), options, &pool, &error), &error);
  run(pool, "DROP TABLE IF EXISTS users; CREATE TABLE users (name text PRIMARY KEY)");
  run(pool, "INSERT INTO users VALUES ('ada')");

  dbpool_acquire_options who = {.struct_size = sizeof who, .tag = "the only one"};
  check(dbpool_acquire_with(pool, &who, &conn, &error), &error);
  require(!strcmp(fail(conn, "INSERT INTO users VALUES ('ada')"), "it exists already"), "23505");
  require(!strcmp(fail(conn, "SELEC 1"), "mend the program"), "42601");

  require(dbpool_acquire(pool, 20, &second, &error) == DBPOOL_ERR_TIMEOUT, "the pool is empty");
  require(!strcmp(what_to_do(error), "try again"), "retryable");
  dbpool_error_counts counts = {.struct_size = sizeof counts};
  require(dbpool_error_pool_counts(error, &counts) == DBPOOL_OK && counts.leased == 1, "counts");
  require(strstr(dbpool_error_hint(error), "the only one") != NULL, "the hint names the holder");
  dbpool_error_free(error);
  dbpool_release(conn);
  run(pool, "DROP TABLE users");
  dbpool_unref(pool);
  dbpool_options_free(options);
  return 0;
}
