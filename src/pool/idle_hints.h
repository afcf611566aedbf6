#ifndef DBP_POOL_IDLE_HINTS_H_
#define DBP_POOL_IDLE_HINTS_H_

#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/stack.hpp>
#include <memory>

#include "options/config.h"
#include "pool/idle_set.h"

namespace dbp {

/// Heads that may be idle, in the order the option idle_order asks for. Its memory is all there from the start.
/// What does not fit (a pool that was resized to more) is found by the scheduler's scan alone.
class IdleHints {
 public:
  IdleHints(IdleOrder order, size_t capacity) {
    constexpr size_t kMost = 65000;  // its nodes are counted in 16 bits
    capacity = std::min(capacity, kMost);
    if (order == IdleOrder::kLifo) {
      stack_ = std::make_unique<Stack>(capacity);
    } else {
      queue_ = std::make_unique<Queue>(capacity);
    }
  }
  bool Push(SlotHead* head) { return stack_ ? stack_->bounded_push(head) : queue_->bounded_push(head); }
  bool Pop(SlotHead** head) { return stack_ ? stack_->pop(*head) : queue_->pop(*head); }

 private:
  using Fixed = boost::lockfree::fixed_sized<true>;
  using Stack = boost::lockfree::stack<SlotHead*, Fixed>;
  using Queue = boost::lockfree::queue<SlotHead*, Fixed>;

  std::unique_ptr<Stack> stack_;
  std::unique_ptr<Queue> queue_;
};

using IdleSet = BasicIdleSet<StdAtomic, IdleHints>;

}  // namespace dbp

#endif  // DBP_POOL_IDLE_HINTS_H_
