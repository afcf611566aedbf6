#include "sql/connection.h"

#include <algorithm>
#include <utility>


namespace dbp {

namespace {

/// `fetch_timeout`: for each fetch of a stream.
Status QueryOnLease(dbpool_conn token, const Query& query, Nanos timeout, Nanos fetch_timeout,
                    bool release_at_end, std::optional<Result>* out) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(token));
  DBP_RETURN_IF_ERROR(NoOpenStream(lease));
  const Nanos began = Now();
  const Deadline deadline = Deadline::After(QueryTimeout(lease.pool(), timeout), began);
  std::unique_ptr<Rows> rows;
  lease.connection().StartQuery(query, deadline);
  DBP_RETURN_IF_ERROR(LeaveReadOnlyTransaction(lease, Run(lease, deadline, &rows)));
  out->emplace(std::move(rows), Now() - began,
               SourceOf(lease, release_at_end, QueryTimeout(lease.pool(), fetch_timeout)));
  return Status::Ok();
}

}  // namespace

Status RunQuery(dbpool_conn token, const Query& query, Nanos timeout,
                std::optional<Result>* out) {
  return QueryOnLease(token, query, timeout, timeout, false, out);
}

Status RunOneShot(Pool& pool, const Query& query, Nanos timeout, std::optional<Result>* out) {
  const bool bounded = timeout != kDefaultTimeout;
  const Deadline deadline = bounded ? Deadline::After(timeout) : Deadline::Never();
  for (bool again = false;; again = true) {
    dbpool_conn token = 0;
    AcquireRequest request{.timeout = bounded ? deadline.Left() : pool.config().acquire_timeout};
    DBP_RETURN_IF_ERROR(pool.Acquire(request, &token));
    Status status;
    try {
      const Nanos left = bounded ? std::max<Nanos>(deadline.Left(), 0) : kDefaultTimeout;
      status = QueryOnLease(token, query, left, timeout, true, out);
    } catch (...) {
      (void)Pool::Release(token);
      throw;
    }
    const bool keeps = status.ok() && (*out)->keeps_lease();
    if (!keeps) (void)Pool::Release(token);  // nobody else has the token
    if (again || !MayRunAgain(status, query.read_only) || deadline.Passed()) return status;
  }
}

bool MayRunAgain(const Status& status, bool read_only) {
  return status.code() == DBPOOL_ERR_BROKEN && (read_only || status.has_flag(DBPOOL_FLAG_NOT_SENT));
}

Result::Source SourceOf(const Lease& lease, bool release_at_end, Nanos timeout) {
  if (!lease.connection().streaming()) return {};
  return {.lease = lease.token(), .release_at_end = release_at_end, .fetch_timeout = timeout};
}

Status Describe(dbpool_conn token, std::string_view sql, std::optional<Result>* out) {
  const Nanos began = Now();
  DescribeWork work(sql);
  std::unique_ptr<Rows> rows;
  DBP_RETURN_IF_ERROR(Perform(token, work, kDefaultTimeout, &rows));
  out->emplace(std::move(rows), Now() - began, Result::Source{});
  return Status::Ok();
}

Status PingLease(dbpool_conn token, Nanos timeout) {
  PingWork work;
  return Perform(token, work, PingTimeout(timeout), nullptr);
}

void* NativeHandle(dbpool_conn token) {
  Lease lease;
  return lease.Pin(token).ok() ? lease.connection().native() : nullptr;
}

}  // namespace dbp
