#include "pool/checks.h"

#include <poll.h>

#include <algorithm>

#include "driver/pump.h"

namespace dbp {

Status Ping(Connection& connection, Deadline deadline) {
  constexpr Nanos kLeast = 50 * kMillisecond;
  deadline = Deadline::At(std::max(deadline.point(), AddSaturated(Now(), kLeast)));
  connection.StartPing(deadline);
  if (Pump(connection, deadline))
    return std::move(connection.Finish(nullptr).set_phase(DBPOOL_PHASE_PING));
  connection.Abort();
  return Status::Error(DBPOOL_ERR_TIMEOUT, "the connection did not answer a ping in time",
                       DBPOOL_PHASE_PING, {},
                       DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_RETRYABLE);
}

Status FinishReset(Slot& slot, Deadline deadline) {
  if (slot.reset_by == kForever) return Status::Ok();
  const Deadline reset_by = Deadline::At(slot.reset_by);
  const bool done = Pump(*slot.connection, deadline.Earlier(reset_by));
  if (!done) {
    if (reset_by.Passed()) slot.reset_by = kForever;
    return Status::Error(DBPOOL_ERR_TIMEOUT, "the connection was not clean in time",
                         DBPOOL_PHASE_RESET, {}, DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_RETRYABLE);
  }
  slot.reset_by = kForever;
  return std::move(slot.connection->Finish(nullptr).set_phase(DBPOOL_PHASE_RESET));
}

bool SocketIsReadable(const Connection& connection) {
  pollfd p = {connection.fd(), POLLIN | POLLRDHUP, 0};
  return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

}  // namespace dbp
