#include "pool/lease.h"

#include <sched.h>

#include "base/fork.h"

namespace dbp {

Status StaleLease() {
  return Status::Error(DBPOOL_ERR_STALE, "the lease was released, or never was one");
}

Status BusyLease() {
  return Status::Error(DBPOOL_ERR_BUSY, "the lease is in use, by another thread or by a call that has not been answered yet");
}

Status Forked() {
  return Status::Error(DBPOOL_ERR_FORKED,
                       "this pool belongs to the parent process; create one after fork()");
}

Status Lease::Pin(dbpool_conn token) {
  Slot* slot = FindSlot(token);
  if (!slot) return StaleLease();
  uint64_t word = slot->word.load(std::memory_order_acquire);
  if (word >> 8 != Slot::GenerationOf(token) || !(word & Slot::kLent)) return StaleLease();
  if (slot->fork_stamp.load(std::memory_order_relaxed) != ForkGeneration()) return Forked();
  if (word & Slot::kBusy) return BusyLease();
  if (!slot->Pin(word)) {
    return word >> 8 == Slot::GenerationOf(token) && (word & Slot::kBusy) ? BusyLease()
                                                                        : StaleLease();
  }
  slot_ = slot;
  lent_ = word;
  if (!slot->connection || slot->connection->broken()) {
    Unpin();
    return Status::Error(DBPOOL_ERR_BROKEN,
                         "the connection of this lease is lost; release it and acquire another",
                         DBPOOL_PHASE_NONE, "08003",
                         DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE);
  }
  return Status::Ok();
}

Status Lease::PinSoon(dbpool_conn token, Deadline deadline) {
  for (;;) {
    Status status = Pin(token);
    if (status.code() != DBPOOL_ERR_BUSY || deadline.Passed()) return status;
    sched_yield();
  }
}

void Lease::Unpin() {
  if (!slot_) return;
  slot_->Unpin(lent_);  // nobody changes the word of a busy slot
  slot_ = nullptr;
}

void RequestCancel(Slot& slot) {
  if (slot.cancels) SendCancel(slot.cancels);
  slot.lane.Interrupt();  // afterwards: who is woken, or comes into the queue from now on, finds it cancelled
}

namespace {

/// Calls visit(slot, word) for a lease of this process, while another thread may use it.
template <class Function>
Status Visit(dbpool_conn token, Function visit) {
  Slot* slot = FindSlot(token);
  if (!slot) return StaleLease();
  if (slot->word.load(std::memory_order_relaxed) >> 8 == Slot::GenerationOf(token) &&
      slot->fork_stamp.load(std::memory_order_relaxed) != ForkGeneration()) {
    return Forked();
  }
  const bool lent = slot->Visit(Slot::GenerationOf(token), [&](uint64_t word) { visit(*slot, word); });
  return lent ? Status::Ok() : StaleLease();
}

}  // namespace

Status RequestCancel(dbpool_conn token) {
  return Visit(token, [](Slot& slot, uint64_t word) {
    if (word & Slot::kBusy) RequestCancel(slot);  // else nothing is running
  });
}

uint64_t ConnectionId(dbpool_conn token) {
  uint64_t id = 0;
  (void)Visit(token, [&](Slot& slot, uint64_t) { id = slot.connection_id; });
  return id;
}

Status PutHostData(dbpool_conn token, HostData data) {
  HostData old;
  Status status = Visit(token, [&](Slot& slot, uint64_t) { old = slot.host_data.Put(data); });
  old.End();
  return status;
}

void* FindHostData(dbpool_conn token) {
  void* data = nullptr;
  (void)Visit(token, [&](Slot& slot, uint64_t) { data = slot.host_data.data(); });
  return data;
}

}  // namespace dbp
