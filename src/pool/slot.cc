#include "pool/slot.h"

#include <sched.h>

#include <new>
#include <utility>
#include <vector>

#include "base/fork.h"
#include "base/mutex.h"

namespace dbp {

dbpool_conn Slot::Lend(uint64_t flags) {
  const uint64_t generation = word.load(std::memory_order_relaxed) & ~kFlags;
  word.store(generation | flags, std::memory_order_release);  // with what was set up for it
  return TokenOf(generation);
}

Slot::Claim Slot::TakeBack(dbpool_conn token) { return TakeBack(token, kLent); }

Slot::Claim Slot::TakeBack(dbpool_conn token, uint64_t flags) {
  const uint64_t lent = GenerationOf(token) << 8 | flags;
  const uint64_t taken = After(GenerationOf(token)) << 8;
  uint64_t now = word.load(std::memory_order_relaxed);
  do {
    if ((now & ~uint64_t{kUsed}) != lent) {
      return (now & ~uint64_t{kUsed}) == (lent | kBusy) ? Claim::kInUse : Claim::kStale;
    }
    // Sequentially consistent, against Visit(): either it sees the new word, or we see the visitor.
  } while (!word.compare_exchange_strong(now, taken));
  AwaitVisitors();
  return Claim::kMine;
}

void Slot::TakeBackFromHook(dbpool_conn token) {
  while (TakeBack(token, kLent | kHook) == Claim::kInUse) sched_yield();
}

void Slot::AwaitVisitors() const {
  while (visitors.load() != 0) sched_yield();
}

bool Slot::Pin(uint64_t& lent) {
  return word.compare_exchange_strong(lent, lent | kBusy | kUsed, std::memory_order_acquire);
}

namespace {

class SlotTable final : public ForkAware {
 public:
  static constexpr uint32_t kChunk = 256;
  static constexpr uint32_t kChunks = (1u << Slot::kNumberBits) / kChunk;

  static SlotTable& Get() {
    static SlotTable& table = *new SlotTable;
    return table;
  }

  Slot* Find(uint32_t number) const {
    Slot* chunk = chunks_[number / kChunk].load(std::memory_order_acquire);
    return chunk ? &chunk[number % kChunk] : nullptr;
  }

  Slot& Allocate() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (free_.empty()) GrowLocked();
    Slot& slot = *free_.back();
    free_.pop_back();
    slot.fork_stamp.store(ForkGeneration(), std::memory_order_relaxed);
    return slot;
  }

  void Free(Slot& slot) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    free_.push_back(&slot);  // cannot grow: room for every slot was reserved
  }

  Gate& AllocateGate() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (!free_gate_) return *new Gate;
    Gate& gate = *std::exchange(free_gate_, free_gate_->next_free);
    gate.reasons.store(0, std::memory_order_relaxed);
    return gate;
  }
  void FreeGate(Gate& gate) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    gate.next_free = std::exchange(free_gate_, &gate);
  }

 private:
  void GrowLocked() DBP_REQUIRES(mu_) {
    if (used_ == kChunks) throw std::bad_alloc();
    free_.reserve((used_ + 1) * size_t{kChunk});
    Slot* chunk = new Slot[kChunk];
    for (uint32_t i = kChunk; i-- > 0;) {
      chunk[i].number = used_ * kChunk + i;
      free_.push_back(&chunk[i]);
    }
    chunks_[used_++].store(chunk, std::memory_order_release);
  }

  std::atomic<Slot*> chunks_[kChunks] = {};
  std::vector<Slot*> free_ DBP_GUARDED_BY(mu_);
  uint32_t used_ DBP_GUARDED_BY(mu_) = 0;
  Gate* free_gate_ DBP_GUARDED_BY(mu_) = nullptr;
};

}  // namespace

Slot* FindSlot(dbpool_conn token) {
  if (Slot::GenerationOf(token) == 0) return nullptr;  // of no lease; to Visit() it would be any
  return SlotTable::Get().Find(token & ((1u << Slot::kNumberBits) - 1));
}

Gate& AllocateGate() { return SlotTable::Get().AllocateGate(); }
void FreeGate(Gate& gate) { SlotTable::Get().FreeGate(gate); }
Slot& AllocateSlot() { return SlotTable::Get().Allocate(); }
void FreeSlot(Slot& slot) { SlotTable::Get().Free(slot); }

}  // namespace dbp
