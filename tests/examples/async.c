#define _POSIX_C_SOURCE 200809L
#include <semaphore.h>

#include "example.h"

/* README */
struct answer {
  int64_t value;
  sem_t there;
};

/* On the library's loop thread; result and error are ours to free. */
static void on_answer(void *user_data, dbpool_status status, dbpool_result *result,
                      dbpool_error *error) {
  struct answer *answer = user_data;
  dbpool_batch batch = {.struct_size = sizeof batch};
  check(status, &error);
  check(dbpool_result_fetch(result, 1, &batch, &error), &error);
  answer->value = batch.cells[0].num.i64;
  dbpool_result_free(result);
  sem_post(&answer->there);
}

static int64_t ask(dbpool *pool, const char *sql) {
  struct answer answer = {0};
  dbpool_error *error = NULL;
  sem_init(&answer.there, 0, 0);
  dbpool_status status = dbpool_query_async(pool, NULL, sql, DBPOOL_NTS, NULL, 0, NULL, on_answer,
                                            &answer, NULL, &error);
  check(status, &error); /* DBPOOL_PENDING: on_answer() is called once, whatever happens */
  sem_wait(&answer.there);
  return answer.value;
}
/* end */

int main(int argc, char **argv) {
  dbpool *pool = open_pool(uri_of(argc, argv));
  require(ask(pool, "SELECT 6 * 7") == 42, "the answer");
  dbpool_unref(pool);
  return 0;
}
