#include "sql/connection.h"

#include <algorithm>
#include <utility>

#include "pool/checks.h"
#include "sql/run.h"

namespace dbp {

namespace {

Nanos QueryTimeout(const Lease& lease, Nanos timeout) {
  return timeout == kDefaultTimeout ? lease.pool().config().query_timeout : timeout;
}

Status QueryOnLease(dbpool_conn token, const Query& query, Nanos timeout, bool release_at_end,
                    std::optional<Result>* out) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(token));
  DBP_RETURN_IF_ERROR(NoOpenStream(lease));
  const Nanos began = Now();
  timeout = QueryTimeout(lease, timeout);
  const Deadline deadline = Deadline::After(timeout, began);
  std::unique_ptr<Rows> rows;
  lease.connection().StartQuery(query, deadline);
  DBP_RETURN_IF_ERROR(Run(lease, deadline, &rows));
  Result::Source source;
  if (lease.connection().streaming()) {
    source = {.lease = token, .release_at_end = release_at_end, .fetch_timeout = timeout};
  }
  out->emplace(std::move(rows), Now() - began, source);
  return Status::Ok();
}

}  // namespace

Status RunQuery(dbpool_conn token, const Query& query, Nanos timeout,
                std::optional<Result>* out) {
  return QueryOnLease(token, query, timeout, false, out);
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
      status = QueryOnLease(token, query, left, true, out);
    } catch (...) {
      (void)Pool::Release(token);
      throw;
    }
    const bool keeps = status.ok() && (*out)->keeps_lease();
    if (!keeps) (void)Pool::Release(token);  // nobody else has the token
    const bool safe = status.has_flag(DBPOOL_FLAG_NOT_SENT) || query.read_only;
    if (again || status.code() != DBPOOL_ERR_BROKEN || !safe || deadline.Passed()) return status;
  }
}

Status Describe(dbpool_conn token, std::string_view sql, std::optional<Result>* out) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(token));
  DBP_RETURN_IF_ERROR(NoOpenStream(lease));
  const Nanos began = Now();
  const Deadline deadline = Deadline::After(lease.pool().config().query_timeout, began);
  std::unique_ptr<Rows> rows;
  lease.connection().StartDescribe(sql, deadline);
  DBP_RETURN_IF_ERROR(Run(lease, deadline, &rows));
  out->emplace(std::move(rows), Now() - began, Result::Source{});
  return Status::Ok();
}

Status PingLease(dbpool_conn token, Nanos timeout) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(token));
  DBP_RETURN_IF_ERROR(NoOpenStream(lease));
  return Ping(lease.connection(), Deadline::After(QueryTimeout(lease, timeout)));
}

void* NativeHandle(dbpool_conn token) {
  Lease lease;
  return lease.Pin(token).ok() ? lease.connection().native() : nullptr;
}

}  // namespace dbp
