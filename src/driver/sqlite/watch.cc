#include "driver/sqlite/watch.h"

#include <errno.h>
#include <time.h>

#include <algorithm>
#include <iterator>

namespace dbp::sqlite {
namespace {

// 1000 steps of the machine are some 20 us of work, a look at the clock 20 ns.
constexpr int kStepsBetweenLooks = 1000;

// The last one is how late a cancel may be noticed by an operation that waits for a lock.
constexpr Nanos kWaits[] = {50 * kMicrosecond,  100 * kMicrosecond, 200 * kMicrosecond,
                            500 * kMicrosecond, 1 * kMillisecond,   2 * kMillisecond,
                            5 * kMillisecond,   10 * kMillisecond};

void SleepUntil(Nanos point) {
  const timespec ts = {static_cast<time_t>(point / kSecond), static_cast<long>(point % kSecond)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, nullptr) == EINTR) continue;
}

}  // namespace

void Watch::Install(sqlite3* db) {
  sqlite3_progress_handler(
      db, kStepsBetweenLooks,
      [](void* self) { return static_cast<Watch*>(self)->MustStop(Now()) ? 1 : 0; }, this);
  sqlite3_busy_handler(
      db, [](void* self, int tries) { return static_cast<Watch*>(self)->MayWait(tries) ? 1 : 0; },
      this);
}

bool Watch::Cancelled() {
  const bool cancelled = cancel_.load(std::memory_order_acquire);
  // Read second: an abort sets both, its own mark first.
  if (aborted_.load(std::memory_order_relaxed)) {
    stop_ = Stop::kAbort;
    return true;
  }
  if (shielded_) return false;
  if (!cancelled && !(abandoned_ && abandoned_->load())) return false;
  stop_ = Stop::kCancel;
  return true;
}

bool Watch::MustStop(Nanos now) {
  if (Cancelled()) return true;
  if (now < deadline_) return false;
  stop_ = Stop::kDeadline;
  return true;
}

// The lock is waited for since the first try, tries == 0, of this wait.
bool Watch::MayWait(int tries) {
  const Nanos now = Now();
  if (tries == 0) wait_began_ = now;
  if (MustStop(now)) return false;
  const Nanos end = AddSaturated(wait_began_, lock_timeout_);
  if (now >= end) {
    stop_ = Stop::kLockTimeout;
    return false;
  }
  const Nanos wait = kWaits[std::min<size_t>(tries, std::size(kWaits) - 1)];
  SleepUntil(std::min({AddSaturated(now, wait), end, deadline_}));
  return true;
}

}  // namespace dbp::sqlite
