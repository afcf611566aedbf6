#include "pool/keeper.h"

#include <memory>
#include <new>
#include <utility>

#include "base/fork.h"
#include "base/mutex.h"
#include "loop/thread.h"

namespace dbp {

/// Counts who needs the thread and its reactor: each that is kept or watched, and each call that is inside the
/// reactor without the mutex. Both go when nobody is left, and come again with the next.
class Keeper final : public ForkAware {
 public:
  static Keeper& Get() {
    static Keeper& keeper = *new Keeper;  // never destroyed: its thread may outlive main()
    return keeper;
  }

  Status Add(Kept& kept) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    DBP_RETURN_IF_ERROR(EnterLocked());
    kept.kept_in_ = ForkGeneration();
    return Status::Ok();
  }

  void Remove(Kept& kept) DBP_EXCLUDES(mu_) {
    bool was_kept = false;
    {
      MutexLock lock(mu_);
      if (!reactor_ || (kept.kept_in_ != 0 && kept.kept_in_ != ForkGeneration())) return;
      was_kept = std::exchange(kept.kept_in_, 0) != 0;
      ++users_;
    }
    reactor_->Cancel(kept);  // also if it is removed already: the other one may be waiting for its Tick()
    MutexLock lock(mu_);
    if (was_kept) --users_;
    LeaveLocked();
  }

  void Schedule(Kept& kept, Nanos when) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (kept.kept_in_ == ForkGeneration()) reactor_->ScheduleEarlier(kept, when);
  }

  Status AddWatch(Watch& watch, int fd, uint32_t events) DBP_EXCLUDES(mu_) {
    {
      MutexLock lock(mu_);
      DBP_RETURN_IF_ERROR(EnterLocked());
    }
    Status status = Status::NoMemory();
    try {
      status = reactor_->Add(watch, fd, events);
    } catch (const std::bad_alloc&) {  // it is NoMemory() already
    }
    if (!status.ok()) Leave();
    return status;
  }

  void RemoveWatch(Watch& watch) DBP_EXCLUDES(mu_) {
    if (!watch.watched()) return;
    reactor_->Remove(watch);
    Leave();
  }

  uint64_t Wakeups() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return past_wakeups_ + (reactor_ ? reactor_->wakeups() : 0);
  }

 private:
  /// Lets the thread look whether it is needed any more.
  struct Nudge final : Task {
    void Run() override { Keeper::Get().Nudged(); }
  };
  void Nudged() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    nudged_ = false;
  }

  void InForkedChild() override DBP_REQUIRES(mu_) {
    parents_ = reactor_.release();  // its epoll is the parent's, too: left alone
    users_ = 0;
    nudged_ = false;
  }

  Status EnterLocked() DBP_REQUIRES(mu_) {
    if (!reactor_) {
      std::unique_ptr<Reactor> reactor;
      DBP_RETURN_IF_ERROR(Reactor::Create(&reactor));
      DBP_RETURN_IF_ERROR(StartThread(
          "dbpool-keeper", [](void* self) { static_cast<Keeper*>(self)->ThreadMain(); }, this));
      reactor_ = std::move(reactor);
    }
    ++users_;
    return Status::Ok();
  }
  void LeaveLocked() DBP_REQUIRES(mu_) {
    if (--users_ > 0 || std::exchange(nudged_, true)) return;
    reactor_->Post(nudge_);  // a write to an eventfd, which does not block
  }
  void Leave() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    LeaveLocked();
  }

  void ThreadMain() DBP_EXCLUDES(mu_) {
    mu_.Lock();
    while (users_ > 0) {
      Reactor& reactor = *reactor_;
      mu_.Unlock();
      reactor.RunOnce(Deadline::Never());
      mu_.Lock();
    }
    past_wakeups_ += reactor_->wakeups();
    std::unique_ptr<Reactor> done = std::move(reactor_);
    nudged_ = false;
    mu_.Unlock();
  }

  Reactor* parents_ = nullptr;  ///< in a forked child; never touched, and no leak
  /// Written under mu_. Who is counted in users_ may read it without.
  std::unique_ptr<Reactor> reactor_;
  Nudge nudge_;
  uint32_t users_ DBP_GUARDED_BY(mu_) = 0;
  bool nudged_ DBP_GUARDED_BY(mu_) = false;
  uint64_t past_wakeups_ DBP_GUARDED_BY(mu_) = 0;
};

Status KeeperAdd(Kept& kept) { return Keeper::Get().Add(kept); }
void KeeperRemove(Kept& kept) { Keeper::Get().Remove(kept); }
void KeeperSchedule(Kept& kept, Nanos when) { Keeper::Get().Schedule(kept, when); }
Status KeeperWatch(Watch& watch, int fd, uint32_t events) {
  return Keeper::Get().AddWatch(watch, fd, events);
}
void KeeperUnwatch(Watch& watch) { Keeper::Get().RemoveWatch(watch); }
uint64_t KeeperWakeups() { return Keeper::Get().Wakeups(); }

}  // namespace dbp
