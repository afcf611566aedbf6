#include "driver/pump.h"

#include <poll.h>

namespace dbp {

bool Pump(Connection& connection, Deadline deadline) {
  for (;;) {
    const Want want = connection.Step();
    if (want == Want::kDone) return true;
    pollfd p = {connection.fd(), POLLIN, 0};
    if (want == Want::kWrite) p.events |= POLLOUT;
    // Looked at each time: a peer that never stops sending must not keep us beyond it. EINTR counts as
    // nothing ready.
    const Nanos now = Now();
    if (deadline.Passed(now)) return false;
    poll(&p, 1, deadline.PollMillis(now));
  }
}

}  // namespace dbp
