#ifndef DBP_POOL_POOL_H_
#define DBP_POOL_POOL_H_

#include <dbpool/pool.h>

#include <atomic>
#include <memory>
#include <utility>

#include "base/fork.h"
#include "base/mutex.h"
#include "base/status.h"
#include "driver/driver.h"
#include "options/config.h"
#include "pool/event_watch.h"
#include "pool/keeper.h"
#include "pool/scheduler.h"
#include "pool/slot.h"
#include "pool/writer_lane.h"

// A pool: the shell around the scheduler. It takes the mutex, reports what happened, takes the actions
// that follow, drops the mutex and carries them out (Handle). No I/O, no driver call and no user code
// ever runs under the mutex. The rules of slots, waiters and locks are in README.md beside this file.
//   pool.cc     create, statistics, the handling of events
//   acquisition.cc  from a caller's wish to a token, step by step; acquire.cc for callers that wait
//   release.cc  from a token back to the pool
//   upkeep.cc   what happens on other threads: open, check, close, settle, the keeper's tick
//   watch.cc    who waits for the pool itself
//   close.cc    the end

namespace dbp {

struct AcquireRequest {
  Nanos timeout = kForever;  ///< 0: no waiting in the queue
  uint32_t access = DBPOOL_ACCESS_DEFAULT;
  const char* tag = nullptr;
};

/// Somebody who waits for something of a pool to come true, without blocking.
class PoolWatcher {
 public:
  /// It has. From any thread, without a lock; the watcher may be gone before this returns.
  virtual void OnPool() = 0;

 protected:
  ~PoolWatcher() = default;

 private:
  friend class Pool;
  bool (Pool::*until_)() const = nullptr;
  PoolWatcher* next_ = nullptr;
};

class Pool final : public Kept {
 public:
  /// Opens min_size connections unless lazy.
  static Status Create(Config config, std::unique_ptr<Driver> driver, std::shared_ptr<Pool>* out);
  // The same in steps, for who does not wait in there: Make(), Start() unless lazy, then until kOpened or
  // OpenLimit(), then WhyNotOpen(). What is not wanted after all is to be closed.
  static Status Make(Config config, std::unique_ptr<Driver> driver, std::shared_ptr<Pool>* out);
  void Start();
  Nanos OpenLimit() const;
  Status WhyNotOpen() DBP_EXCLUDES(mu_);

  enum class Until : uint8_t {
    kOpened,   ///< the first connections are open, or all attempts over
    kDrained,  ///< closed, and none is left
  };
  /// Has the watcher told, once, when it has come true; false if it has. The watcher keeps the pool.
  bool Watch(PoolWatcher& watcher, Until what) DBP_EXCLUDES(mu_);
  /// False: it has been told already, or is being told now.
  bool Unwatch(PoolWatcher& watcher) DBP_EXCLUDES(mu_);

  Pool(Config config, std::unique_ptr<Driver> driver);
  ~Pool() override;

  Status Acquire(const AcquireRequest& request, dbpool_conn* out);
  /// The short way: an idle connection that needs no preparation, by one CAS, if nobody waits. Allocates nothing,
  /// never blocks. REQUIRES: not forked().
  enum class Idle : uint8_t {
    kTaken,  ///< *out
    kUnfit,  ///< there is one, for Acquire() to prepare
    kNone
  };
  Idle AcquireIdle(dbpool_conn* out);
  static Status Release(dbpool_conn token);

  /// Closed, perhaps after the cutting off of what was lent.
  bool Abandoned() const { return abandoned_.load(std::memory_order_relaxed); }
  Status Invalidate();
  Status Reconnect(Nanos timeout);
  Status Resize(uint32_t pool_size, uint32_t max_overflow);
  Status Health(Nanos timeout);
  /// All but struct_size.
  void Stats(dbpool_statistics* out);
  /// Who waits in the queue; free of cost while nobody does.
  uint32_t queued() DBP_EXCLUDES(mu_);
  /// The same, and the one-shots that wait behind them.
  uint32_t waiting() { return queued() + one_shots_waiting_.load(std::memory_order_relaxed); }
  /// One-shots that wait for a connection outside the queue: more or fewer than before.
  void CountOneShots(int64_t change) { one_shots_waiting_.fetch_add(static_cast<uint32_t>(change), std::memory_order_relaxed); }
  /// What one of them is told that waits no longer: DBPOOL_ERR_TIMEOUT or _FULL. Counted like those of the queue.
  Status Refuse(dbpool_status why, Nanos waited) DBP_EXCLUDES(mu_);
  /// Stops lending, waits for leases, then cuts them off. DBPOOL_ERR_TIMEOUT if it had to.
  Status Close(Nanos timeout);
  // The same in steps: BeginClose(), until kDrained or the timeout, then CutOff(), until kDrained or kCutOffLimit.
  /// NULL: it was closed and empty already. Does not wait for any lease.
  std::shared_ptr<Pool> BeginClose() DBP_EXCLUDES(mu_);
  /// Ends what is lent, once. Waits for nobody. The answer of the close: OK if nothing was lent any more.
  Status CutOff() DBP_EXCLUDES(mu_);
  static constexpr Nanos kCutOffLimit = 50 * kMillisecond;  ///< threads must get their turn

