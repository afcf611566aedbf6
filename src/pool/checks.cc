#include "pool/checks.h"

#include <algorithm>

#include "driver/pump.h"

namespace dbp {

Status Ping(Connection& connection, Deadline deadline) {
  deadline = BeginPing(connection, deadline);
  return Pump(connection, deadline) ? PingOutcome(connection) : PingIsLate(connection);
}

Deadline BeginPing(Connection& connection, Deadline deadline) {
  constexpr Nanos kLeast = 50 * kMillisecond;
  deadline = Deadline::At(std::max(deadline.point(), AddSaturated(Now(), kLeast)));
  connection.StartPing(deadline);
  return deadline;
}

Status PingOutcome(Connection& connection) {
  return std::move(connection.Finish(nullptr).set_phase(DBPOOL_PHASE_PING));
}

Status PingIsLate(Connection& connection) {
  connection.Abort();
  return Status::Error(DBPOOL_ERR_TIMEOUT, "the connection did not answer a ping in time",
                       DBPOOL_PHASE_PING, {},
                       DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_RETRYABLE);
}

Status FinishReset(Slot& slot, Deadline deadline) {
  if (slot.reset_by == kForever) return Status::Ok();
  const bool done = Pump(*slot.connection, deadline.Earlier(Deadline::At(slot.reset_by)));
  return done ? ResetOutcome(slot) : ResetIsLate(slot);
}

Status ResetOutcome(Slot& slot) {
  slot.reset_by = kForever;
  return std::move(slot.connection->Finish(nullptr).set_phase(DBPOOL_PHASE_RESET));
}

Status ResetIsLate(Slot& slot) {
  if (Deadline::At(slot.reset_by).Passed()) slot.reset_by = kForever;
  return Status::Error(DBPOOL_ERR_TIMEOUT, "the connection was not clean in time",
                       DBPOOL_PHASE_RESET, {}, DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_RETRYABLE);
}

}  // namespace dbp
