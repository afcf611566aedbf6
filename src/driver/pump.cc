#include "driver/pump.h"

#include <poll.h>

namespace dbp {

bool Pump(Connection& connection, Deadline deadline) {
  for (;;) {
    const Want want = connection.Step();
    if (want == Want::kDone) return true;
    // Looked at each time: a peer that never stops sending must not keep us beyond it.
    const Nanos now = Now();
    if (deadline.Passed(now)) return false;
    AwaitSocket(connection.fd(), want, deadline, now);
  }
}

void AwaitSocket(int fd, Want want, Deadline deadline, Nanos now) {
  pollfd p = {fd, POLLIN, 0};
  if (want == Want::kWrite) p.events |= POLLOUT;
  poll(&p, 1, deadline.PollMillis(now));  // EINTR counts as nothing ready
}

}  // namespace dbp
