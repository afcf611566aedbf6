#include <algorithm>

#include "pool/scheduler.h"

// When the scheduler opens connections: as many as callers wait for and min_size asks for, max_connecting at a
// time. While the server refuses, one alone with growing pauses; a server that is back is not stormed: each
// connect that succeeds allows one more at a time (1, 2, 4 ... as TCP's slow start).

namespace dbp {

namespace {

// After a failed connect the next one waits a random time up to kBackoffBase * 2^failures (full jitter, as
// in "Exponential Backoff And Jitter", M. Brooker, AWS 2015), capped; less while somebody waits for it.
constexpr Nanos kBackoffBase = 50 * kMillisecond;
constexpr Nanos kBackoffCap = 30 * kSecond;
constexpr Nanos kBackoffCapWaiting = 1 * kSecond;

}  // namespace

bool Scheduler::ShouldOpen(Nanos now) const {
  const uint32_t opening = count(SlotState::kOpening);
  const bool alone = first_alone_ && !ever_opened_;
  if (used() >= limit() || opening >= (alone ? 1 : may_open_) || now < retry_at_) return false;
  return opening < queue_.size() ||
         (started_ && used() - count(SlotState::kClosing) < min_size_);
}

void Scheduler::StartOpen() {
  const uint32_t index = PopFront(free_);
  Record& record = records_[index];
  record.fresh = true;
  if (record.head) record.head->recalled.store(0, std::memory_order_relaxed);
  SetState(index, SlotState::kOpening);
  PushBack(to_open_, index);
}

Nanos Scheduler::Backoff() {
  const Nanos cap = queue_.empty() ? kBackoffCap : kBackoffCapWaiting;
  const Nanos top = failures_ < 16 ? std::min(cap, kBackoffBase << failures_) : cap;
  return static_cast<Nanos>(Random() % static_cast<uint64_t>(top)) + kMillisecond;
}

uint64_t Scheduler::Random() {  // xorshift64* (Vigna 2014)
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return random_ * 0x2545F4914F6CDD1DULL;
}

/// Somebody waits: the next attempt comes sooner than after a failure that nobody saw.
void Scheduler::HurryRetry() {
  const Nanos soon = AddSaturated(failed_at_, kBackoffCapWaiting);
  if (failures_ > 0 && retry_at_ > soon) retry_at_ = soon;
}

void Scheduler::Opened(uint32_t index, Nanos now) {
  ++opened_;
  ever_opened_ = true;
  failures_ = 0;
  may_open_ = std::min(may_open_ + 1, config_.max_connecting);
  refused_for_ = DBPOOL_OK;
  retry_at_ = 0;
  Record& record = records_[index];
  acquired_ += record.head->uses.exchange(0, std::memory_order_relaxed);  // of the one before it
  record.tagged = 0;
  record.idle_since = record.pinged_at = now;
  record.head->leased_at.store(now, std::memory_order_relaxed);
  record.head->alive_at.store(now, std::memory_order_relaxed);
  record.check_by = kForever;
  record.expires_at = kForever;
  if (config_.max_lifetime != kForever) {
    const double share = static_cast<double>(Random() >> 11) * 0x1p-53 * config_.lifetime_jitter;
    record.expires_at = AddSaturated(
        now, static_cast<Nanos>(static_cast<double>(config_.max_lifetime) * (1.0 - share)));
  }
  CloseReason reason = record.head->recalled.load(std::memory_order_relaxed);
  if (!record.fresh) reason = DBPOOL_CLOSED_INVALIDATED;
  if (closed_) reason = DBPOOL_CLOSED_POOL;
  if (reason != kKeep) {
    Retire(index, reason);
  } else {
    Offer(index, now);
  }
  WakeBy(now);  // one more connection: others may be surplus now
  Balance(now);
}

void Scheduler::OpenFailed(uint32_t index, dbpool_status code, bool permanent, Nanos now) {
  ++open_failed_;
  ++failures_;
  may_open_ = 1;
  failed_at_ = now;
  SetState(index, SlotState::kFree);
  PushBack(free_, index);
  retry_at_ = AddSaturated(now, Backoff());
  refused_for_ = permanent ? code : DBPOOL_OK;
  // Whoever waits for a connection that is lent now may still get it.
  if (permanent && open() == 0) FailAll(code);
  Balance(now);
}

}  // namespace dbp
