#ifndef DBP_SQL_ONE_SHOT_H_
#define DBP_SQL_ONE_SHOT_H_

#include <memory>
#include <optional>

#include "sql/async_lease.h"
#include "sql/loop_acquisition.h"
#include "sql/shared_statement.h"

namespace dbp {

class Dispatcher;

/// A statement on a connection of the pool's choice. If it may, it shares one with others (dispatcher.h); else it
/// runs on a lease of its own, acquired for it and released after it, and is tried once more if the first
/// connection was lost and that is safe. Deliver() is to be added.
class OneShotOp : public Op {
 public:
  OneShotOp(std::shared_ptr<Pool> pool, std::optional<Result>* result)
      : pool_(std::move(pool)), result_(result) {}

  /// DBPOOL_PENDING: *out_op; otherwise it is gone. `alone`: it shares no connection.
  Status Start(Loop& loop, const Query& query, Nanos timeout, bool alone, dbpool_op* out_op);

  // For the dispatcher, on the loop's thread.
  SharedStatement& statement() const { return *statement_; }
  bool has_statement() const { return statement_ != nullptr; }
  /// It is not the op's any more.
  void LeaveStatement() { (void)statement_.release(); }
  /// Until when it may wait for a connection: the one deadline of all its waiting.
  Nanos waits_until() const { return waits_until_; }
  /// Until when the statement may run that begins now.
  Nanos RunsUntil(Nanos now) const;
  /// It waits once more; what it spent on a connection does not count as waiting.
  void WaitAgain(Nanos ran);
  /// Whether it is to be tried on another connection, which it is once at most.
  bool TakeRetry(const Status& outcome, Nanos now);
  /// Abandoned then, as too late. REQUIRES: it does not acquire.
  void DueBy(Nanos when);
  /// Its lease is then the dispatcher's, who Adopt()s it.
  void AcquireLease() noexcept;
  /// Whether it stands in the pool's queue.
  bool queued() const { return acquisition_ && acquisition_->queued(); }
  /// It need not acquire any more. The dispatcher then TakeBack()s it, unless it has a lease by now.
  void CallBack() noexcept;
  /// The end.
  void AnswerShared(Status status, std::unique_ptr<Rows> rows, Nanos elapsed);

 protected:
  Status status_;  ///< for Deliver()

 private:
  enum class Stage : uint8_t { kNew, kShared, kAcquiring, kRunning };

  void OnEvents(uint32_t events) override;
  void OnNoMemory() noexcept override;
  bool BeginAtOnce() noexcept;
  void Begin();
  void Acquire();
  void OnAcquired();
  void OnAlarm();
  bool RunOnLease();
  void OnRan();
  void Ended(Status status);
  void ReleaseLease();
  /// One time covers everything; else the pool's defaults apply, one after the other.
  bool bounded() const { return timeout_ != kDefaultTimeout; }
  void Over(Status status);

  const std::shared_ptr<Pool> pool_;
  std::optional<Result>* const result_;
  SharedStatement::Ptr statement_;
  Dispatcher* dispatcher_ = nullptr;
  Nanos timeout_ = kDefaultTimeout;  ///< as given
  Nanos waits_until_ = kForever;
  Nanos due_ = kForever;    ///< DueBy()
  Nanos alarm_ = kForever;  ///< what the timer is set to: not later than due_
  Nanos began_ = 0;         ///< the statement, alone
  std::unique_ptr<LoopAcquisition> acquisition_;
  std::unique_ptr<LoopRun> run_;
  dbpool_conn lease_ = 0;
  Stage stage_ = Stage::kNew;
  bool alone_ = false;
  bool again_ = false;
  bool cancelled_ = false;
  bool called_back_ = false;
};

}  // namespace dbp

#endif  // DBP_SQL_ONE_SHOT_H_
