#include "pool/scheduler.h"

#include <algorithm>
#include <cstring>

namespace dbp {

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

}  // namespace dbp
