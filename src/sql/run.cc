#include "sql/run.h"

#include <string>

#include "driver/pump.h"

namespace dbp {

namespace {

/// What a server in good health needs to answer a cancel request; the promise is deadline + 50 ms.
constexpr Nanos kCancelGrace = 40 * kMillisecond;
/// For a request that somebody else sent and that is still on its way when the statement has ended.
constexpr Nanos kCancelLimit = 1 * kSecond;

Status DeadlinePassed(uint32_t flags) {
  return Status::Error(DBPOOL_ERR_TIMEOUT, "the statement did not end before its deadline",
                       DBPOOL_PHASE_QUERY, "57014", DBPOOL_FLAG_TIMEOUT | flags);
}

Status PumpOrCancel(Lease& lease, Deadline deadline, std::unique_ptr<Rows>* rows) {
  Connection& connection = lease.connection();
  if (Pump(connection, deadline)) return connection.Finish(rows);
  RequestCancel(lease.slot());
  if (!Pump(connection, Deadline::After(kCancelGrace))) {
    connection.Abort();
    return DeadlinePassed(DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_OUTCOME_UNKNOWN);
  }
  Status status = connection.Finish(rows);  // which may be a result that won the race
  return status.code() == DBPOOL_ERR_CANCELLED ? DeadlinePassed(0) : std::move(status);
}

}  // namespace

Status Run(Lease& lease, Deadline deadline, std::unique_ptr<Rows>* rows) {
  try {
    Status status = PumpOrCancel(lease, deadline, rows);
    CancelLine& cancels = *lease.slot().cancels;
    if (cancels.in_flight > 0 && !AwaitCancels(cancels, Deadline::After(kCancelLimit))) {
      lease.connection().Abort();
      status.add_flags(DBPOOL_FLAG_CONN_BROKEN);
    }
    if (status.info() && status.info()->phase == DBPOOL_PHASE_NONE) {
      status.set_phase(DBPOOL_PHASE_QUERY);
    }
    return status;
  } catch (const std::bad_alloc&) {
    lease.connection().Abort();  // half an answer has been read
    throw;
  }
}

Status Execute(Lease& lease, std::string_view sql, Deadline deadline) {
  lease.connection().StartQuery({.sql = sql}, deadline);
  return Run(lease, deadline, nullptr);
}

Status NoOpenStream(const Lease& lease) {
  if (!lease.connection().streaming()) return Status::Ok();
  return Status::Error(DBPOOL_ERR_BUSY,
                       "a streamed result of this lease is still open; read it to its end or free it");
}

}  // namespace dbp
