#include <new>
#include <string>
#include <utility>

#include "pool/lease.h"
#include "pool/pool.h"

namespace dbp {

namespace {

/// What cutting off may take beyond the deadline: it waits for nobody, but threads must get their
/// turn.
constexpr Nanos kGrace = 50 * kMillisecond;

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

/// Not lent: on its way to a borrower or back, which has deadlines of its own.
void CutOffSlot(Slot& slot) {
  uint64_t word = slot.word.load() & ~uint64_t{Slot::kBusy};
  if ((word & Slot::kLent) && slot.Pin(word)) {
    slot.DropConnection();
    slot.lane.LeaveForLease();
    slot.Unpin(word);
    return;
  }
  slot.Visit(0, [&](uint64_t) { CutOffInUse(slot); });
}

}  // namespace

Status Pool::Close(Nanos timeout) {
  const Deadline deadline = Deadline::After(timeout);
  std::shared_ptr<Pool> alive;
  {
    MutexLock lock(mu_);
    alive = self_;  // NULL: closed and empty already
  }
  abandoned_ = true;
  Handle([](Scheduler& s, Nanos now) {
    if (!s.closed()) s.Close(now);
  });
  if (!alive) return Status::Ok();
  lane_.InterruptAll();  // who acquires for writing waits there with a connection that nobody has yet
  KeeperRemove(*this);
  if (AwaitDrained(deadline)) return Status::Ok();
  uint32_t leased = 0;
  {
    MutexLock lock(mu_);
    leased = scheduler_.leased();
  }
  CutOff();
  (void)AwaitDrained(Deadline::After(kGrace));  // either way it is over
  return leased == 0 ? Status::Ok() : NotReturned(leased);
}

bool Pool::AwaitDrained(Deadline deadline) {
  MutexLock lock(mu_);
  ++watchers_;
  while (scheduler_.used() > 0 && !deadline.Passed()) changed_.Wait(mu_, deadline);
  --watchers_;
  return scheduler_.used() == 0;
}

/// Ends what leases still hold: their statements are cancelled and their sockets shut, so that
/// whoever waits in one returns; a lease that nobody is using this moment loses its connection at
/// once. The tokens stay good for a release.
void Pool::CutOff() {
  constexpr size_t kAtOnce = 64;  // in rounds, without memory: a close must not fail for want of it
  Slot* leased[kAtOnce];
  size_t n = kAtOnce;
  for (uint32_t from = 0; n == kAtOnce; from = leased[n - 1]->index + 1) {
    n = 0;
    {
      MutexLock lock(mu_);
      if (from == 0 && std::exchange(cut_off_, true)) return;
      scheduler_.ForEachLeased([&](Slot& slot) {
        if (slot.index >= from && n < kAtOnce) leased[n++] = &slot;
      });
    }
    for (size_t i = 0; i < n; ++i) CutOffSlot(*leased[i]);
    if (n == 0) return;
  }
}

}  // namespace dbp
