#include <algorithm>

#include "base/event.h"
#include "pool/pool.h"

// Who waits for the pool itself: until it has opened its first connections, or closed its last. Each event looks whether
// one of them has what he waits for.

namespace dbp {

/// Counted as opened, not as open: without pooling one is closed again before anybody may look. All attempts over, and
/// the last ones failed: those that follow are for the background.
bool Pool::Opened() const {
  return scheduler_.opened() >= std::max(1u, scheduler_.min_size()) ||
         (scheduler_.failures() > 0 && scheduler_.count(SlotState::kOpening) == 0);
}

bool Pool::Drained() const { return scheduler_.used() == 0; }

bool Pool::Watch(PoolWatcher& watcher, Until what) {
  watcher.until_ = what == Until::kOpened ? &Pool::Opened : &Pool::Drained;
  MutexLock lock(mu_);
  if ((this->*watcher.until_)()) return false;
  watcher.next_ = std::exchange(watchers_, &watcher);
  return true;
}

bool Pool::Unwatch(PoolWatcher& watcher) {
  MutexLock lock(mu_);
  for (PoolWatcher** at = &watchers_; *at; at = &(*at)->next_) {
    if (*at != &watcher) continue;
    *at = watcher.next_;
    return true;
  }
  return false;
}

/// Those who have it now.
PoolWatcher* Pool::TakeTold() {
  PoolWatcher* told = nullptr;
  for (PoolWatcher** at = &watchers_; *at;) {
    PoolWatcher& watcher = **at;
    if ((this->*watcher.until_)()) {
      *at = std::exchange(watcher.next_, told);
      told = &watcher;
    } else {
      at = &watcher.next_;
    }
  }
  return told;
}

bool Pool::Await(Until what, Deadline deadline) {
  struct Sleeper final : PoolWatcher {
    void OnPool() override { told.Set(); }
    Event told;
  } sleeper;
  if (!Watch(sleeper, what) || sleeper.told.Wait(deadline)) return true;
  if (Unwatch(sleeper)) return false;
  return sleeper.told.Wait(Deadline::Never());
}

}  // namespace dbp
