#ifndef DBP_SQL_WORK_H_
#define DBP_SQL_WORK_H_

#include <dbpool/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "driver/driver.h"
#include "pool/pool.h"
#include "sql/run.h"

namespace dbp {

/// A span of time as the ABI's option structs give it: what stands for "the pool's default".
inline constexpr Nanos kDefaultTimeout = -1;

/// What a call does on a lease: the operation it starts, and what its outcome means. Whoever can
/// wait carries it out: Perform() on the caller's thread, LoopRun on a loop.
class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;

  /// Not OK: nothing was started, and that is the answer. Does not wait for the server.
  virtual Status Start(Lease& lease, Deadline deadline) = 0;
  /// After what was started has ended so. Does not wait for the server.
  virtual Status End(Lease&, Status outcome) { return outcome; }
  /// Goes on with the lease's open stream; all others need it closed.
  virtual bool reads_stream() const { return false; }
  virtual Running::AtDeadline at_deadline() const { return Running::AtDeadline::kCancel; }
};

/// Carries it out on this thread, on a lease that nobody uses. *rows may be NULL.
/// timeout: kDefaultTimeout is the pool's query_timeout.
Status Perform(dbpool_conn token, Work& work, Nanos timeout, std::unique_ptr<Rows>* rows);

/// The query_timeout, unless there is another.
Nanos QueryTimeout(const Pool& pool, Nanos timeout);

// ---- statements. The memory of their arguments outlives them.

/// After statements of the caller's, one of which may have ended a read-only transaction: then the lease may write
/// again as far as it was acquired for that.
Status LeaveReadOnlyTransaction(Lease& lease, Status outcome);

class QueryWork final : public Work {
 public:
  explicit QueryWork(const Query& query) : query_(query) {}
  Status Start(Lease& lease, Deadline deadline) override;
  Status End(Lease& lease, Status outcome) override;

 private:
  const Query query_;
};

class FetchWork final : public Work {
 public:
  FetchWork(Rows& rows, uint32_t max) : rows_(rows), max_(max) {}
  Status Start(Lease& lease, Deadline deadline) override;
  bool reads_stream() const override { return true; }

 private:
  Rows& rows_;
  const uint32_t max_;
};

class DescribeWork final : public Work {
 public:
  explicit DescribeWork(std::string_view sql) : sql_(sql) {}
  Status Start(Lease& lease, Deadline deadline) override;

 private:
  const std::string_view sql_;
};

/// Not less than a server in good health needs: impatience shall not cost a healthy connection.
Nanos PingTimeout(Nanos timeout);

/// A connection that does not answer in time is given up.
class PingWork final : public Work {
 public:
  Status Start(Lease& lease, Deadline deadline) override;
  Status End(Lease& lease, Status outcome) override;
  Running::AtDeadline at_deadline() const override { return Running::AtDeadline::kGiveUp; }
};

// ---- transactions

class BeginWork final : public Work {
 public:
  explicit BeginWork(const dbpool_tx_options& options) : options_(options) {}
  Status Start(Lease& lease, Deadline deadline) override;
  Status End(Lease& lease, Status outcome) override;

 private:
  const dbpool_tx_options options_;
  std::string sql_;
};

class CommitWork final : public Work {
 public:
  Status Start(Lease& lease, Deadline deadline) override;
  Status End(Lease& lease, Status outcome) override;
};

class RollbackWork final : public Work {
 public:
  Status Start(Lease& lease, Deadline deadline) override;
  Status End(Lease& lease, Status outcome) override;
};

enum class SavepointVerb : uint8_t { kSet, kRollBackTo, kRelease };

class SavepointWork final : public Work {
 public:
  static Status Make(SavepointVerb verb, std::string_view name, std::unique_ptr<Work>* out);
  SavepointWork(SavepointVerb verb, std::string_view name);  ///< Make() checks the name
  Status Start(Lease& lease, Deadline deadline) override;

 private:
  std::string sql_;
};

}  // namespace dbp

#endif  // DBP_SQL_WORK_H_
