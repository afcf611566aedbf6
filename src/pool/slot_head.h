#ifndef DBP_POOL_SLOT_HEAD_H_
#define DBP_POOL_SLOT_HEAD_H_

#include <dbpool/options.h>
#include <dbpool/types.h>

#include <atomic>

#include "base/time.h"

namespace dbp {

class Pool;

/// Closed (not 0) while nobody may acquire or release beside the scheduler. Never freed: a thread that has
/// just given its slot away still looks at the gate, whatever became of the pool.
template <template <class> class Atomic>
struct alignas(64) BasicGate {
  enum Reason : uint32_t { kWaiters = 1, kClosed = 2, kScheduled = 4 };
  Atomic<uint32_t> reasons{0};
  BasicGate* next_free = nullptr;
};

/// The part of a slot that threads share without a lock: one cache line.
///
/// word: generation << 8 | flags. The flags say whose the slot is:
///   none             one thread's: that of a borrower coming or going, of the scheduler, of a job
///   kIdle            nobody's: whoever changes it by CAS has it
///   kLent            a borrower's, of whom only the token is known
///   kLent | kBusy    the thread's that is inside a call with it
/// A generation is published (made idle) once, so a CAS never meets an older life of the slot. It is also that of
/// the lease that follows. A wrap takes 2^40 leases of one slot.
template <template <class> class Atomic>
struct alignas(64) BasicSlotHead {
  enum Flag : uint64_t { kLent = 1, kBusy = 2, kHook = 4, kUsed = 8, kIdle = 16 };
  static constexpr uint64_t kFlags = 0xff;
  static constexpr int kNumberBits = 24;
  static constexpr uint64_t kGenerations = uint64_t{1} << 40;

  Atomic<uint64_t> word{uint64_t{1} << 8};
  Atomic<uint8_t> recalled{0};  ///< a DBPOOL_CLOSED_*: the scheduler wants it back
  Atomic<bool> listed{false};   ///< among the hints of its idle set
  Atomic<bool> plain{false};    ///< written by its owner: needs no preparation, holds nothing
  Atomic<uint32_t> fork_stamp{0};
  // Written by the owner, read by statistics and the keeper. Coarse time.
  Atomic<uint64_t> uses{0};     ///< of this connection
  Atomic<Nanos> leased_at{0};
  Atomic<Nanos> alive_at{0};    ///< last sign of life
  Atomic<BasicGate<Atomic>*> gate{nullptr};
  Atomic<Pool*> pool{nullptr};
  uint32_t number = 0;  ///< in the table of all slots
  uint32_t index = 0;   ///< in the scheduler

  static uint64_t GenerationOf(dbpool_conn token) { return token >> kNumberBits; }
  /// Generation 0 is none's: it would make the token 0 of slot 0.
  static uint64_t After(uint64_t generation) {
    const uint64_t next = (generation + 1) % kGenerations;
    return next == 0 ? 1 : next;
  }
  dbpool_conn TokenOf(uint64_t with_generation) const {
    return with_generation >> 8 << kNumberBits | number;
  }
  bool idle() const { return (word.load(std::memory_order_relaxed) & kFlags) == kIdle; }
};

template <class T>
using StdAtomic = std::atomic<T>;
using Gate = BasicGate<StdAtomic>;
using SlotHead = BasicSlotHead<StdAtomic>;
static_assert(sizeof(SlotHead) == 64);

/// A count that its owner writes and others read.
inline void AddRelaxed(std::atomic<uint64_t>& count, int64_t by) {
  count.store(count.load(std::memory_order_relaxed) + static_cast<uint64_t>(by),
              std::memory_order_relaxed);
}

/// The scheduler wants it back, for the first reason there is. Idle, it may be taken; lent, its release is told.
inline void Recall(SlotHead& head, uint32_t reason) {
  uint8_t none = 0;
  head.recalled.compare_exchange_strong(none, static_cast<uint8_t>(reason));
}

/// What is kept of every lease, by whoever has just taken the slot. max_uses: 0 for no limit.
inline void NoteLease(SlotHead& head, Nanos now, uint64_t max_uses) {
  head.leased_at.store(now, std::memory_order_relaxed);
  AddRelaxed(head.uses, 1);
  if (max_uses != 0 && head.uses.load(std::memory_order_relaxed) >= max_uses) {
    Recall(head, DBPOOL_CLOSED_USES);
  }
}

}  // namespace dbp

#endif  // DBP_POOL_SLOT_HEAD_H_
