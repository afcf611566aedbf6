#include <cstdio>
#include <cstdlib>

#include "pool/scheduler.h"

// What the scheduler shows of itself: statistics, holders, and its invariants.

namespace dbp {

void Scheduler::Fill(dbpool_statistics* out) const {
  out->limit = limit();
  out->open = open();
  out->idle = count(SlotState::kIdle);
  out->leased = count(SlotState::kLeased);
  out->opening = count(SlotState::kOpening);
  out->waiting = waiting();
  out->acquired = acquired_;
  out->waited = waited_;
  out->timed_out = timed_out_;
  out->opened = opened_;
  for (uint64_t closed : closed_by_) out->closed += closed;
  out->open_failed = open_failed_;
  out->refused = refused_;
  out->closed_idle = closed_by_[DBPOOL_CLOSED_IDLE];
  out->closed_lifetime = closed_by_[DBPOOL_CLOSED_LIFETIME];
  out->closed_uses = closed_by_[DBPOOL_CLOSED_USES];
  out->closed_broken = closed_by_[DBPOOL_CLOSED_BROKEN];
  out->closed_ping = closed_by_[DBPOOL_CLOSED_PING];
  out->closed_reset = closed_by_[DBPOOL_CLOSED_RESET];
  out->closed_invalidated = closed_by_[DBPOOL_CLOSED_INVALIDATED];
  out->closed_hook = closed_by_[DBPOOL_CLOSED_HOOK];
  out->closed_shrunk = closed_by_[DBPOOL_CLOSED_SHRUNK];
  out->pool_size = pool_size_;
  out->max_overflow = max_overflow_;
  out->min_size = min_size_;
}

Scheduler::Holder Scheduler::LongestHeld(Nanos now) const {
  const Record* oldest = nullptr;
  for (const Record& record : records_) {
    if (record.state != SlotState::kLeased) continue;
    if (!oldest || record.leased_at < oldest->leased_at) oldest = &record;
  }
  return oldest ? Holder{oldest->tag, now - oldest->leased_at} : Holder{nullptr, 0};
}

namespace {

void Require(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "dbpool: scheduler invariant broken: %s\n", invariant);
  std::abort();
}

}  // namespace

void Scheduler::CheckInvariants() const {
  uint32_t seen[6] = {};
  uint32_t in_use = 0;
  for (const Record& record : records_) {
    ++seen[static_cast<size_t>(record.state)];
    in_use += record.state != SlotState::kFree;
  }
  for (size_t i = 0; i < 6; ++i) Require(seen[i] == counts_[i], "I1: counts match states");
  Require(in_use == used(), "I1: used() counts all but free");
  uint32_t idle = 0;
  for (uint32_t i = idle_.head; i != kNil; i = records_[i].next, ++idle) {
    Require(records_[i].state == SlotState::kIdle, "I1: the idle list holds idle slots");
  }
  Require(idle == count(SlotState::kIdle), "I1: every idle slot is in the idle list");
  Require(count(SlotState::kIdle) == 0 || queue_.empty(), "I4: no idle slot beside a waiter");
  uint64_t ticket = 0;
  for (Waiter* w = queue_.front(); w; w = w->next_) {
    Require(w->ticket_ > ticket, "I5: the queue is in the order of tickets");
    Require(w->place_ == Waiter::Place::kQueued, "I5: queued waiters are not answered");
    ticket = w->ticket_;
  }
}

}  // namespace dbp
