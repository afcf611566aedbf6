#include "sql/async_lease.h"

#include <new>
#include <utility>

#include "sql/connection.h"

namespace dbp {

Status CancelledBefore() {
  return std::move(Cancelled("cancelled before it began").add_flags(DBPOOL_FLAG_NOT_SENT));
}

// ---- a call on a lease

Status LeaseOp::Start(Loop& loop, dbpool_conn conn, std::unique_ptr<Work> work, Nanos timeout,
                      dbpool_op* out_op) {
  Status status;
  try {
    run_ = std::make_unique<LoopRun>(*this, std::move(work));
    status = run_->Pin(conn);
    if (status.ok()) status = Enroll(loop);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
  if (!status.ok()) {
    Discard();
    return status;
  }
  began_ = Now();
  timeout_ = QueryTimeout(run_->lease().pool(), timeout);
  *out_op = token();
  Begin() ? Launch() : LetGo();
  return Status::Bare(DBPOOL_PENDING);
}

/// While the op is held: the statement is on its way when its caller goes on. True: over, to be told on the loop.
bool LeaseOp::Begin() noexcept {
  try {
    return run_->Begin(Deadline::After(timeout_, began_));
  } catch (const std::bad_alloc&) {
    return run_->OnNoMemory();
  }
}

void LeaseOp::OnEvents(uint32_t events) {
  if (!run_->OnEvents(events)) return;
  std::unique_ptr<Rows> rows;
  Status outcome = run_->Finish(&rows);
  Over(Concluded(run_->lease(), std::move(outcome), std::move(rows)));
}

void LeaseOp::OnNoMemory() noexcept {
  if (run_->OnNoMemory()) Over(Status::NoMemory());
}

void LeaseOp::Over(Status status) noexcept {
  status_ = std::move(status);
  run_.reset();  // the lease is free when the callback comes
  End();
}

Status QueryOp::Concluded(Lease& lease, Status outcome, std::unique_ptr<Rows> rows) {
  if (!outcome.ok()) return outcome;
  Result::Source source = SourceOf(lease, false, timeout_);
  source.on_loop = true;
  result_->emplace(std::move(rows), Now() - began_, source);
  return outcome;
}

// ---- a stream

Status FetchOp::Start(Loop& loop, dbpool_op* out_op) {
  std::unique_ptr<Work> work;
  try {
    work = result_.FetchMore(max_rows_);
  } catch (const std::bad_alloc&) {
    Discard();
    return Status::NoMemory();
  }
  const Result::Source& source = result_.source();
  return LeaseOp::Start(loop, source.lease, std::move(work), source.fetch_timeout, out_op);
}

Status FetchOp::Concluded(Lease& lease, Status outcome, std::unique_ptr<Rows>) {
  lease.Unpin();  // a one-shot's is released at the end of its rows
  return result_.Fetched(std::move(outcome), max_rows_, &batch_);
}

}  // namespace dbp
