#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bridge.h"

// Seats, and the sockets that Go's poller knows.

// What a connection keeps, and where it goes when that is closed, on whatever thread.
typedef struct kept_socket {
  struct kept_socket *next;
  uint32_t id;
} kept_socket;

static _Atomic(kept_socket *) closed_sockets;
static atomic_int closed_fd = -1;

int dbpgo_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

int dbpgo_sockets_fd(void) {
  if (atomic_load(&closed_fd) < 0) atomic_store(&closed_fd, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  return atomic_load(&closed_fd);
}

static void on_closed(void *data) {
  kept_socket *kept = data;
  kept->next = atomic_load(&closed_sockets);
  while (!atomic_compare_exchange_weak(&closed_sockets, &kept->next, kept)) continue;
  const uint64_t one = 1;  // it can only fail when it is readable already
  if (write(atomic_load(&closed_fd), &one, sizeof one) < 0) return;
}

dbpool_status dbpgo_socket_keep(const dbpgo_socket *socket, uint32_t id) {
  kept_socket *kept = malloc(sizeof *kept);
  if (!kept) return DBPOOL_ERR_NOMEM;
  kept->id = id;
  const dbpool_status status = dbpool_conn_set_data(socket->conn, kept, on_closed, NULL);
  if (status != DBPOOL_OK) free(kept);
  return status;
}

uint32_t dbpgo_socket_closed(void) {
  kept_socket *kept = atomic_load(&closed_sockets);  // one thread takes, so that its next stays what it is
  while (kept && !atomic_compare_exchange_weak(&closed_sockets, &kept, kept->next)) continue;
  const uint32_t id = kept ? kept->id : 0;
  free(kept);
  return id;
}

static uint32_t socket_id(dbpool_conn conn) {
  const kept_socket *kept = conn ? dbpool_conn_data(conn) : NULL;
  return kept ? kept->id : 0;
}

void dbpgo_seat_look(dbpgo_answer *answer) {
  dbpool_socket wanted = {.struct_size = sizeof wanted};
  if (dbpool_loop_wanted(dbpgo_loop_of(answer->loop), &wanted) != DBPOOL_OK) return;
  answer->socket = (dbpgo_socket){.number = wanted.number,
                                  .conn = wanted.conn,
                                  .id = socket_id(wanted.conn),
                                  .fd = wanted.fd,
                                  .events = wanted.events};
}

static int went_on(dbpgo_answer *answer, dbpool_status more) {
  int answered = dbpgo_loop_answered(answer->loop) != NULL;
  while (!answered && more == DBPOOL_PENDING) {
    more = dbpool_loop_dispatch(dbpgo_loop_of(answer->loop), 0);
    answered = dbpgo_loop_answered(answer->loop) != NULL;
  }
  if (!answered) dbpgo_seat_look(answer);
  return answered;
}

static int readable(int fd) {
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  return poll(&polled, 1, 0) == 1;
}

// Go's poller is edge-triggered: it does not tell again of what is there and was not read yet.
int dbpgo_seat_ready(dbpgo_answer *answer) {
  int answered = 0;
  do {
    const uint64_t number = answer->socket.number;
    answer->socket.number = 0;
    answered = went_on(answer, dbpool_loop_ready(dbpgo_loop_of(answer->loop), number));
  } while (!answered && answer->socket.number != 0 && readable(answer->socket.fd));
  return answered;
}

int dbpgo_seat_dispatch(dbpgo_answer *answer) {
  return went_on(answer, dbpool_loop_dispatch(dbpgo_loop_of(answer->loop), 0));
}

int dbpgo_seat_poll(dbpgo_answer *answer) {
  const int polled = dbpool_loop_poll(dbpgo_loop_of(answer->loop), answer->socket.number) == DBPOOL_OK;
  if (polled) answer->socket.number = 0;
  return polled;
}
