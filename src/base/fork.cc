#include "base/fork.h"

#include <pthread.h>

#include <new>

namespace dbp {

namespace internal {
std::atomic<uint32_t> fork_generation{1};
}

/// What pthread_atfork calls.
struct ForkHandlers {
  static constexpr uint32_t kMost = 16;
  static inline std::atomic<uint32_t> count{0};
  static inline ForkAware* aware[kMost];

  static void Prepare() DBP_TSA(no_thread_safety_analysis) {
    for (uint32_t i = 0; i < count; ++i) aware[i]->mu_.Lock();
  }
  static void InParent() DBP_TSA(no_thread_safety_analysis) {
    for (uint32_t i = count; i-- > 0;) aware[i]->mu_.Unlock();
  }
  static void InChild() DBP_TSA(no_thread_safety_analysis) {
    internal::fork_generation.fetch_add(1, std::memory_order_relaxed);
    for (uint32_t i = 0; i < count; ++i) aware[i]->InForkedChild();
    InParent();
  }
};

ForkAware::ForkAware() {
  static Mutex mu;
  MutexLock lock(mu);
  if (ForkHandlers::count == 0 &&
      pthread_atfork(ForkHandlers::Prepare, ForkHandlers::InParent, ForkHandlers::InChild) != 0) {
    throw std::bad_alloc();  // a fork would go unnoticed
  }
  ForkHandlers::aware[ForkHandlers::count] = this;
  ++ForkHandlers::count;
}

}  // namespace dbp
