#include "sql/result.h"

#include <new>
#include <utility>

#include "driver/pump.h"
#include "pool/pool.h"
#include "sql/run.h"

namespace dbp {

namespace {

constexpr uint32_t kDefaultBatch = 256;
/// Closing a stream: first in the hope that its rest is small, then with a cancel request.
constexpr Nanos kRestIsSmall = 2 * kMillisecond;
constexpr Nanos kCloseLimit = 1 * kSecond;

}  // namespace

Result::Result(std::unique_ptr<Rows> rows, Nanos elapsed, Source source)
    : rows_(std::move(rows)), elapsed_(elapsed), source_(source) {}

Result::~Result() { EndStream(); }

Status Result::Fetch(uint32_t max_rows, Rows::Batch* out) {
  if (max_rows == 0) max_rows = kDefaultBatch;
  if (failure_.failed()) return failure_.Clone();
  if (keeps_lease()) {
    Status status = FetchFromStream(max_rows, out);
    if (status.failed() && status.code() != DBPOOL_ERR_BUSY) failure_ = status.Clone();
    if (!status.ok()) return status;
  } else {
    *out = rows_->Take(max_rows);
  }
  if (out->rows > 0) return Status::Ok();
  EndStream();
  return Status::Bare(DBPOOL_DONE);
}

/// Needs the lease even for rows that have arrived: a stream ends with it.
Status Result::FetchFromStream(uint32_t max_rows, Rows::Batch* out) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(source_.lease));
  *out = rows_->Take(max_rows);
  if (out->rows > 0 || rows_->complete()) return Status::Ok();
  const Deadline deadline = Deadline::After(source_.fetch_timeout);
  lease.connection().StartFetch(*rows_, max_rows, deadline);
  DBP_RETURN_IF_ERROR(Run(lease, deadline, nullptr));
  *out = rows_->Take(max_rows);
  return Status::Ok();
}

Status Result::Next() {
  std::unique_ptr<Rows> next = rows_->TakeNext();
  if (!next) return Status::Bare(DBPOOL_DONE);
  rows_ = std::move(next);
  return Status::Ok();
}

/// Gives the connection back its freedom, and a one-shot's lease to the pool. Runs in destructors: without
/// memory the stream is left to the release of its lease.
void Result::EndStream() {
  const Source source = std::exchange(source_, {});
  if (source.lease == 0) return;
  try {
    Lease lease;
    if (lease.Pin(source.lease).ok() && lease.connection().streaming()) {
      Connection& connection = lease.connection();
      connection.StartCloseStream(Deadline::After(kCloseLimit));
      bool closed = Pump(connection, Deadline::After(kRestIsSmall));
      if (!closed) {
        RequestCancel(lease.slot());
        closed = Pump(connection, Deadline::After(kCloseLimit));
      }
      if (!closed || !connection.Finish(nullptr).ok() ||
          !AwaitCancels(*lease.slot().cancels, Deadline::After(kCloseLimit))) {
        connection.Abort();
      }
    }
  } catch (const std::bad_alloc&) {
  }
  if (source.release_at_end) (void)Pool::Release(source.lease);  // stale: the caller's pool was forked
}

}  // namespace dbp
