#include <algorithm>
#include <cstring>

#include "pool/scheduler.h"

// How a connection comes to a waiter, and what becomes of it when it is with nobody: the queue, the live slots,
// their times, the gate.

namespace dbp {

namespace {

/// Later than any ping_after, and no overflow when subtracted.
constexpr Nanos kLongAgo = -(Nanos{1} << 62);

}  // namespace

// ---- waiters ----

dbpool_status Scheduler::Enqueue(Waiter& waiter, Nanos now) {
  waiter.status = DBPOOL_PENDING;
  waiter.place_ = Waiter::Place::kQueued;
  queue_.Insert(waiter);
  HurryRetry();
  // The gate first, then the look: whoever publishes after it finds the gate closed. Behind others there is
  // nothing to look for: everything that comes back is offered to the queue.
  UpdateGate();
  if (uint32_t index; queue_.size() == 1 && TakeFit(&index)) ServeFirst(index, now);
  Balance(now);
  return DBPOOL_PENDING;
}

/// One that is idle, for the scheduler to own: by the hints, else by a look at all.
bool Scheduler::TakeIdle(uint32_t* index) {
  if (SlotHead* head = idle_set_.TakeAny(0)) {
    *index = head->index;
    return true;
  }
  for (uint32_t i = 0; i < records_.size(); ++i) {
    if (records_[i].state != SlotState::kLive || !IdleSet::Take(*records_[i].head, 0)) continue;
    *index = i;
    return true;
  }
  return false;
}

/// One to lend: what was recalled goes, and he who has just published it need not see to it.
bool Scheduler::TakeFit(uint32_t* index) {
  while (TakeIdle(index)) {
    const CloseReason reason = records_[*index].head->recalled.load();
    if (reason == kKeep) return true;
    Retire(*index, reason);
  }
  return false;
}

/// REQUIRES: the slot is the scheduler's; from here on it is the waiter's.
void Scheduler::Grant(Waiter& waiter, uint32_t index, Nanos now) {
  Record& record = records_[index];
  SlotHead& head = *record.head;
  NoteLease(head, now, config_.max_uses);
  if (*waiter.tag) {
    std::strncpy(record.tag, waiter.tag, sizeof record.tag - 1);
    record.tagged = head.uses.load(std::memory_order_relaxed);
  }
  record.check_by = kForever;  // whoever has it sees to a reset
  waiter.index = index;
  waiter.slot = record.slot;
  const Nanos unused_for = now - head.alive_at.load(std::memory_order_relaxed);
  waiter.must_check = config_.ping_after != kForever && unused_for >= config_.ping_after;
  waiter.status = DBPOOL_OK;
}

void Scheduler::Answer(Waiter& waiter, dbpool_status status) {
  queue_.Remove(waiter);
  waiter.place_ = Waiter::Place::kAnswered;
  waiter.status = status;
  answered_.Insert(waiter);
  waited_ += !waiter.counted_;
  waiter.counted_ = true;
}

void Scheduler::ServeFirst(uint32_t index, Nanos now) {
  Waiter& first = *queue_.front();
  Answer(first, DBPOOL_OK);
  Grant(first, index, now);
}

void Scheduler::FailAll(dbpool_status status) {
  while (!queue_.empty()) Answer(*queue_.front(), status);
}

// ---- slots ----

/// To the oldest waiter, or to whoever comes. REQUIRES: the slot is the scheduler's.
void Scheduler::Offer(uint32_t index, Nanos now) {
  Record& record = records_[index];
  SetState(index, SlotState::kLive);
  WakeFor(record, now);
  if (!queue_.empty()) return ServeFirst(index, now);
  idle_set_.PublishScheduled(*record.head);
}

/// When a live slot is to be looked at again. One that is lent may be idle a moment later, beside us: as if
/// it were so from now on. What was due of it then is past: its release tells of it.
void Scheduler::WakeFor(const Record& record, Nanos now) {
  const bool idle = record.head->idle();
  const Nanos alive_at = idle ? record.head->alive_at.load(std::memory_order_relaxed) : now;
  for (const Nanos due : {record.expires_at, record.check_by}) {
    if (idle || due > now) WakeBy(due);
  }
  WakeBy(IdleDue(idle ? IdleSince(record) : now));
  WakeBy(KeepaliveDue(alive_at));
}

/// REQUIRES: the slot is the scheduler's.
void Scheduler::Retire(uint32_t index, CloseReason reason) {
  records_[index].reason = reason;
  SetState(index, SlotState::kClosing);
  PushBack(to_close_, index);
}

void Scheduler::RetireIdle(CloseReason reason) {
  for (uint32_t index; TakeIdle(&index);) Retire(index, reason);
}

CloseReason Scheduler::ReasonToRetire(const Record& record, Nanos now) const {
  if (closed_) return DBPOOL_CLOSED_POOL;
  if (!record.fresh) return DBPOOL_CLOSED_INVALIDATED;
  if (!config_.pooling || used() > limit()) return DBPOOL_CLOSED_SHRUNK;
  if (now >= record.expires_at) return DBPOOL_CLOSED_LIFETIME;
  return record.head->recalled.load(std::memory_order_relaxed);
}

/// When its last lease ended, to the coarse clock's point; a lease that nobody used counts from its beginning.
Nanos Scheduler::IdleSince(const Record& record) const {
  const Nanos alive_at = record.head->alive_at.load(std::memory_order_relaxed);
  const Nanos leased_at = record.head->leased_at.load(std::memory_order_relaxed);
  return std::max(alive_at == record.pinged_at ? record.idle_since : alive_at, leased_at);
}

/// When an idle connection is surplus: kForever while no more than what is kept are there.
Nanos Scheduler::IdleDue(Nanos idle_since) const {
  const uint32_t kept = open() - count(SlotState::kClosing);
  if (kept <= min_size_) return kForever;
  Nanos timeout = config_.idle_timeout;
  if (kept > pool_size_ && timeout > kOverflowIdle) timeout = kOverflowIdle;
  return AddSaturated(idle_since, timeout);
}

Nanos Scheduler::KeepaliveDue(Nanos alive_at) const {
  return config_.keepalive == kForever ? kForever : AddSaturated(alive_at, config_.keepalive);
}

/// One connection was lost: the others were perhaps lost with it (a restart, a failover).
void Scheduler::Suspect(CloseReason reason) {
  if (reason != DBPOOL_CLOSED_BROKEN && reason != DBPOOL_CLOSED_PING) return;
  for (Record& record : records_) {
    if (record.state != SlotState::kLive) continue;
    record.idle_since = IdleSince(record);
    record.pinged_at = kLongAgo;
    record.head->alive_at.store(kLongAgo, std::memory_order_relaxed);
  }
}

/// Restores I4 and the sizes; every event ends here.
void Scheduler::Balance(Nanos now) {
  UpdateGate();
  if (closed_) return;
  while (ShouldOpen(now)) StartOpen();
  const bool wanted = !queue_.empty() || (started_ && used() < min_size_);
  if (wanted && now < retry_at_) WakeBy(retry_at_);
}

void Scheduler::UpdateGate() {
  uint32_t reasons = 0;
  if (!queue_.empty()) reasons |= Gate::kWaiters;
  if (closed_) reasons |= Gate::kClosed;
  if (!config_.pooling || used() > limit()) reasons |= Gate::kScheduled;
  if (reasons != idle_set_.gate()) idle_set_.SetGate(reasons);
}

// ---- lists and counts ----

void Scheduler::SetState(uint32_t index, SlotState state) {
  Record& record = records_[index];
  --counts_[static_cast<size_t>(record.state)];
  record.state = state;
  ++counts_[static_cast<size_t>(state)];
}

void Scheduler::PushBack(IndexList& list, uint32_t index) {
  Record& record = records_[index];
  record.prev = list.tail;
  record.next = kNil;
  (list.tail == kNil ? list.head : records_[list.tail].next) = index;
  list.tail = index;
}

void Scheduler::Unlink(IndexList& list, uint32_t index) {
  Record& record = records_[index];
  (record.prev == kNil ? list.head : records_[record.prev].next) = record.next;
  (record.next == kNil ? list.tail : records_[record.next].prev) = record.prev;
  record.prev = record.next = kNil;
}

uint32_t Scheduler::PopFront(IndexList& list) {
  const uint32_t index = list.head;
  Unlink(list, index);
  return index;
}

}  // namespace dbp
