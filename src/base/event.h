#ifndef DBP_BASE_EVENT_H_
#define DBP_BASE_EVENT_H_

#include "base/mutex.h"

namespace dbp {

/// Something that happens once. The setter touches it no more after Set() has let the waiter go, so it
/// may live on the waiter's stack.
class Event {
 public:
  void Set() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    set_ = true;
    changed_.NotifyOne();  // under the lock: the waiter may destroy us as soon as it has it
  }
  /// Whether it has happened by the deadline.
  bool Wait(Deadline deadline) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    while (!set_ && !deadline.Passed()) changed_.Wait(mu_, deadline);
    return set_;
  }
  void Reset() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    set_ = false;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  bool set_ DBP_GUARDED_BY(mu_) = false;
};

}  // namespace dbp

#endif  // DBP_BASE_EVENT_H_
