#ifndef DBP_POOL_WAITER_H_
#define DBP_POOL_WAITER_H_

#include <dbpool/types.h>

#include <cstdint>

#include "base/time.h"

namespace dbp {

struct Slot;

/// One caller that wants a connection. It lives where the caller waits (its stack, or a pending
/// operation) and is linked into the scheduler's queue: waiting allocates nothing. There may be 100,000 of
/// them, so small members come last, where a derived class's may fill the line up.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// The answer below is there. Called once per answer that came after waiting, without a lock.
  virtual void Wake() = 0;

  const char* tag = "";  ///< who asks; copied when it is granted

 private:
  friend class Scheduler;
  friend class WaiterList;
  enum class Place : uint8_t { kNowhere, kQueued, kAnswered };
  uint64_t ticket_ = 0;  ///< order of arrival; kept when it must queue again
  Waiter* prev_ = nullptr;
  Waiter* next_ = nullptr;

 public:
  // The answer. REQUIRES: answered.
  Slot* slot = nullptr;  ///< what was granted, as the shell knows it, when status is DBPOOL_OK
  uint32_t index = 0;    ///< the same
  dbpool_status status = DBPOOL_PENDING;
  bool must_check = false;  ///< ask the connection for a sign of life before use

 private:
  Place place_ = Place::kNowhere;
  bool counted_ = false;  ///< its wait is in the statistics already
};

/// Doubly linked through the waiters.
class WaiterList {
 public:
  bool empty() const { return head_ == nullptr; }
  uint32_t size() const { return size_; }
  Waiter* front() const { return head_; }

  /// Before the first one with a later ticket: a newcomer at the back; one that comes back is among the oldest.
  void Insert(Waiter& waiter) {
    Waiter* before = tail_ && tail_->ticket_ < waiter.ticket_ ? nullptr : head_;
    while (before && before->ticket_ < waiter.ticket_) before = before->next_;
    waiter.prev_ = before ? before->prev_ : tail_;
    waiter.next_ = before;
    (waiter.prev_ ? waiter.prev_->next_ : head_) = &waiter;
    (waiter.next_ ? waiter.next_->prev_ : tail_) = &waiter;
    ++size_;
  }
  void Remove(Waiter& waiter) {
    (waiter.prev_ ? waiter.prev_->next_ : head_) = waiter.next_;
    (waiter.next_ ? waiter.next_->prev_ : tail_) = waiter.prev_;
    waiter.prev_ = waiter.next_ = nullptr;
    --size_;
  }

 private:
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace dbp

#endif  // DBP_POOL_WAITER_H_
