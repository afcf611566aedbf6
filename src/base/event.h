#ifndef DBP_BASE_EVENT_H_
#define DBP_BASE_EVENT_H_

#include <atomic>

#include "base/time.h"

namespace dbp {

/// Something that happens once, awaited by one thread. Four bytes, and no system call unless somebody sleeps.
///
/// It may live on the waiter's stack: once it is set the waiter may be gone, so Set() touches its memory no
/// more. The kernel may still be asked to wake that address, where it finds nobody, or somebody who looks
/// again at what he waits for.
class Event {
 public:
  void Set() {
    if (state_.exchange(kSet, std::memory_order_acq_rel) == kAwaited) WakeOne();
  }
  /// Whether it has happened by the deadline. By one thread at a time.
  bool Wait(Deadline deadline) {
    return state_.load(std::memory_order_acquire) == kSet || Sleep(deadline);
  }
  /// REQUIRES: nobody waits, and nobody is about to set it for what is over.
  void Reset() { state_.store(kUnset, std::memory_order_relaxed); }

 private:
  enum State : uint32_t { kUnset, kAwaited, kSet };
  bool Sleep(Deadline deadline);
  void WakeOne();

  std::atomic<uint32_t> state_{kUnset};
};

}  // namespace dbp

#endif  // DBP_BASE_EVENT_H_
