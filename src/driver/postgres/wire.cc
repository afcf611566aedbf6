#include "driver/postgres/wire.h"

#include <sys/socket.h>

#include <cerrno>

namespace dbp::postgres {

void Wire::Consume() {
  if (!PQconsumeInput(pg_)) lost_ = true;
}

Want Wire::Next(ResultPtr* result) {
  const bool ready = waited_;
  waited_ = false;
  if (ready && !lost()) Consume();
  if (flushing_ && !lost()) {
    const int left = PQflush(pg_);
    if (left > 0) {
      waited_ = true;
      return Want::kWrite;
    }
    flushing_ = false;
    if (left == 0 && !ready) {  // just sent: no use in reading before a wait
      waited_ = true;
      return Want::kRead;
    }
  }
  // PQgetResult does not wait when the socket is closed; libpq may call itself busy for ever then.
  if (!lost() && PQisBusy(pg_)) {
    waited_ = true;
    return Want::kRead;
  }
  result->reset(PQgetResult(pg_));
  return Want::kDone;
}

bool Wire::ClosedByPeer() {
  char byte;
  const ssize_t got = recv(PQsocket(pg_), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
  // Not only its end: a farewell may stand before it, or a notice. The second call sees the end.
  Consume();
  if (!lost()) Consume();
  (void)PQisBusy(pg_);  // makes libpq read what came; a farewell goes to the notice receiver
  return lost();
}

}  // namespace dbp::postgres
