#include "pool/scheduler.h"

#include <algorithm>
#include <cstring>

namespace dbp {

namespace {

/// Later than any ping_after, and no overflow when subtracted.
constexpr Nanos kLongAgo = -(Nanos{1} << 62);

}  // namespace

Scheduler::Scheduler(const Config& config, const DriverTraits& traits, IdleSet& idle_set,
                     uint64_t seed)
    : config_(config),
      first_alone_(traits.first_alone),
      pool_size_(config.pool_size),
      max_overflow_(config.max_overflow),
      min_size_(config.pooling ? config.min_size : 0),
      records_(config.pool_size + config.max_overflow),
      idle_set_(idle_set),
      random_(seed | 1) {
  counts_[0] = static_cast<uint32_t>(records_.size());
  for (uint32_t i = 0; i < records_.size(); ++i) PushBack(free_, i);
  UpdateGate();
}

void Scheduler::Bind(uint32_t index, Slot* slot, SlotHead& head) {
  Record& record = records_[index];
  record.slot = slot;
  record.head = &head;
  head.index = index;
  head.recalled.store(0, std::memory_order_relaxed);
  head.listed.store(false, std::memory_order_relaxed);
  head.uses.store(0, std::memory_order_relaxed);
  head.gate.store(&idle_set_.the_gate(), std::memory_order_relaxed);
}

// ---- events ----

void Scheduler::Start(Nanos now) {
  started_ = true;
  if (min_size_ == 0 && !config_.lazy) StartOpen();  // create promises to have reached the database
  Balance(now);
}

dbpool_status Scheduler::Acquire(Waiter& waiter, Nanos now, bool may_wait) {
  if (closed_) return DBPOOL_ERR_CLOSED;
  waiter.ticket_ = next_ticket_++;
  waiter.counted_ = false;
  if (!started_) Start(now);
  if (uint32_t index; queue_.empty() && TakeFit(&index)) {
    Grant(waiter, index, now);
    return DBPOOL_OK;
  }
  if (refused_for_ != DBPOOL_OK && open() == 0) {  // the answer holds until the next attempt, soon
    HurryRetry();
    WakeBy(retry_at_);
    if (now < retry_at_) return refused_for_;
  }
  if (!may_wait) {
    ++timed_out_;
    // Nobody waits for it, but the next try shall find something.
    if (count(SlotState::kOpening) == 0 && used() < limit() && now >= retry_at_) StartOpen();
    return DBPOOL_ERR_TIMEOUT;
  }
  if (queue_.size() >= config_.max_waiters) {
    ++refused_;
    return DBPOOL_ERR_FULL;
  }
  return Enqueue(waiter, now);
}

dbpool_status Scheduler::Retry(Waiter& waiter, CloseReason reason, Nanos now) {
  if (waiter.ticket_ == 0) waiter.ticket_ = next_ticket_++;  // it came by the fast path
  AddRelaxed(records_[waiter.index].head->uses, -1);         // it was not used
  Suspect(reason);
  Retire(waiter.index, reason);
  if (closed_) return DBPOOL_ERR_CLOSED;
  return Enqueue(waiter, now);
}

void Scheduler::Reject(Waiter& waiter, CloseReason reason, Nanos check_by, bool timed_out,
                       Nanos now) {
  AddRelaxed(records_[waiter.index].head->uses, -1);
  timed_out_ += timed_out;
  Release(waiter.index, reason, check_by, now);
}

bool Scheduler::Withdraw(Waiter& waiter, bool timed_out) {
  if (waiter.place_ != Waiter::Place::kQueued) return false;
  queue_.Remove(waiter);
  waiter.place_ = Waiter::Place::kNowhere;
  timed_out_ += timed_out;
  UpdateGate();
  return true;
}

void Scheduler::HungUp(uint32_t index, Nanos now) {
  Record& record = records_[index];
  Recall(*record.head, DBPOOL_CLOSED_BROKEN);
  Suspect(DBPOOL_CLOSED_BROKEN);
  if (record.state != SlotState::kLive || !IdleSet::Take(*record.head, 0)) return;
  Retire(index, DBPOOL_CLOSED_BROKEN);
  Balance(now);
}

void Scheduler::Release(uint32_t index, CloseReason verdict, Nanos check_by, Nanos now) {
  Record& record = records_[index];
  record.check_by = check_by;
  if (verdict == kKeep) verdict = ReasonToRetire(record, now);
  if (verdict == kKeep) {
    record.idle_since = now;
    Offer(index, now);
  } else {
    Suspect(verdict);
    Retire(index, verdict);
  }
  Balance(now);
}

void Scheduler::Checked(uint32_t index, CloseReason verdict, Nanos now) {
  ++checks_;
  Record& record = records_[index];
  record.idle_since = IdleSince(record);  // a ping is not use
  record.pinged_at = now;
  record.head->alive_at.store(now, std::memory_order_relaxed);
  record.check_by = kForever;
  if (verdict == kKeep) verdict = ReasonToRetire(record, now);
  if (verdict == kKeep) {
    Offer(index, now);
  } else {
    Suspect(verdict);
    Retire(index, verdict);
  }
  Balance(now);
}

void Scheduler::Closed(uint32_t index, CloseReason reason, Nanos now) {
  ++closed_by_[reason <= DBPOOL_CLOSED_POOL ? reason : 0];
  SetState(index, SlotState::kFree);
  PushBack(free_, index);
  Balance(now);
}

void Scheduler::Tick(Nanos now) {
  next_tick_ = kForever;
  for (uint32_t i = 0; i < records_.size(); ++i) {
    Record& record = records_[i];
    if (record.state != SlotState::kLive) continue;
    SlotHead& head = *record.head;
    if (now >= record.expires_at) Recall(head, DBPOOL_CLOSED_LIFETIME);
    CloseReason reason = ReasonToRetire(record, now);
    const Nanos alive_at = head.alive_at.load(std::memory_order_relaxed);
    if (reason == kKeep && head.idle() && now >= IdleDue(IdleSince(record))) {
      reason = DBPOOL_CLOSED_IDLE;
    }
    const bool check = now >= record.check_by || now >= KeepaliveDue(alive_at);
    if ((reason != kKeep || check) && IdleSet::Take(head, 0)) {
      if (reason != kKeep) {
        Retire(i, reason);
      } else {
        SetState(i, SlotState::kChecking);
        PushBack(to_check_, i);
      }
    }
  }
  for (const Record& record : records_) {
    if (record.state == SlotState::kLive) WakeFor(record, now);
  }
  Balance(now);
}

void Scheduler::Invalidate(Nanos now) {
  for (Record& record : records_) {
    if (record.state != SlotState::kFree) record.fresh = false;
    if (record.state == SlotState::kLive) Recall(*record.head, DBPOOL_CLOSED_INVALIDATED);
  }
  RetireIdle(DBPOOL_CLOSED_INVALIDATED);
  retry_at_ = 0;  // whoever asks for fresh connections wants them now
  failures_ = 0;
  refused_for_ = DBPOOL_OK;
  Balance(now);
}

void Scheduler::Resize(uint32_t pool_size, uint32_t max_overflow, Nanos now) {
  const uint32_t before = static_cast<uint32_t>(records_.size());
  if (pool_size + max_overflow > before) records_.resize(pool_size + max_overflow);
  for (uint32_t i = before; i < records_.size(); ++i) {
    ++counts_[0];
    PushBack(free_, i);
  }
  pool_size_ = pool_size;
  max_overflow_ = max_overflow;
  if (config_.pooling) {
    const bool follow = config_.min_size_follows || min_size_ > pool_size;
    min_size_ = follow ? pool_size : min_size_;
  }
  UpdateGate();  // closed from here on if more are there than may be
  uint32_t index = 0;
  while (open() - count(SlotState::kClosing) > pool_size_ && TakeIdle(&index)) {
    Retire(index, DBPOOL_CLOSED_SHRUNK);
  }
  WakeBy(now);
  Balance(now);
}

void Scheduler::Close(Nanos) {
  closed_ = true;
  next_tick_ = kForever;
  UpdateGate();
  FailAll(DBPOOL_ERR_CLOSED);
  RetireIdle(DBPOOL_CLOSED_POOL);
}

bool Scheduler::Next(Action* out) {
  if (Waiter* waiter = answered_.front()) {
    answered_.Remove(*waiter);
    waiter->place_ = Waiter::Place::kNowhere;
    *out = Action{Action::kAnswer, waiter->index, waiter->slot, waiter, kKeep};
    return true;
  }
  struct Due {
    IndexList& list;
    Action::Kind kind;
  };
  for (Due due : {Due{to_open_, Action::kOpen}, Due{to_close_, Action::kClose},
                  Due{to_check_, Action::kCheck}}) {
    if (due.list.head == kNil) continue;
    const uint32_t index = PopFront(due.list);
    *out = Action{due.kind, index, records_[index].slot, nullptr, records_[index].reason};
    return true;
  }
  return false;
}

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
  waiter.index = index;
  waiter.slot = record.slot;
  waiter.unused_for = now - head.alive_at.load(std::memory_order_relaxed);
  waiter.must_check = config_.ping_after != kForever && waiter.unused_for >= config_.ping_after;
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
/// it were so from now on.
void Scheduler::WakeFor(const Record& record, Nanos now) {
  const bool idle = record.head->idle();
  const Nanos alive_at = idle ? record.head->alive_at.load(std::memory_order_relaxed) : now;
  WakeBy(record.expires_at);
  WakeBy(record.check_by);
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
