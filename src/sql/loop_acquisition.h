#ifndef DBP_SQL_LOOP_ACQUISITION_H_
#define DBP_SQL_LOOP_ACQUISITION_H_

#include <memory>

#include "pool/acquisition.h"
#include "pool/workers.h"
#include "sql/loop_run.h"

namespace dbp {

/// A wish for a connection, driven by the events of an op. Waiting in the queue takes its own memory and
/// nothing else; only who must wait for a socket, for the writer's turn, or for a thread that may block, gets more.
class LoopAcquisition final : private Acquisition {
 public:
  LoopAcquisition(Op& op, std::shared_ptr<Pool> pool, const AcquireRequest& request)
      : Acquisition(*pool, request), op_(op), pool_(std::move(pool)) {}

  /// By the op's maker while it is held, or on the loop's thread. The op's events from then on go to OnEvents().
  /// True: over, Finish().
  bool Begin();
  /// On the loop's thread. Nothing here fails for want of memory.
  bool OnEvents(uint32_t events);
  /// The same as a cancel while it waits in the queue; a connection that is being made ready is still welcome.
  bool CallOff();
  using Acquisition::Finish;
  /// It stands in the pool's queue, and has not been woken.
  bool queued() const { return waits_for_ == Next::kQueued && !woken_; }
  Pool& pool() const { return *pool_; }

 private:
  /// For who waits elsewhere than in the queue.
  struct Elsewhere final : Job, TurnWatcher {
    explicit Elsewhere(LoopAcquisition& a) : acquisition(a), watch(a.op_) {}
    void OnTurn() override { acquisition.op_.Wake(); }
    LoopAcquisition& acquisition;
    OpWatch watch;
    Next next = Next::kDone;  ///< what the worker came to
  };

  bool Go(Next next);
  bool Wait(Next next);
  bool WaitInQueue();
  bool WaitForTurn();
  bool SendToWorker();
  /// Whether nobody is at it any more.
  bool StopWaiting();
  bool late() const { return Deadline::At(due()).Passed(); }
  void OnWake() override { op_.Wake(); }

  Op& op_;
  const std::shared_ptr<Pool> pool_;
  std::unique_ptr<Elsewhere> elsewhere_;
  Next waits_for_ = Next::kDone;
  // One byte: a waiter has no more.
  bool woken_ : 1 = false;
  bool watches_ : 1 = false;   ///< the gate
  bool unwanted_ : 1 = false;  ///< cancelled
  bool called_off_ : 1 = false;
};

}  // namespace dbp

#endif  // DBP_SQL_LOOP_ACQUISITION_H_
