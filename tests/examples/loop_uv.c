#define _GNU_SOURCE /* uv.h wants more than C99 has */
#include <uv.h>

#include "example.h"

/* A host with libuv, as Node.js is one: acquire, query, release, a hundred times, and its own timer goes on beside. */
enum { kRounds = 100 };

struct host {
  uv_poll_t poll;
  dbpool_loop *loop;
  dbpool *pool;
  dbpool_conn conn;
  int rounds, ticks;
};

static void on_lease(void *user_data, dbpool_status status, dbpool_conn conn, dbpool_error *error);

/* README */
static void on_readable(uv_poll_t *poll, int status, int events) {
  struct host *host = poll->data;
  (void)events;
  require(status == 0, "the descriptor can be polled");
  dbpool_loop_dispatch(host->loop, 0);
}

static void attach(struct host *host, uv_loop_t *uv) {
  uv_poll_init(uv, &host->poll, dbpool_loop_fd(host->loop));
  host->poll.data = host;
  uv_poll_start(&host->poll, UV_READABLE, on_readable);
}

/* An idle connection is there at once and no callback comes; else it comes with one. */
static void lease(struct host *host) {
  dbpool_conn conn = 0;
  dbpool_error *error = NULL;
  dbpool_status status =
      dbpool_acquire_async(host->pool, host->loop, 5000, on_lease, host, &conn, NULL, &error);
  if (status != DBPOOL_PENDING) on_lease(host, status, conn, error);
}
/* end */

static void on_rows(void *user_data, dbpool_status status, dbpool_result *result,
                    dbpool_error *error) {
  struct host *host = user_data;
  check(status, &error);
  dbpool_result_free(result);
  dbpool_release(host->conn);
  if (++host->rounds < kRounds) {
    lease(host);
  } else {
    uv_close((uv_handle_t *)&host->poll, NULL);
  }
}

static void on_lease(void *user_data, dbpool_status status, dbpool_conn conn, dbpool_error *error) {
  struct host *host = user_data;
  check(status, &error);
  host->conn = conn;
  check(dbpool_conn_query_async(conn, host->loop, "SELECT 1", DBPOOL_NTS, NULL, 0, NULL, on_rows,
                                host, NULL, &error),
        &error);
}

static void on_tick(uv_timer_t *timer) {
  struct host *host = timer->data;
  ++host->ticks;
}

int main(int argc, char **argv) {
  struct host host = {.pool = open_pool(uri_of(argc, argv))};
  uv_loop_t uv;
  uv_timer_t timer;
  dbpool_error *error = NULL;
  check(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &host.loop, &error), &error);
  uv_loop_init(&uv);
  attach(&host, &uv);
  uv_timer_init(&uv, &timer);
  timer.data = &host;
  uv_timer_start(&timer, on_tick, 0, 1);
  uv_unref((uv_handle_t *)&timer);
  lease(&host);
  uv_run(&uv, UV_RUN_DEFAULT);
  require(host.rounds == kRounds && host.ticks > 0, "all rounds were served, and the timer too");
  uv_close((uv_handle_t *)&timer, NULL);
  uv_run(&uv, UV_RUN_DEFAULT);
  uv_loop_close(&uv);
  dbpool_unref(host.pool);
  dbpool_loop_free(host.loop);
  return 0;
}
