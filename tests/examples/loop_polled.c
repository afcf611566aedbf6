#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "example.h"

/* A host with an epoll that has each connection for as long as it lives: no statement costs an epoll_ctl. */
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

/* By connection: the number of the wait for its socket, 0: none. A connection keeps its place in here; the epoll forgets a
   descriptor that is closed. A host that lives long would have the place back by the destroy function of the data. */
enum { kPlaces = 256 };
static uint64_t waits[kPlaces];

static int readable(int fd) {
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  return poll(&polled, 1, 0) == 1;
}

/* 0: the epoll cannot have it. */
static uintptr_t place_of(int epoll, const dbpool_socket *socket) {
  static uintptr_t last;
  const uintptr_t known = (uintptr_t)dbpool_conn_data(socket->conn);
  if (known || socket->conn == 0 || last + 1 == kPlaces) return known;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u64 = last + 1};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket->fd, &event) != 0) return 0;
  dbpool_conn_set_data(socket->conn, (void *)++last, NULL, NULL);
  return last;
}

/* README */
/* After each call on the loop, each dispatch and each ready. */
static void look(dbpool_loop *loop, int epoll) {
  dbpool_socket wanted = {.struct_size = sizeof wanted};
  while (dbpool_loop_wanted(loop, &wanted) == DBPOOL_OK) {
    const uintptr_t place = place_of(epoll, &wanted);
    if (place == 0) {
      dbpool_loop_poll(loop, wanted.number); /* the loop does */
    } else if (readable(wanted.fd)) {
      dbpool_loop_ready(loop, wanted.number); /* edge-triggered: no event tells of what is there already */
    } else {
      waits[place] = wanted.number;
    }
  }
}
/* end */

static void serve(dbpool_loop *loop, int epoll) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0};
  epoll_ctl(epoll, EPOLL_CTL_ADD, dbpool_loop_fd(loop), &event); /* time-outs, cancels, other threads */
  for (look(loop, epoll); answered < kStatements; look(loop, epoll)) {
    if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
    if (event.data.u64 == 0) {
      dbpool_loop_dispatch(loop, 0);
    } else {
      const uint64_t number = waits[event.data.u64];
      waits[event.data.u64] = 0;
      dbpool_loop_ready(loop, number); /* 0 is harmless */
    }
  }
}

int main(int argc, char **argv) {
  dbpool *pool = open_pool(uri_of(argc, argv));
  dbpool_loop *loop = NULL;
  dbpool_error *error = NULL;
  check(dbpool_loop_create(DBPOOL_LOOP_POLLED, &loop, &error), &error);
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
