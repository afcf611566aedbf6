#ifndef DBP_SQL_DISPATCHER_H_
#define DBP_SQL_DISPATCHER_H_

#include <memory>
#include <string_view>
#include <vector>

#include "driver/statement_cache.h"
#include "sql/carrier.h"
#include "sql/one_shot.h"
#include "sql/shared_statement.h"

// One-shots of the asynchronous API share connections. There is a dispatcher for each pool on each loop, as
// long as it has something to do; all of it runs on the loop's thread, so that it needs no lock.
//
// A statement waits in its queue until a carrier takes it: a lease with a pipeline on it. The rules:
//   1. An idle connection of the pool first; then the carrier with the fewest statements, up to pipeline_depth (one
//      behind a pooler); then the oldest statement waits in the pool's queue like anybody, and the others behind it here.
//   2. A carrier with nothing under way is released at once. While others wait in the pool, carriers take
//      nothing more, so that they are released soon: nobody starves. The same after a second, for the sake of what
//      the pool does with connections that come back.
//   3. What one round of the loop has brought goes out together.
//   4. A caller that does not wait any more (cancel, time-out) is answered at once and leaves its statement
//      behind. The carrier takes nothing more, and what it has not sent goes to others. Cancel requests are sent
//      only when nobody waits for anything on it, until nothing runs any more; if that takes too long, the
//      connection is given up.
//   5. A statement that is lost with its connection is tried once more if that is safe.
//   6. max_waiters bounds all that wait in the pool, one-shots among them; the newest are refused.
// Without memory a caller is told so; nothing here throws.

namespace dbp {

class Dispatcher final : private Pending, private Task, private LoopLocal {
 public:
  /// The one for this statement, made if there is none; NULL if it must go alone. On the loop's thread.
  static Dispatcher* For(const std::shared_ptr<Pool>& pool, Loop& loop, SharedStatement& statement);
  Dispatcher(std::shared_ptr<Pool> pool, Loop& loop);  ///< For() makes them

  /// The op's statement is looked after from now on. It ends in op.AnswerShared().
  void Submit(OneShotOp& op);
  /// The op's lease is for all.
  void Adopt(OneShotOp& op, dbpool_conn token);
  /// The op, called back, acquires no more: it stands in the queue again.
  void TakeBack(OneShotOp& op);
  /// The op, whose statement is queued or on its way, is answered with `why`: DBPOOL_ERR_TIMEOUT, _CANCELLED, _FULL.
  void Abandon(OneShotOp& op, dbpool_status why);
  /// The op ends.
  void Forget(OneShotOp& op);

  // Of its carriers.
  void OnAnswer(SharedStatement& statement, Nanos now);
  /// It was not sent, or may run again.
  void Requeue(SharedStatement& statement, Nanos now);
  void OnReady(Carrier& carrier);
  bool freeing() const { return freeing_; }

 private:
  uint8_t ScanOnce(std::string_view sql);
  void Run() override;
  void OnLoopFree() override;
  void Wake();

  void Intake(Nanos now);
  bool OthersWait() const;
  Carrier* LeastLoaded(Nanos now, bool others_wait) const;
  void Give(SharedStatement& statement, Carrier& carrier, Nanos now);
  void Acquire(OneShotOp& op);
  void CallBackAcquirers();
  void RefuseNewest();
  void TellPool(uint32_t waiting);
  void Retire();

  const std::shared_ptr<Pool> pool_;
  Loop& loop_;
  StatementCache<uint8_t> scans_;
  StatementQueue queue_;
  uint32_t told_ = 0;  ///< the length that the pool knows
  std::vector<OneShotOp*> acquiring_;
  std::vector<std::unique_ptr<Carrier>> carriers_;
  bool posted_ = false;
  bool awake_ = false;  ///< in a round, or just before one
  bool again_ = false;  ///< Wake() while awake
  bool freeing_ = false;
};

}  // namespace dbp

#endif  // DBP_SQL_DISPATCHER_H_
