#ifndef DBP_POOL_SCHEDULER_H_
#define DBP_POOL_SCHEDULER_H_

#include <dbpool/pool.h>

#include <cstdint>
#include <vector>

#include "driver/driver.h"
#include "options/config.h"
#include "pool/idle_hints.h"
#include "pool/waiter.h"

// Who may use which connection, and when: a pure state machine. No thread, clock, I/O or callback in
// here. The shell (pool.cc) takes the pool's mutex, reports an event, takes the actions that follow from it
// with Next(), drops the mutex and carries them out. Nothing here allocates after construction and
// Resize(), so release, cancel and close cannot fail for want of memory.
//
// Between idle and leased a connection goes beside the scheduler (idle_set.h), unless the gate is closed, which it
// is while anybody waits. What is idle the heads say; to have one back, the scheduler takes it as any borrower
// does, or recalls it.
//
// Invariants, checked by CheckInvariants() and by tests/model after every step:
//  I1  Every slot is in exactly one state, and the counts say how many are in each.
//  I2  Slots in use (all but free) never exceed the limit, unless a resize lowered it below what is open.
//  I3  A leased slot has exactly one owner: it was granted once since it became idle or open.
//  I4  Never an idle slot beside a queued waiter, once an event has been handled; but for one whose releaser is
//      about to find the gate closed, and to report it.
//  I5  Waiters are served in the order of their tickets; a waiter is answered exactly once.
//  I6  A slot that is lost for any reason becomes free, and its capacity is offered again in the same event.

namespace dbp {

enum class SlotState : uint8_t {
  kFree,
  kOpening,
  kLive,  ///< idle or leased, as its head says
  kChecking,
  kClosing,
};

/// Why a slot's connection is closed: DBPOOL_CLOSED_*, or 0 to keep it.
using CloseReason = uint32_t;
inline constexpr CloseReason kKeep = 0;

struct Slot;  // the shell's; carried along, never looked into

/// What the shell must do. Each is handed out once.
struct Action {
  enum Kind : uint8_t {
    kAnswer,  ///< waiter->Wake()
    kOpen,    ///< connect; then Opened() or OpenFailed()
    kCheck,   ///< finish a pending reset, ping; then Checked()
    kClose,   ///< close the connection; then Closed()
  };
  Kind kind;
  uint32_t index;
  Slot* slot;  ///< what was bound to the index; NULL when it is opened for the first time
  Waiter* waiter;
  CloseReason reason;
};

class Scheduler {
 public:
  /// Above pool_size a connection goes when it was idle for idle_timeout, or for this if it is shorter.
  static constexpr Nanos kOverflowIdle = 30 * kSecond;

  Scheduler(const Config& config, const DriverTraits& traits, IdleSet& idle_set,
            uint64_t seed);

  // Events. `now` may lag behind by a tick of the coarse clock, but for Tick(), which is due to the point.

  /// The shell's slot for an index, and the head of it, from its first open on.
  void Bind(uint32_t index, Slot* slot, SlotHead& head);
  /// Begins to open min_size connections.
  void Start(Nanos now);
  /// DBPOOL_OK: waiter holds the answer at once. DBPOOL_PENDING: it is in the queue. Otherwise refused:
  /// DBPOOL_ERR_TIMEOUT (may not wait), _FULL, _CLOSED, or the code of a connect that failed for good.
  dbpool_status Acquire(Waiter& waiter, Nanos now, bool may_wait);
  /// The connection granted to this waiter was of no use and is closed for `reason`; the waiter goes back
  /// to its old place. Returns as Acquire does.
  dbpool_status Retry(Waiter& waiter, CloseReason reason, Nanos now);
  /// The waiter gives up with a connection granted to it: closed for `reason`, or kKeep as in Release().
  void Reject(Waiter& waiter, CloseReason reason, Nanos check_by, bool timed_out, Nanos now);
  /// The waiter gives up. True: it is out. False: it has been answered, and Wake() is on its way.
  bool Withdraw(Waiter& waiter, bool timed_out = true);
  /// A lease ends. check_by: when a reset under way must be looked after; kForever for none.
  void Release(uint32_t index, CloseReason verdict, Nanos check_by, Nanos now);
  void Opened(uint32_t index, Nanos now);
  /// permanent: trying again is of no use to those who wait; they get `code`.
  void OpenFailed(uint32_t index, dbpool_status code, bool permanent, Nanos now);
  void Checked(uint32_t index, CloseReason verdict, Nanos now);
  void Closed(uint32_t index, CloseReason reason, Nanos now);
  /// The peer has hung up. Idle, the connection is closed now; otherwise when its state ends.
  void HungUp(uint32_t index, Nanos now);
  void Tick(Nanos now);
  void Invalidate(Nanos now);
  /// May allocate; then nothing has changed if it throws.
  void Resize(uint32_t pool_size, uint32_t max_overflow, Nanos now);
  /// Refuses everything from now on, fails all waiters, closes what is idle.
  void Close(Nanos now);

  /// The next thing to do, or false. After every event, until it says false.
  bool Next(Action* out);
  /// When Tick() is due; kForever if nothing is.
  Nanos next_tick() const { return next_tick_; }

