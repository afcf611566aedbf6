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

  /// DBPOOL_PENDING: *out_op; otherwise it is gone.
  Status Start(Loop& loop, const Query& query, Nanos timeout, dbpool_op* out_op);

  // For the dispatcher, on the loop's thread.
  SharedStatement& statement() const { return *statement_; }
  bool has_statement() const { return statement_ != nullptr; }
  /// It is not the op's any more.
  void LeaveStatement() { (void)statement_.release(); }
  /// Of all of it; Never() if the pool's defaults apply, one after the other.
  Deadline deadline() const { return deadline_; }
  /// Its lease is then the dispatcher's, who Adopt()s it.
  void AcquireLease(Nanos timeout);
  /// It need not acquire any more. The dispatcher then TakeBack()s it, unless it has a lease by now.
  void CallBack();
  /// The end.
  void AnswerShared(Status status, std::unique_ptr<Rows> rows, Nanos elapsed);

 protected:
  Status status_;  ///< for Deliver()

 private:
  enum class Stage : uint8_t { kNew, kShared, kAcquiring, kRunning };

  void OnEvents(uint32_t events) override;
  void OnNoMemory() noexcept override;
  void Begin();
  void AcquireAlone();
  /// For the statement, from its start.
  Deadline StatementDeadline() const;
  void OnAcquired();
  void OnLease();
  void OnRan();
  void ReleaseLease();
  void Over(Status status);

  const std::shared_ptr<Pool> pool_;
  std::optional<Result>* const result_;
  SharedStatement::Ptr statement_;
  Dispatcher* dispatcher_ = nullptr;
  Deadline deadline_ = Deadline::Never();
  Nanos began_ = 0;  ///< the statement
  std::unique_ptr<LoopAcquisition> acquisition_;
  std::unique_ptr<LoopRun> run_;
  dbpool_conn lease_ = 0;
  Stage stage_ = Stage::kNew;
  bool again_ = false;
  bool cancelled_ = false;
  bool called_back_ = false;
};

}  // namespace dbp

#endif  // DBP_SQL_ONE_SHOT_H_
