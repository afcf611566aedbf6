#include "example.h"

static int opened, closed, ended;

/* README */
/* On the loop's thread, one event at a time. */
static void on_event(void *user_data, const dbpool_event *event) {
  FILE *log = user_data;
  const unsigned long long number = event->connection;
  switch (event->kind) {
    case DBPOOL_EVENT_OPENED: fprintf(log, "connection %llu opened\n", number); ++opened; break;
    case DBPOOL_EVENT_BROKEN: fprintf(log, "connection %llu lost\n", number); break;
    case DBPOOL_EVENT_CLOSED: /* DBPOOL_CLOSED_* */
      fprintf(log, "connection %llu closed, reason %u\n", number, (unsigned)event->reason);
      ++closed;
      break;
  }
}

static void watch(dbpool *pool, dbpool_loop *loop, void (*on_end)(void *user_data)) {
  dbpool_error *error = NULL;
  check(dbpool_watch(pool, loop, on_event, stdout, on_end, NULL, &error), &error);
}
/* end */

static void on_end(void *user_data) {
  (void)user_data;
  ++ended;
}

int main(int argc, char **argv) {
  dbpool_options *options = dbpool_options_new();
  dbpool_loop *loop = NULL;
  dbpool_error *error = NULL;
  dbpool *pool = NULL;
  check(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &loop, &error), &error);
  check(dbpool_options_set(options, "lazy", "true", &error), &error);
  check(dbpool_create(uri_of(argc, argv), options, &pool, &error), &error);
  watch(pool, loop, on_end);
  require(number(pool, "SELECT 42") == 42, "it works");
  check(dbpool_close(pool, 5000, &error), &error);
  while (ended == 0) check(dbpool_loop_dispatch(loop, 5000), &error); /* the pool's end is the watch's */
  require(opened > 0 && opened == closed, "what was opened is closed");
  dbpool_unref(pool);
  dbpool_loop_free(loop);
  dbpool_options_free(options);
  return 0;
}
