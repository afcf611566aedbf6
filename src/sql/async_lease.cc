#include "sql/async_lease.h"

#include <cstring>
#include <new>
#include <utility>

#include "sql/connection.h"

namespace dbp {

QueryCopy::QueryCopy(const Query& query) : query_(query) {
  const auto bytes_of = [](const dbpool_value& value) {
    const bool has = value.type == DBPOOL_TEXT || value.type == DBPOOL_BYTES;
    return has && value.data ? size_t{value.size} : 0;
  };
  // Values first: they are what must be aligned.
  const size_t values = query.params.size_bytes();
  size_t size = values + query.sql.size();
  for (const dbpool_value& value : query.params) size += bytes_of(value);
  memory_ = std::make_unique_for_overwrite<char[]>(size);
  char* end = memory_.get();
  const auto put = [&](const void* from, size_t bytes) {
    if (bytes > 0) std::memcpy(end, from, bytes);
    return std::exchange(end, end + bytes);
  };
  auto* copies = reinterpret_cast<dbpool_value*>(put(query.params.data(), values));
  query_.params = {copies, query.params.size()};
  query_.sql = {put(query.sql.data(), query.sql.size()), query.sql.size()};
  for (size_t i = 0; i < query.params.size(); ++i) {
    if (const size_t bytes = bytes_of(copies[i])) copies[i].data = put(copies[i].data, bytes);
  }
}

Status CancelledBefore() {
  return Status::Error(DBPOOL_ERR_CANCELLED, "cancelled before it began", DBPOOL_PHASE_QUERY,
                       "57014", DBPOOL_FLAG_CANCELLED | DBPOOL_FLAG_NOT_SENT);
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
  Launch();
  return Status::Bare(DBPOOL_PENDING);
}

void LeaseOp::OnEvents(uint32_t events) {
  bool over = false;
  if (events & kBegin) {
    if (events & (kCancelled | kFreed)) return Over(CancelledBefore());
    over = run_->Begin(Deadline::After(timeout_, began_));
  } else {
    over = run_->OnEvents(events);
  }
  if (!over) return;
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
