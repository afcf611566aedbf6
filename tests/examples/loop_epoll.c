#define _POSIX_C_SOURCE 200809L
#include <sys/epoll.h>
#include <unistd.h>

#include "example.h"

/* A host with a bare epoll: a thousand statements on a few connections, and one thread. */
enum { kStatements = 1000 };

static int64_t sum;
static int answered;

static void on_result(void *user_data, dbpool_status status, dbpool_result *result,
                      dbpool_error *error) {
  dbpool_batch batch = {.struct_size = sizeof batch};
  (void)user_data;
  check(status, &error);
  check(dbpool_result_fetch(result, 1, &batch, &error), &error);
  sum += batch.cells[0].num.i64;
  dbpool_result_free(result);
  ++answered;
}

/* README */
static void serve(dbpool_loop *loop, int epoll) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
  epoll_ctl(epoll, EPOLL_CTL_ADD, dbpool_loop_fd(loop), &event); /* beside the host's own sockets */
  while (answered < kStatements) {
    if (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.ptr == loop) {
      dbpool_loop_dispatch(loop, 0); /* callbacks run in here, and nowhere else */
    }
  }
}
/* end */

int main(int argc, char **argv) {
  dbpool *pool = open_pool(uri_of(argc, argv));
  dbpool_loop *loop = NULL;
  dbpool_error *error = NULL;
  check(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &loop, &error), &error);
  for (int64_t i = 1; i <= kStatements; ++i) {
    const dbpool_value param = {.type = DBPOOL_INT64, .num.i64 = i};
    check(dbpool_query_async(pool, loop, "SELECT CAST($1 AS bigint)", DBPOOL_NTS, &param, 1, NULL,
                             on_result, NULL, NULL, &error),
          &error);
  }
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  serve(loop, epoll);
  close(epoll);
  require(sum == (int64_t)kStatements * (kStatements + 1) / 2, "every answer came once");
  dbpool_unref(pool);
  dbpool_loop_free(loop);
  return 0;
}