  /// Who hears of its connections.
  EventHub& events() { return events_; }
  const Config& config() const { return config_; }
  const Driver& driver() const { return *driver_; }
  bool forked() const { return fork_stamp_ != ForkGeneration(); }

  void Tick() override;        ///< the keeper's
  void OnHangUp(Slot& slot);  ///< the liveness watch's, on the keeper's thread

 private:
  friend class Acquisition;

  /// Reports an event to the scheduler and does what follows. May end the pool: after it, touch no member
  /// unless something else keeps the pool alive. (An action not yet carried out does: its slot is in use.)
  template <class Event>
  void Handle(Event event) DBP_EXCLUDES(mu_) {
    constexpr size_t kAtOnce = 4;
    Action actions[kAtOnce];
    std::shared_ptr<Pool> alive;
    for (bool first = true;; first = false) {
      size_t n = 0;
      Nanos due = kForever;
      bool over = false;
      PoolWatcher* told = nullptr;
      {
        MutexLock lock(mu_);
        if (first) event(scheduler_, CoarseNow());
        while (n < kAtOnce && scheduler_.Next(&actions[n])) ++n;
        over = Settle(n == kAtOnce, &due, &alive, &told);
      }
      if (due != kForever) KeeperSchedule(*this, due);
      if (over) events_.EndAll();
      for (size_t i = 0; i < n; ++i) Perform(actions[i]);
      while (told) std::exchange(told, told->next_)->OnPool();
      if (n < kAtOnce) return;
    }
  }
  Idle GiveBackUnfit(SlotHead& lent);
  bool Await(Until what, Deadline deadline) DBP_EXCLUDES(mu_);
  bool Opened() const DBP_REQUIRES(mu_);
  bool Drained() const DBP_REQUIRES(mu_);
  PoolWatcher* TakeTold() DBP_REQUIRES(mu_);
  bool Settle(bool more, Nanos* due, std::shared_ptr<Pool>* alive, PoolWatcher** told) DBP_REQUIRES(mu_);
  void Perform(const Action& action);
  void BindSlot(uint32_t index, Slot& slot) DBP_EXCLUDES(mu_);

  // acquire.cc
  /// The calling thread will look at this one first.
  void Remember(SlotHead& head) const;
  void CountWait(uint64_t wait);
  void CountPing() { pings_.fetch_add(1, std::memory_order_relaxed); }
  bool AskLentHook(Slot& slot);
  Status AcquireError(dbpool_status code, Nanos waited, const Status& last_failure);
  Status AcquireAndPing(Nanos timeout);

  // release.cc
  void Return(Slot& slot, bool used);
  void ReturnClean(Slot& slot);
  CloseReason CleanUp(Slot& slot, Nanos* check_by);

  // upkeep.cc
  bool StartJob(Slot& slot, void (Pool::*todo)(Slot&));
  void OpenSlot(Slot& slot);
  void CheckSlot(Slot& slot);
  void CloseSlot(Slot& slot);
  void SettleSlot(Slot& slot);
  void OpenFailed(uint32_t index, Status status);
  Status Connect(Slot& slot);
  Status Announce(Slot& slot);
  Status AskOpenedHook(Slot& slot);
  dbpool_status CallHook(Slot& slot, dbpool_status (*hook)(void*, dbpool_conn));
  Nanos PingLimit() const { return std::min(config_.connect_timeout, 5 * kSecond); }

  // Constant after construction.
  const Config config_;
  const std::unique_ptr<Driver> driver_;
  const DriverTraits traits_;
  const uint32_t fork_stamp_;
  const bool plain_;  ///< no hook sees its leases

  // With synchronisation of their own.
  WriterLane lane_;
  EventHub events_;
  std::atomic<bool> abandoned_{false};  ///< connects under way are of no use any more
  std::atomic<uint64_t> pings_{0}, resets_{0}, wait_ns_{0}, wait_max_ns_{0};
  std::atomic<uint32_t> one_shots_waiting_{0};

  Gate& gate_;
  IdleSet idle_set_;

  // Under the mutex.
  Mutex mu_;
  Scheduler scheduler_ DBP_GUARDED_BY(mu_);
  PoolWatcher* watchers_ DBP_GUARDED_BY(mu_) = nullptr;
  bool cut_off_ DBP_GUARDED_BY(mu_) = false;
  Nanos told_keeper_ DBP_GUARDED_BY(mu_) = kForever;
  Status last_open_error_ DBP_GUARDED_BY(mu_);
  /// The pool keeps itself until it is closed and the last connection gone: leases and jobs need no count.
  std::shared_ptr<Pool> self_ DBP_GUARDED_BY(mu_);
};

}  // namespace dbp

#endif  // DBP_POOL_POOL_H_
