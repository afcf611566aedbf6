#ifndef DBP_LOOP_TIMER_HEAP_H_
#define DBP_LOOP_TIMER_HEAP_H_

#include <cstdint>

#include "base/time.h"

namespace dbp {

/// Something that is due at a point in time, once per Schedule(). Lives in its owner.
class Timer {
 public:
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// On the reactor's thread, without a lock. The timer is no longer scheduled; it may be again, or destroyed.
  virtual void OnDue() = 0;

 protected:
  Timer() = default;
  /// REQUIRES: not scheduled (Reactor::Cancel).
  ~Timer() = default;

 private:
  friend class TimerHeap;
  Timer *left_ = nullptr, *right_ = nullptr, *parent_ = nullptr;
  Nanos due_ = kForever;
  uint32_t rank_ = 0;  ///< length of the right spine; 0: in no heap
};

/// Timers by due time: a leftist heap whose links are in the timers, so that nothing allocates and nothing
/// can fail. Every operation is O(log n). No order among equals.
/// Not synchronized; a pure structure.
class TimerHeap {
 public:
  bool empty() const { return root_ == nullptr; }
  /// kForever if there is none.
  Nanos earliest() const { return root_ ? root_->due_ : kForever; }

  /// Also moves one that is in it already, earlier or later. kForever takes it out.
  void Put(Timer& timer, Nanos due);
  /// Whether it was in.
  bool Take(Timer& timer);
  /// The earliest, taken out, if it is due; else NULL.
  Timer* TakeDue(Nanos now);

  static bool InAHeap(const Timer& timer) { return timer.rank_ != 0; }
  /// kForever if it is in no heap.
  static Nanos DueOf(const Timer& timer) { return InAHeap(timer) ? timer.due_ : kForever; }

 private:
  static uint32_t Rank(const Timer* timer) { return timer ? timer->rank_ : 0; }
  static Timer* Merge(Timer* a, Timer* b);
  static bool Balance(Timer& timer);

  Timer* root_ = nullptr;
};

}  // namespace dbp

#endif  // DBP_LOOP_TIMER_HEAP_H_
