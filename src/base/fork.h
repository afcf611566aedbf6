#ifndef DBP_BASE_FORK_H_
#define DBP_BASE_FORK_H_

#include <atomic>
#include <cstdint>

#include "base/mutex.h"

// A forked child inherits memory and sockets but no threads. What belongs to the parent is stamped with
// the generation it was made in; a child counts one further and touches nothing with an older stamp.

namespace dbp {

namespace internal {
extern std::atomic<uint32_t> fork_generation;
}

/// About one nanosecond: no getpid.
inline uint32_t ForkGeneration() {
  return internal::fork_generation.load(std::memory_order_relaxed);
}

/// State of the whole process that must survive fork(): its mutex is held while the process forks, so that
/// the child finds it whole, and it is told in the child that its threads are gone. Lives for ever.
class ForkAware {
 protected:
  /// Locked in the order of construction. At most sixteen of them.
  ForkAware();
  ~ForkAware() = default;
  virtual void InForkedChild() DBP_REQUIRES(mu_) {}

  Mutex mu_;

 private:
  friend struct ForkHandlers;
};

}  // namespace dbp

#endif  // DBP_BASE_FORK_H_
