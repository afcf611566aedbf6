#ifndef DBP_SQL_PIPELINE_H_
#define DBP_SQL_PIPELINE_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "driver/piped.h"
#include "pool/lease.h"
#include "sql/query_copy.h"
#include "sql/result.h"
#include "sql/work.h"

namespace dbp {

/// What the ABI calls dbpool_pipeline: statements with memory of their own, run together on a lease.
///
/// One thread uses it at a time, which the state checks: while it runs, on whatever thread, everything else is
/// DBPOOL_ERR_BUSY.
class Pipeline {
 public:
  explicit Pipeline(bool transaction) : transaction_(transaction) {}
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Copies the query; its stream and read_only do not count.
  Status Add(const Query& query);
  size_t size() const { return items_.size(); }
  /// What statement `index` gave in the last run. NULL out: only the status.
  Status TakeResult(size_t index, std::optional<Result>* out);
  Status Clear();

  // A run, by a PipelineWork.
  Status BeginRun(bool read_only) DBP_EXCLUDES(mu_);
  /// REQUIRES: the lease is pinned and has no open stream.
  void Start(Lease& lease, Deadline deadline);
  /// The operation is over, or was given up. The run's answer.
  Status Conclude(Lease& lease, const Status& outcome);
  /// Always, at last. Without Conclude() there was no memory, or nothing was started.
  void EndRun() DBP_EXCLUDES(mu_);

 private:
  struct Item : PipedStatement {
    QueryCopy copy;  ///< of what was added
    bool answered = false;

    void Prepare(std::string_view text, bool ends, bool cleans = false);
  };
  enum class State : uint8_t { kIdle, kRunning };

  Status Idle() DBP_EXCLUDES(mu_);
  static void Judge(Item& item, const Status& outcome, bool late);
  Status Answer() const;
  void Undo(const Status& why);

  const bool transaction_;
  std::deque<Item> items_;  ///< does not move them
  size_t bytes_ = 0;

  // Of the last run.
  size_t ran_ = 0;  ///< items that took part
  bool read_only_ = false;
  bool concluded_ = false;
  bool framed_ = false;  ///< by a transaction of ours, or a savepoint
  Nanos began_ = 0, elapsed_ = 0;
  Deadline deadline_ = Deadline::Never();
  std::string begin_sql_;
  Item begin_, commit_, undo_, forget_;

  Mutex mu_;
  State state_ DBP_GUARDED_BY(mu_) = State::kIdle;
};

/// The run of a pipeline, which is busy from Claim() to the end of the work.
class PipelineWork final : public Work {
 public:
  explicit PipelineWork(std::shared_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}
  ~PipelineWork() override {
    if (claimed_) pipeline_->EndRun();
  }
  /// DBPOOL_ERR_BUSY: it is running already.
  Status Claim(bool read_only);

  Status Start(Lease& lease, Deadline deadline) override;
  Status End(Lease& lease, Status outcome) override { return LeaveReadOnlyTransaction(lease, pipeline_->Conclude(lease, outcome)); }

 private:
  const std::shared_ptr<Pipeline> pipeline_;
  bool claimed_ = false;
};

}  // namespace dbp

#endif  // DBP_SQL_PIPELINE_H_
