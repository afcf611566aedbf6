#ifndef DBP_SQL_ASYNC_LEASE_H_
#define DBP_SQL_ASYNC_LEASE_H_

#include <memory>
#include <optional>

#include "sql/loop_run.h"
#include "sql/query_copy.h"
#include "sql/result.h"

namespace dbp {

/// What a call that did not begin before it was cancelled answers.
Status CancelledBefore();

/// A call on a lease, which is in use until it is answered. It begins on its caller's thread and goes on on the loop's.
/// Deliver() is to be added.
class LeaseOp : public Op {
 public:
  /// Takes the lease for itself and begins. DBPOOL_PENDING: *out_op; otherwise it is gone.
  Status Start(Loop& loop, dbpool_conn conn, std::unique_ptr<Work> work, Nanos timeout,
               dbpool_op* out_op);

 protected:
  /// The work is over; the lease is free after this. The status for Deliver() comes of it. std::bad_alloc: NOMEM.
  virtual Status Concluded(Lease&, Status outcome, std::unique_ptr<Rows>) { return outcome; }

  Status status_;  ///< for Deliver()
  Nanos began_ = 0;
  Nanos timeout_ = 0;  ///< that counts: never kDefaultTimeout

 private:
  bool Begin() noexcept;
  void OnEvents(uint32_t events) final;
  void OnNoMemory() noexcept final;
  void Over(Status status) noexcept;

  std::unique_ptr<LoopRun> run_;
};

/// A query, or a description, whose result goes to *result.
class QueryOp : public LeaseOp {
 public:
  QueryOp(std::optional<Result>* result) : result_(result) {}

 private:
  Status Concluded(Lease& lease, Status outcome, std::unique_ptr<Rows> rows) final;

  std::optional<Result>* const result_;
};

/// A query and the copy of what it is about.
class CopiedQueryWork final : public Work {
 public:
  explicit CopiedQueryWork(const Query& query) : copy_(query), work_(copy_.query()) {}
  Status Start(Lease& lease, Deadline deadline) override { return work_.Start(lease, deadline); }

 private:
  const QueryCopy copy_;
  QueryWork work_;
};

class CopiedDescribeWork final : public Work {
 public:
  explicit CopiedDescribeWork(std::string_view sql) : copy_({.sql = sql}), work_(copy_.query().sql) {}
  Status Start(Lease& lease, Deadline deadline) override { return work_.Start(lease, deadline); }

 private:
  const QueryCopy copy_;
  DescribeWork work_;
};

/// More rows of a stream. REQUIRES: result.FetchNow() was DBPOOL_PENDING; the result stays until Deliver().
class FetchOp : public LeaseOp {
 public:
  FetchOp(Result& result, uint32_t max_rows) : result_(result), max_rows_(max_rows) {}
  Status Start(Loop& loop, dbpool_op* out_op);

 protected:
  Rows::Batch batch_;  ///< for Deliver()

 private:
  Status Concluded(Lease& lease, Status outcome, std::unique_ptr<Rows> rows) final;

  Result& result_;
  const uint32_t max_rows_;
};

}  // namespace dbp

#endif  // DBP_SQL_ASYNC_LEASE_H_
