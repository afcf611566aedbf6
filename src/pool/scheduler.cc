#include "pool/scheduler.h"

#include <cstring>

namespace dbp {

Scheduler::Scheduler(const Config& config, const DriverTraits& traits, uint64_t seed)
    : config_(config),
      first_alone_(traits.first_alone),
      pool_size_(config.pool_size),
      max_overflow_(config.max_overflow),
      min_size_(config.pooling ? config.min_size : 0),
      records_(config.pool_size + config.max_overflow),
      random_(seed | 1) {
  counts_[0] = static_cast<uint32_t>(records_.size());
  for (uint32_t i = 0; i < records_.size(); ++i) PushBack(free_, i);
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
  if (queue_.empty() && idle_.head != kNil) {
    Grant(waiter, now);
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
  --acquired_;
  Suspect(reason, now);
  Retire(waiter.index, reason);
  if (closed_) return DBPOOL_ERR_CLOSED;
  return Enqueue(waiter, now);
}

void Scheduler::Reject(Waiter& waiter, CloseReason reason, Nanos check_by, bool timed_out,
                       Nanos now) {
  --acquired_;
  timed_out_ += timed_out;
  Release(waiter.index, reason, check_by, now);
}

bool Scheduler::Withdraw(Waiter& waiter) {
  if (waiter.place_ != Waiter::Place::kQueued) return false;
  queue_.Remove(waiter);
  waiter.place_ = Waiter::Place::kNowhere;
  ++timed_out_;
  return true;
}

void Scheduler::Release(uint32_t index, CloseReason verdict, Nanos check_by, Nanos now) {
  Record& record = records_[index];
  record.checked_at = now;
  record.check_by = check_by;
  if (verdict == kKeep) verdict = ReasonToRetire(record, now);
  if (verdict == kKeep) {
    MakeIdle(index, now);
  } else {
    Suspect(verdict, now);
    Retire(index, verdict);
  }
  Balance(now);
}

void Scheduler::Checked(uint32_t index, CloseReason verdict, Nanos now) {
  ++checks_;
  Record& record = records_[index];
  const Nanos idle_since = record.idle_since;
  record.checked_at = now;
  record.check_by = kForever;
  if (verdict == kKeep) verdict = ReasonToRetire(record, now);
  if (verdict == kKeep) {
    MakeIdle(index, now);
    record.idle_since = idle_since;  // a ping is not use
  } else {
    Suspect(verdict, now);
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
  for (uint32_t i = idle_.head, next; i != kNil; i = next) {
    Record& record = records_[i];
    next = record.next;
    CloseReason reason = ReasonToRetire(record, now);
    if (reason == kKeep && now >= IdleDue(record)) reason = DBPOOL_CLOSED_IDLE;
    if (reason != kKeep) {
      Unlink(idle_, i);
      Retire(i, reason);
    } else if (now >= record.check_by || now >= AddSaturated(record.checked_at, config_.keepalive)) {
      Unlink(idle_, i);
      SetState(i, SlotState::kChecking);
      PushBack(to_check_, i);
    }
  }
  for (uint32_t i = idle_.head; i != kNil; i = records_[i].next) {
    const Record& record = records_[i];
    WakeBy(record.expires_at);
    WakeBy(record.check_by);
    WakeBy(IdleDue(record));
    WakeBy(AddSaturated(record.checked_at, config_.keepalive));
  }
  Balance(now);
}

void Scheduler::Invalidate(Nanos now) {
  for (Record& record : records_) {
    if (record.state != SlotState::kFree) record.fresh = false;
  }
  while (idle_.head != kNil) Retire(PopFront(idle_), DBPOOL_CLOSED_INVALIDATED);
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
  while (idle_.head != kNil && open() - count(SlotState::kClosing) > pool_size_) {
    Retire(PopFront(idle_), DBPOOL_CLOSED_SHRUNK);
  }
  WakeBy(now);
  Balance(now);
}

void Scheduler::Close(Nanos now) {
  closed_ = true;
  next_tick_ = kForever;
  FailAll(DBPOOL_ERR_CLOSED, now);
  while (idle_.head != kNil) Retire(PopFront(idle_), DBPOOL_CLOSED_POOL);
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
  Balance(now);
  return DBPOOL_PENDING;
}

void Scheduler::Grant(Waiter& waiter, Nanos now) {
  uint32_t index = idle_.head;
  if (config_.idle_order == IdleOrder::kLifo) index = idle_.tail;
  Unlink(idle_, index);
  SetState(index, SlotState::kLeased);
  Record& record = records_[index];
  ++record.uses;
  record.leased_at = now;
  if (*waiter.tag || *record.tag) std::strncpy(record.tag, waiter.tag, sizeof record.tag - 1);
  waiter.index = index;
  waiter.slot = record.slot;
  waiter.unused_for = now - record.checked_at;
  waiter.must_check =
      config_.ping_after != kForever &&
      (waiter.unused_for >= config_.ping_after || record.checked_at <= suspect_before_);
  waiter.status = DBPOOL_OK;
  ++acquired_;
}

void Scheduler::Answer(Waiter& waiter, dbpool_status status, Nanos now) {
  queue_.Remove(waiter);
  waiter.place_ = Waiter::Place::kAnswered;
  if (status == DBPOOL_OK) {
    Grant(waiter, now);
  } else {
    waiter.status = status;
  }
  answered_.Insert(waiter);
  waited_ += !waiter.counted_;
  waiter.counted_ = true;
}

void Scheduler::FailAll(dbpool_status status, Nanos now) {
  while (!queue_.empty()) Answer(*queue_.front(), status, now);
}

// ---- slots ----

void Scheduler::MakeIdle(uint32_t index, Nanos now) {
  Record& record = records_[index];
  record.idle_since = now;
  SetState(index, SlotState::kIdle);
  PushBack(idle_, index);
  WakeBy(record.expires_at);
  WakeBy(record.check_by);
  WakeBy(IdleDue(record));
  WakeBy(AddSaturated(record.checked_at, config_.keepalive));
}

void Scheduler::Retire(uint32_t index, CloseReason reason) {
  records_[index].reason = reason;
  SetState(index, SlotState::kClosing);
  PushBack(to_close_, index);
}

CloseReason Scheduler::ReasonToRetire(const Record& record, Nanos now) const {
  if (closed_) return DBPOOL_CLOSED_POOL;
  if (!record.fresh) return DBPOOL_CLOSED_INVALIDATED;
  if (!config_.pooling || used() > limit()) return DBPOOL_CLOSED_SHRUNK;
  if (now >= record.expires_at) return DBPOOL_CLOSED_LIFETIME;
  if (config_.max_uses != 0 && record.uses >= config_.max_uses) return DBPOOL_CLOSED_USES;
  return kKeep;
}

/// When an idle connection is surplus: kForever while no more than what is kept are there.
Nanos Scheduler::IdleDue(const Record& record) const {
  const uint32_t kept = open() - count(SlotState::kClosing);
  if (kept <= min_size_) return kForever;
  Nanos timeout = config_.idle_timeout;
  if (kept > pool_size_ && timeout > kOverflowIdle) timeout = kOverflowIdle;
  return AddSaturated(record.idle_since, timeout);
}

/// One connection was lost: the others were perhaps lost with it (a restart, a failover).
void Scheduler::Suspect(CloseReason reason, Nanos now) {
  if (reason == DBPOOL_CLOSED_BROKEN || reason == DBPOOL_CLOSED_PING) suspect_before_ = now;
}

/// Restores I4 and the sizes; every event ends here.
void Scheduler::Balance(Nanos now) {
  if (closed_) return;
  while (!queue_.empty() && idle_.head != kNil) Answer(*queue_.front(), DBPOOL_OK, now);
  while (ShouldOpen(now)) StartOpen();
  const bool wanted = !queue_.empty() || (started_ && used() < min_size_);
  if (wanted && now < retry_at_) WakeBy(retry_at_);
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
