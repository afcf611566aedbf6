#include "loop/timer_heap.h"

#include <utility>

namespace dbp {

// Leftist: of two children the left one's right spine is never the shorter. So the right spine of n timers
// has at most log2(n + 1), and it alone is walked.

/// The shorter spine to the right. Whether the rank has changed, which the parent must hear of.
bool TimerHeap::Balance(Timer& timer) {
  if (Rank(timer.left_) < Rank(timer.right_)) std::swap(timer.left_, timer.right_);
  const uint32_t rank = Rank(timer.right_) + 1;
  return std::exchange(timer.rank_, rank) != rank;
}

Timer* TimerHeap::Merge(Timer* a, Timer* b) {
  if (!a) return b;
  if (!b) return a;
  if (b->due_ < a->due_) std::swap(a, b);
  a->right_ = Merge(a->right_, b);
  a->right_->parent_ = a;
  Balance(*a);
  return a;
}

void TimerHeap::Put(Timer& timer, Nanos due) {
  Take(timer);
  if (due == kForever) return;
  timer.due_ = due;
  timer.rank_ = 1;
  root_ = Merge(root_, &timer);
  root_->parent_ = nullptr;
}

bool TimerHeap::Take(Timer& timer) {
  if (!InAHeap(timer)) return false;
  Timer* parent = std::exchange(timer.parent_, nullptr);
  Timer* heir = Merge(std::exchange(timer.left_, nullptr), std::exchange(timer.right_, nullptr));
  timer.rank_ = 0;
  if (heir) heir->parent_ = parent;
  if (!parent) {
    root_ = heir;
  } else {
    (parent->left_ == &timer ? parent->left_ : parent->right_) = heir;
  }
  // A rank that stays ends it; one that changes does so in at most as many ancestors as a spine is long.
  for (; parent && Balance(*parent); parent = parent->parent_) {}
  return true;
}

Timer* TimerHeap::TakeDue(Nanos now) {
  Timer* first = root_;
  if (!first || first->due_ > now) return nullptr;
  Take(*first);
  return first;
}

}  // namespace dbp
