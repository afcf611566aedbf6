#include <cstdio>
#include <cstdlib>

#include "pool/scheduler.h"

// What the scheduler shows of itself: statistics, holders, and its invariants.

namespace dbp {

void Scheduler::Fill(dbpool_statistics* out) const {
  out->limit = limit();
  out->open = open();
  out->idle = idle();
  out->leased = count(SlotState::kLive) - out->idle;
  out->opening = count(SlotState::kOpening);
  out->waiting = waiting();
  out->acquired = acquired_;
  for (const Record& record : records_) {
    if (record.head) out->acquired += record.head->uses.load(std::memory_order_relaxed);
  }
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

uint32_t Scheduler::idle() const {
  uint32_t n = 0;
  for (const Record& record : records_) n += record.state == SlotState::kLive && record.head->idle();
  return n;
}

Scheduler::Holder Scheduler::LongestHeld(Nanos now) const {
  const Record* oldest = nullptr;
  Nanos since = kForever;
  for (const Record& record : records_) {
    if (record.state != SlotState::kLive || record.head->idle()) continue;
    const Nanos leased_at = record.head->leased_at.load(std::memory_order_relaxed);
    if (leased_at >= since) continue;
    oldest = &record;
    since = leased_at;
  }
  if (!oldest) return {nullptr, 0};
  const bool tagged = oldest->tagged == oldest->head->uses.load(std::memory_order_relaxed);
  return {tagged ? oldest->tag : "", now - since};
}

namespace {

void Require(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "dbpool: scheduler invariant broken: %s\n", invariant);
  std::abort();
}

}  // namespace

void Scheduler::CheckInvariants() const {
  uint32_t seen[5] = {};
  uint32_t in_use = 0;
  for (const Record& record : records_) {
    ++seen[static_cast<size_t>(record.state)];
    in_use += record.state != SlotState::kFree;
  }
  for (size_t i = 0; i < 5; ++i) Require(seen[i] == counts_[i], "I1: counts match states");
  Require(in_use == used(), "I1: used() counts all but free");
  Require(queue_.empty() || idle_set_.gate() != 0, "I5: the gate is closed while somebody waits");
  uint64_t ticket = 0;
  int looks = 64;  // debug builds, too, have a hundred thousand waiters now and then
  for (Waiter* w = queue_.front(); w && looks-- > 0; w = w->next_) {
    Require(w->ticket_ > ticket, "I5: the queue is in the order of tickets");
    Require(w->place_ == Waiter::Place::kQueued, "I5: queued waiters are not answered");
    ticket = w->ticket_;
  }
}

}  // namespace dbp
