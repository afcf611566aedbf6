#include "pool/checks.h"
#include "pool/lease.h"
#include "pool/pool.h"

namespace dbp {

Status Pool::Release(dbpool_conn token) {
  Slot* slot = FindSlot(token);
  if (!slot) return Status::Bare(DBPOOL_ERR_STALE);
  const uint64_t word = slot->word.load(std::memory_order_relaxed);
  if (word >> 8 != Slot::GenerationOf(token)) return Status::Bare(DBPOOL_ERR_STALE);
  if (slot->fork_stamp.load(std::memory_order_relaxed) != ForkGeneration()) {
    return Status::Bare(DBPOOL_ERR_FORKED);
  }
  if (word == (Slot::GenerationOf(token) << 8 | Slot::kLent)) {
    switch (IdleSet::ReleaseUnused(*slot, word)) {
      case IdleSet::Released::kIdle:
        return Status::Ok();
      case IdleSet::Released::kMine:
        slot->pool.load(std::memory_order_relaxed)->ReturnClean(*slot);
        return Status::Ok();
      case IdleSet::Released::kNot:
        break;
    }
  }
  Slot::Claim claim = slot->TakeBack(token);
  if (claim == Slot::Claim::kInUse) {  // perhaps by a close that cuts it off, which says so beforehand
    slot->AwaitVisitors();
    claim = slot->TakeBack(token);
  }
  switch (claim) {
    case Slot::Claim::kMine:
      slot->pool.load(std::memory_order_relaxed)->Return(*slot, word & Slot::kUsed);
      return Status::Ok();
    case Slot::Claim::kInUse:
      return Status::Bare(DBPOOL_ERR_BUSY);
    case Slot::Claim::kStale:
      break;
  }
  return Status::Bare(DBPOOL_ERR_STALE);
}

/// Nothing in here waits for a peer, and nothing allocates unless the driver's reset does.
void Pool::Return(Slot& slot, bool used) {
  if (config_.hooks.returned && slot.connection && !slot.connection->broken()) {
    const dbpool_conn token = slot.Lend(Slot::kLent | Slot::kHook);
    config_.hooks.returned(config_.hooks.user_data, token);
    slot.TakeBackFromHook(token);
  }
  CloseReason verdict = kKeep;
  Nanos check_by = kForever;
  if (!slot.connection || slot.connection->broken()) {
    verdict = Abandoned() ? DBPOOL_CLOSED_POOL : DBPOOL_CLOSED_BROKEN;  // cut off, or lost
  } else if (slot.cancels->in_flight > 0 ||
             (slot.connection->streaming() && slot.connection->fd() >= 0)) {
    // A cancel request, or rows, are still on their way: somebody must wait for them, but not the caller.
    slot.lane.LeaveForLease();
    if (StartJob(slot, &Pool::SettleSlot)) return;
    verdict = DBPOOL_CLOSED_RESET;
  } else {
    verdict = CleanUp(slot, &check_by);
  }
  slot.lane.LeaveForLease();
  if (slot.read_only_tx) slot.plain.store(false, std::memory_order_relaxed);
  if (used) slot.alive_at.store(CoarseNow(), std::memory_order_relaxed);
  if (verdict == kKeep && check_by == kForever) return ReturnClean(slot);
  Handle([&](Scheduler& s, Nanos now) { s.Release(slot.index, verdict, check_by, now); });
}

/// To whoever comes next; to the oldest waiter if somebody waits. The pool may be gone once it is published.
void Pool::ReturnClean(Slot& slot) {
  Remember(slot);
  const bool wanted = !idle_set_.open() || slot.recalled.load(std::memory_order_relaxed) != 0;
  if (!wanted && idle_set_.Publish(slot)) return;
  Handle([&](Scheduler& s, Nanos now) { s.Release(slot.index, kKeep, slot.reset_by, now); });
}

/// Sends what makes the connection clean, without waiting for the answer: the next borrower reads it.
CloseReason Pool::CleanUp(Slot& slot, Nanos* check_by) {
  Connection& connection = *slot.connection;
  if (!config_.pooling || !connection.NeedsReset(config_.reset)) return kKeep;
  resets_.fetch_add(1, std::memory_order_relaxed);
  const Deadline deadline = Deadline::After(config_.reset_timeout);
  try {
    connection.StartReset(config_.reset, deadline);
    if (connection.Step() == Want::kDone) {
      return connection.Finish(nullptr).ok() ? kKeep : CloseReason{DBPOOL_CLOSED_RESET};
    }
  } catch (const std::bad_alloc&) {
    return DBPOOL_CLOSED_RESET;
  }
  slot.reset_by = *check_by = deadline.point();
  slot.plain.store(false, std::memory_order_relaxed);
  return kKeep;
}

}  // namespace dbp
