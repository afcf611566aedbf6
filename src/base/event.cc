#include "base/event.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

// futex(2). FUTEX_WAIT_BITSET takes an absolute time, of CLOCK_MONOTONIC unless told otherwise.

namespace dbp {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) &&
              std::atomic<uint32_t>::is_always_lock_free);

bool Event::Sleep(Deadline deadline) {
  uint32_t state = kUnset;
  if (!state_.compare_exchange_strong(state, kAwaited, std::memory_order_acquire) && state == kSet)
    return true;
  const timespec until = {deadline.point() / kSecond, deadline.point() % kSecond};
  do {
    syscall(SYS_futex, &state_, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, uint32_t{kAwaited},
            deadline.never() ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (state_.load(std::memory_order_acquire) == kSet) return true;
  } while (!deadline.Passed());
  return false;
}

void Event::WakeOne() {
  syscall(SYS_futex, &state_, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0);
}

}  // namespace dbp
