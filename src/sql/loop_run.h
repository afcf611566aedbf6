#ifndef DBP_SQL_LOOP_RUN_H_
#define DBP_SQL_LOOP_RUN_H_

#include <algorithm>
#include <memory>

#include "loop/op.h"
#include "pool/lease.h"
#include "pool/workers.h"
#include "sql/run.h"
#include "sql/work.h"

namespace dbp {

/// What makes an op wait for a socket.
class OpWatch final : public Watch {
 public:
  explicit OpWatch(Op& op) : op_(op) {}
  ~OpWatch() { Disarm(); }

  /// The op gets kReady, once, when fd is ready, or kDue. The same fd until Disarm(); `lease` (0: not lent yet) is whose
  /// it is. A socket that cannot be watched, for want of memory or descriptors, is looked at from time to time.
  void Arm(int fd, dbpool_conn lease, Want want, Nanos due) noexcept;
  /// REQUIRES: fd is still open.
  void Disarm() {
    if (watched()) op_.loop().reactor().Remove(*this);
  }

 private:
  bool TryArm(int fd, Want want);
  void OnReady(uint32_t) override { op_.Ready(); }
  dbpool_conn lease() const override { return lease_; }

  Op& op_;
  dbpool_conn lease_ = 0;
};

/// How often is looked at what cannot be waited for, for want of memory or descriptors.
inline Nanos NextLook(Nanos due) { return std::min(due, AddSaturated(Now(), 1 * kMillisecond)); }

/// A Work on a lease, carried out for an op on its loop. A connection with a socket is stepped by the loop when it is
/// ready; one without is stepped by a thread that may block. What only waits, for that thread or for the writer's
/// turn, has none, and is withdrawn when its time is over. On the loop's thread, but for what comes before OnEvents(), which
/// may be on the thread of the op's maker while that holds the op.
class LoopRun final : private CancelWatcher, private TurnWatcher, private Job {
 public:
  LoopRun(Op& op, std::unique_ptr<Work> work) : op_(op), work_(std::move(work)), watch_(op) {}

  /// For the caller, at once: whether the lease can be used, and by nobody else from now on.
  Status Pin(dbpool_conn token);
  Lease& lease() { return lease_; }

  /// The op's events from then on go to OnEvents(). True: over, Finish().
  bool Begin(Deadline deadline);
  /// The same with Pin(), whose failure is an outcome.
  bool BeginOn(dbpool_conn token, Deadline deadline);
  bool OnEvents(uint32_t events);
  /// Without memory. True: over.
  bool OnNoMemory() noexcept;

  /// REQUIRES: over, once. The lease is still pinned; Unpin() it then.
  Status Finish(std::unique_ptr<Rows>* rows);

 private:
  enum class Place : uint8_t { kNowhere, kSocket, kTurn, kCancels, kWorker, kOver };

  bool Go();
  bool Step();
  bool Send();
  bool StepToEnd();
  bool Wait(Running::Next next);
  void Cancel(bool freed);
  bool Over(Status outcome);
  void OnNoneInFlight() override { op_.Wake(); }
  void OnTurn() override { op_.Wake(); }
  void StepOnWorker();

  Op& op_;
  const std::unique_ptr<Work> work_;
  Lease lease_;
  OpWatch watch_;
  Deadline deadline_ = Deadline::Never();
  Running running_;
  Status outcome_;
  std::unique_ptr<Rows> rows_;
  Place place_ = Place::kNowhere;
  bool stopped_ = false;  ///< cancelled, or too late: the next step ends it at once
  Running::Next next_ = Running::Next::kDone;  ///< what the worker came to
  bool no_memory_ = false;                     ///< on the worker, or for one
};

}  // namespace dbp

#endif  // DBP_SQL_LOOP_RUN_H_
