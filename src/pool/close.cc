#include <new>
#include <string>
#include <utility>

#include "pool/lease.h"
#include "pool/pool.h"

namespace dbp {

namespace {

/// The pool is closed all the same, with or without memory to say so.
Status NotReturned(uint32_t leased) {
  try {
    return Status::Error(DBPOOL_ERR_TIMEOUT,
                         std::to_string(leased) + (leased == 1 ? " lease was" : " leases were") +
                             " not returned in time and cut off",
                         DBPOOL_PHASE_CLOSE, {}, DBPOOL_FLAG_TIMEOUT);
  } catch (const std::bad_alloc&) {
    return Status::Bare(DBPOOL_ERR_TIMEOUT);
  }
}

void CutOffInUse(Slot& slot) {
  try {
    RequestCancel(slot);
  } catch (const std::bad_alloc&) {  // no request then: the shut socket will do
  }
  if (slot.connection) slot.connection->Abort();
  slot.lane.Interrupt();  // for who began after the request
}

/// Not lent: on its way to a borrower or back, which has deadlines of its own. A lease that is pinned here is so
/// within a visit: whoever releases it at this moment waits, and is not told that it is in use.
void CutOffSlot(Slot& slot) {
  slot.Visit(0, [&](uint64_t word) {
    word &= ~uint64_t{Slot::kBusy};
    if (!slot.Pin(word)) return CutOffInUse(slot);
    slot.DropConnection();
    slot.lane.LeaveForLease();
    slot.Unpin(word);
  });
}

}  // namespace

std::shared_ptr<Pool> Pool::BeginClose() {
  std::shared_ptr<Pool> alive;
  {
    MutexLock lock(mu_);
    alive = self_;  // NULL: closed and empty already
  }
  abandoned_ = true;
  Handle([](Scheduler& s, Nanos now) {
    if (!s.closed()) s.Close(now);
  });
  if (!alive) return alive;
  lane_.InterruptAll();  // who acquires for writing waits there with a connection that nobody has yet
  KeeperRemove(*this);
  return alive;
}

Status Pool::Close(Nanos timeout) {
  const Deadline deadline = Deadline::After(timeout);
  const std::shared_ptr<Pool> alive = BeginClose();
  if (!alive || Await(Until::kDrained, deadline)) return Status::Ok();
  Status answer = CutOff();
  (void)Await(Until::kDrained, Deadline::After(kCutOffLimit));  // either way it is over
  return answer;
}

/// Ends what leases still hold: their statements are cancelled and their sockets shut, so that
/// whoever waits in one returns; a lease that nobody is using this moment loses its connection at
/// once. The tokens stay good for a release.
Status Pool::CutOff() {
  constexpr size_t kAtOnce = 64;  // in rounds, without memory: a close must not fail for want of it
  Slot* slots[kAtOnce];
  uint32_t leased = 0, from = 0;
  for (size_t n = kAtOnce; n == kAtOnce; from = slots[n - 1]->index + 1) {
    n = 0;
    {
      MutexLock lock(mu_);
      if (from == 0) leased = scheduler_.leased();
      if (from == 0 && std::exchange(cut_off_, true)) break;
      scheduler_.ForEachLeased([&](Slot& slot) {
        if (slot.index >= from && n < kAtOnce) slots[n++] = &slot;
      });
    }
    if (n == 0) break;
    for (size_t i = 0; i < n; ++i) CutOffSlot(*slots[i]);
  }
  return leased == 0 ? Status::Ok() : NotReturned(leased);
}

}  // namespace dbp
