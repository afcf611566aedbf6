#include "sql/result.h"

#include <new>
#include <utility>

#include "driver/pump.h"
#include "pool/pool.h"
#include "sql/run.h"

namespace dbp {

namespace {

constexpr uint32_t kDefaultBatch = 256;
uint32_t BatchSize(uint32_t max_rows) { return max_rows == 0 ? kDefaultBatch : max_rows; }

/// Closing a stream: first in the hope that its rest is small, then with a cancel request.
constexpr Nanos kRestIsSmall = 2 * kMillisecond;
constexpr Nanos kCloseLimit = 1 * kSecond;

}  // namespace

Result::Result(std::unique_ptr<Rows> rows, Nanos elapsed, Source source)
    : rows_(std::move(rows)), elapsed_(elapsed), source_(source) {}

Result::~Result() { EndStream(); }

Status Result::Fetch(uint32_t max_rows, Rows::Batch* out) {
  Status status = FetchNow(max_rows, out);
  return status.code() == DBPOOL_PENDING ? Fetched(Ask(max_rows), max_rows, out) : std::move(status);
}

/// Needs the lease even for rows that have arrived: a stream ends with it.
Status Result::FetchNow(uint32_t max_rows, Rows::Batch* out) {
  if (failure_.failed()) return failure_.Clone();
  if (keeps_lease()) {
    Lease lease;
    if (Status pinned = lease.Pin(source_.lease); !pinned.ok()) return Keep(std::move(pinned));
    *out = rows_->Take(BatchSize(max_rows));
    if (out->rows == 0 && !rows_->complete()) return Status::Bare(DBPOOL_PENDING);
  } else {
    *out = rows_->Take(BatchSize(max_rows));
  }
  return Taken(*out);
}

std::unique_ptr<Work> Result::FetchMore(uint32_t max_rows) {
  return std::make_unique<FetchWork>(*rows_, BatchSize(max_rows));
}

Status Result::Ask(uint32_t max_rows) {
  FetchWork work(*rows_, BatchSize(max_rows));
  return Perform(source_.lease, work, source_.fetch_timeout, nullptr);
}

Status Result::Fetched(Status asked, uint32_t max_rows, Rows::Batch* out) {
  if (!asked.ok()) return Keep(std::move(asked));
  *out = rows_->Take(BatchSize(max_rows));
  return Taken(*out);
}

/// A broken stream stays broken; one that is in use this moment is not broken.
Status Result::Keep(Status status) {
  if (status.failed() && status.code() != DBPOOL_ERR_BUSY) failure_ = status.Clone();
  return status;
}

Status Result::Taken(const Rows::Batch& batch) {
  if (batch.rows > 0) return Status::Ok();
  EndStream();
  return Status::Bare(DBPOOL_DONE);
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
  // What a release finds open it ends elsewhere.
  const bool leave_it = source.release_at_end && source.on_loop;
  try {
    Lease lease;
    // Another thread may be at the lease, which has a stream open: it is told so, soon.
    if (!leave_it && lease.PinSoon(source.lease, Deadline::After(kCloseLimit)).ok() &&
        lease.connection().streaming()) {
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