  // State.
  bool closed() const { return closed_; }
  uint32_t limit() const { return pool_size_ + max_overflow_; }
  uint32_t min_size() const { return min_size_; }
  uint32_t count(SlotState state) const { return counts_[static_cast<size_t>(state)]; }
  /// Connections there are, in whatever state.
  uint32_t open() const {
    return count(SlotState::kLive) + count(SlotState::kChecking) + count(SlotState::kClosing);
  }
  /// Of the live ones, this moment. O(slots).
  uint32_t idle() const;
  uint32_t leased() const { return count(SlotState::kLive) - idle(); }
  uint32_t used() const { return open() + count(SlotState::kOpening); }
  /// Connects that succeeded, whatever became of the connections since.
  uint64_t opened() const { return opened_; }
  uint32_t waiting() const { return queue_.size(); }
  uint32_t failures() const { return failures_; }
  void Fill(dbpool_statistics* out) const;
  /// Somebody was turned away who waited elsewhere: DBPOOL_ERR_TIMEOUT or _FULL.
  void CountRefused(dbpool_status why) { ++(why == DBPOOL_ERR_FULL ? refused_ : timed_out_); }

  struct Holder {
    const char* tag;
    Nanos held_for;
  };
  /// Calls visit(slot) for every slot that was ever bound.
  template <class Visit>
  void ForEachSlot(Visit visit) const {
    for (const Record& record : records_) {
      if (record.slot) visit(*record.slot);
    }
  }
  /// ... and is leased.
  template <class Visit>
  void ForEachLeased(Visit visit) const {
    for (const Record& record : records_) {
      if (record.state == SlotState::kLive && !record.head->idle()) visit(*record.slot);
    }
  }

  /// The lease held longest; tag NULL if nothing is leased.
  Holder LongestHeld(Nanos now) const;

  /// Aborts with a message if an invariant does not hold. O(slots).
  void CheckInvariants() const;

 private:
  static constexpr uint32_t kNil = UINT32_MAX;
  struct Record {
    Slot* slot = nullptr;
    SlotHead* head = nullptr;
    SlotState state = SlotState::kFree;
    bool fresh = true;       ///< opened since the last Invalidate()
    CloseReason reason = kKeep;
    uint32_t prev = kNil, next = kNil;
    Nanos expires_at = kForever;
    Nanos idle_since = 0;
    Nanos pinged_at = 0;  ///< a sign of life at this time was no use
    Nanos check_by = kForever;
    uint64_t tagged = 0;  ///< the use that the tag belongs to
    char tag[64] = "";
  };
  /// Linked through the records; each record is in one list at most.
  struct IndexList {
    uint32_t head = kNil, tail = kNil;
  };

  void PushBack(IndexList& list, uint32_t index);
  void Unlink(IndexList& list, uint32_t index);
  uint32_t PopFront(IndexList& list);
  void SetState(uint32_t index, SlotState state);

  bool TakeIdle(uint32_t* index);
  bool TakeFit(uint32_t* index);
  void Grant(Waiter& waiter, uint32_t index, Nanos now);
  void Answer(Waiter& waiter, dbpool_status status);
  void ServeFirst(uint32_t index, Nanos now);
  void FailAll(dbpool_status status);
  dbpool_status Enqueue(Waiter& waiter, Nanos now);
  void Offer(uint32_t index, Nanos now);
  void WakeFor(const Record& record, Nanos now);
  void Retire(uint32_t index, CloseReason reason);
  void RetireIdle(CloseReason reason);
  void UpdateGate();
  Nanos IdleSince(const Record& record) const;
  CloseReason ReasonToRetire(const Record& record, Nanos now) const;
  Nanos KeepaliveDue(Nanos alive_at) const;
  void Suspect(CloseReason reason);
  void Balance(Nanos now);
  bool ShouldOpen(Nanos now) const;
  void StartOpen();
  void HurryRetry();
  void WakeBy(Nanos when) { next_tick_ = when < next_tick_ ? when : next_tick_; }
  Nanos IdleDue(Nanos idle_since) const;
  Nanos Backoff();
  uint64_t Random();

  const Config& config_;
  const bool first_alone_;

  uint32_t pool_size_, max_overflow_, min_size_;
  bool started_ = false;  ///< min_size is kept from here on
  bool closed_ = false;
  std::vector<Record> records_;
  IndexList free_, to_open_, to_check_, to_close_;
  IdleSet& idle_set_;
  WaiterList queue_, answered_;
  uint32_t counts_[5] = {};
  uint64_t next_ticket_ = 1;
  uint64_t random_;

  bool ever_opened_ = false;
  uint32_t failures_ = 0;            ///< connects that failed since the last that did not
  uint32_t may_open_ = config_.max_connecting;  ///< at a time, now; at most max_connecting
  dbpool_status refused_for_ = DBPOOL_OK;  ///< the code of a connect that failed for good
  Nanos retry_at_ = 0, failed_at_ = 0;
  Nanos next_tick_ = kForever;

  uint64_t acquired_ = 0;  ///< by connections that are gone
  uint64_t waited_ = 0, timed_out_ = 0, refused_ = 0;
  uint64_t opened_ = 0, open_failed_ = 0, checks_ = 0;
  uint64_t closed_by_[DBPOOL_CLOSED_POOL + 1] = {};
};

}  // namespace dbp

#endif  // DBP_POOL_SCHEDULER_H_
