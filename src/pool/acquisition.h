#ifndef DBP_POOL_ACQUISITION_H_
#define DBP_POOL_ACQUISITION_H_

#include "base/status.h"
#include "driver/driver.h"
#include "pool/pool.h"
#include "pool/waiter.h"

namespace dbp {

/// One wish for a connection, from the queue to the token. It never waits itself: whoever drives it does, as its
/// steps say - a caller on its own thread (Pool::Acquire) or a loop. Allocates nothing; lives on a
/// stack or in a pending operation, and must not move.
///
/// One thread at a time drives it; OnWake() is the only call from elsewhere. The pool, and the memory of
/// request.tag, outlive it. It is driven to kDone before it is destroyed.
class Acquisition : private Waiter {
 public:
  enum class Next : uint8_t {
    kDone,    ///< Finish()
    kQueued,  ///< Continue() after OnWake(); when due() has passed, GiveUp() first
    kSocket,  ///< Continue() when fd() is ready for want(), or due() has passed
    kTurn,    ///< Continue() when told by gate(), or due() has passed
    kWorker,  ///< Continue() at once, where a thread may block: until due() or longer
  };

  Acquisition(Pool& pool, const AcquireRequest& request);
  Acquisition(const Acquisition&) = delete;
  Acquisition& operator=(const Acquisition&) = delete;

  Next Begin();
  Next Continue();
  /// The caller does not want it any more: `why` is DBPOOL_ERR_TIMEOUT, _CANCELLED or _NOMEM. kDone, or kQueued if
  /// it has been answered at this moment: OnWake() is on its way, or came already. REQUIRES: Continue() is not under
  /// way; the gate is not watched.
  Next GiveUp(dbpool_status why);

  /// Of the whole wish, known from the start.
  Deadline deadline() const { return deadline_; }
  /// The deadline, or what the step under way may take, if that is earlier.
  Nanos due() const {
    if (phase_ != Phase::kQueued) return due_;
    return may_wait_ ? deadline_.point() : began_;
  }
  /// REQUIRES: kSocket.
  int fd() const { return slot->connection->fd(); }
  Want want() const { return want_; }
  /// REQUIRES: kTurn.
  LaneGate& gate() const { return slot->lane; }

  /// REQUIRES: kDone, once. *out is set on DBPOOL_OK alone.
  Status Finish(dbpool_conn* out);

 protected:
  ~Acquisition() override = default;
  Pool& pool() const { return pool_; }
  /// It has an answer. From any thread, without a lock, once for each kQueued that was not given up; Continue()
  /// may run elsewhere before this returns, so it touches nothing afterwards.
  virtual void OnWake() = 0;

 private:
  /// What a granted connection goes through, in this order.
  enum class Phase : uint8_t { kQueued, kReset, kPing, kLane, kDone };

  void Wake() final { OnWake(); }
  template <class Body>
  Next Protected(Body body);
  Next Answered(dbpool_status answer);
  Next LetGo(dbpool_status why);
  Next Granted();
  Next Enter(Phase phase, Deadline limit);
  Next Step();
  Next CheckLife();
  void StartPing();
  Next MakeReady();
  Next EnterLane();
  Next AskHook();
  Next Failed(Status why, CloseReason reason);
  Next Reject(CloseReason reason);
  Next GiveBack(CloseReason reason, bool timed_out, dbpool_status answer);
  Next Retry(CloseReason reason);
  Next Done(dbpool_status answer);

  // In the order that leaves no hole: a waiter has five bytes left.
  Phase phase_ = Phase::kQueued;
  Want want_ = Want::kRead;
  const uint8_t access_;
  const bool may_wait_ : 1;  ///< in the queue
  bool failure_says_all_ : 1 = false;
  bool stepped_ : 1 = false;  ///< the operation under way
  Pool& pool_;
  const Nanos began_;
  const Deadline deadline_;
  union {
    Nanos queued_at_;  ///< in the queue: since when
    Nanos due_;        ///< afterwards: until when the step may take
  };
  Status failure_;  ///< of the last connection that was of no use
};

}  // namespace dbp

#endif  // DBP_POOL_ACQUISITION_H_
