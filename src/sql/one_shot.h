#ifndef DBP_SQL_ONE_SHOT_H_
#define DBP_SQL_ONE_SHOT_H_

#include <memory>
#include <optional>

#include "sql/async_lease.h"
#include "sql/loop_acquisition.h"

namespace dbp {

/// A statement on a connection of the pool's choice: on a lease of its own, acquired for it and released after it.
/// Tried once more if the first connection was lost and that is safe. Deliver() is to be added.
///
/// The seam for those who would rather run it on a connection that several share: everything of it that they need is
/// below under "What is asked for"; instead of AcquireLease() in OnEvents() it is given to them, and they end it by
/// Answer() or send it on its own way by AcquireLease().
class OneShotOp : public Op {
 public:
  OneShotOp(std::shared_ptr<Pool> pool, std::optional<Result>* result)
      : pool_(std::move(pool)), result_(result) {}

  /// DBPOOL_PENDING: *out_op; otherwise it is gone.
  Status Start(Loop& loop, const Query& query, Nanos timeout, dbpool_op* out_op);

  // What is asked for.
  const Query& query() const { return copy_->query(); }
  Pool& pool() const { return *pool_; }
  /// Of all of it; Never() if the pool's defaults apply, one after the other.
  Deadline deadline() const { return deadline_; }
  /// For the statement, from its start.
  Deadline StatementDeadline() const;

  // On the loop's thread.
  void AcquireLease();
  /// The end. A result that several share a connection for never streams.
  void Answer(Status status, std::unique_ptr<Rows> rows);

 protected:
  Status status_;  ///< for Deliver()

 private:
  enum class Stage : uint8_t { kNew, kAcquiring, kRunning };

  void OnEvents(uint32_t events) override;
  void OnNoMemory() noexcept override;
  void OnAcquired();
  void OnRan();
  void ReleaseLease();
  void Over(Status status);

  const std::shared_ptr<Pool> pool_;
  std::optional<Result>* const result_;
  std::optional<QueryCopy> copy_;
  Deadline deadline_ = Deadline::Never();
  Nanos began_ = 0;  ///< the statement
  std::unique_ptr<LoopAcquisition> acquisition_;
  std::unique_ptr<LoopRun> run_;
  dbpool_conn lease_ = 0;
  Stage stage_ = Stage::kNew;
  bool again_ = false;
  bool cancelled_ = false;
};

}  // namespace dbp

#endif  // DBP_SQL_ONE_SHOT_H_
