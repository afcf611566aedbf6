#ifndef DBP_DRIVER_SQLITE_WATCH_H_
#define DBP_DRIVER_SQLITE_WATCH_H_

#include <sqlite3.h>

#include <atomic>

#include "base/time.h"
#include "driver/driver.h"

// Ends what SQLite does when its deadline comes or somebody asks. SQLite looks here every thousand
// or so steps of its machine, and whenever it finds the file locked. sqlite3_interrupt() is not
// used: it would hit whatever runs next; and neither is sqlite3_busy_timeout(): it knows no
// deadline.
//
// A request to cancel belongs to the operation that runs; Begin() forgets an older one, so it can
// never reach a later operation. Without an operation a request does nothing.

namespace dbp::sqlite {

/// Shared with those who may cancel; once its connection is gone it does nothing.
class Watch final : public Canceller {
 public:
  enum class Stop : uint8_t { kNone, kDeadline, kCancel, kAbort, kLockTimeout };

  explicit Watch(Nanos lock_timeout) : lock_timeout_(lock_timeout) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// From now on the handle asks this object, which must outlive it.
  void Install(sqlite3* db);
  /// A new operation. abandoned (may be NULL) ends it too, as long as the operation lasts.
  void Begin(Deadline deadline, const std::atomic<bool>* abandoned = nullptr) {
    cancel_.store(false, std::memory_order_relaxed);
    abandoned_ = abandoned;
    deadline_ = deadline.point();
    stop_ = Stop::kNone;
    shielded_ = false;
  }
  /// The same for what must be done, whoever cancels meanwhile: only an abort ends it.
  void BeginShielded() {
    Begin(Deadline::Never());
    shielded_ = true;
  }
  /// Why the operation was told to end, if it was.
  Stop stop() const { return stop_; }
  /// Whether it has to end now; does not read the clock.
  bool Cancelled();
  /// SQLite found the file locked, for the first time with tries 0: sleeps a little and says
  /// whether to try again.
  bool MayWait(int tries);

  // From any thread.
  void Cancel() noexcept override { cancel_.store(true); }
  bool may_block() const override { return false; }
  /// Ends this and every later operation. The order matters: Begin() may run in between.
  void Abort() noexcept {
    aborted_.store(true);
    cancel_.store(true);
  }
  bool aborted() const { return aborted_.load(); }

 private:
  bool MustStop(Nanos now);

  const Nanos lock_timeout_;
  std::atomic<bool> cancel_{false};
  std::atomic<bool> aborted_{false};
  // Of the thread that runs the operation.
  const std::atomic<bool>* abandoned_ = nullptr;
  Nanos deadline_ = kForever;
  Nanos wait_began_ = 0;
  Stop stop_ = Stop::kNone;
  bool shielded_ = false;
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_WATCH_H_
