#include "loop/op_table.h"

#include <new>
#include <utility>

#include "base/fork.h"
#include "base/mutex.h"

namespace dbp {

namespace {

constexpr uint32_t kChunk = 256;
constexpr uint32_t kChunks = (1u << OpCell::kNumberBits) / kChunk;

/// Outside the table below so that what is not used is never touched: 128 KiB of zeroes cost nothing.
constinit std::atomic<OpCell*> chunks[kChunks];

class OpTable final : public ForkAware {
 public:
  static OpTable& Get() {
    static OpTable& table = *new OpTable;
    return table;
  }

  OpCell& Allocate() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (!free_) GrowLocked();
    OpCell& cell = *free_;
    free_ = cell.free.next;
    return cell;
  }

  void Free(OpCell& cell, uint32_t number) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    cell.free = {std::exchange(free_, &cell), number};
  }

 private:
  /// What is live has a loop of the parent, of which nothing may be touched any more.
  void InForkedChild() override DBP_REQUIRES(mu_) {
    for (uint32_t chunk = 0; chunk < used_; ++chunk) {
      OpCell* cells = chunks[chunk].load(std::memory_order_relaxed);
      for (OpCell* cell = cells; cell < cells + kChunk; ++cell) {
        if (cell->word & OpCell::kLive) cell->word |= OpCell::kForked;
      }
    }
  }

  void GrowLocked() DBP_REQUIRES(mu_) {
    if (used_ == kChunks) throw std::bad_alloc();
    OpCell* chunk = new OpCell[kChunk];
    for (uint32_t i = kChunk; i-- > 0;) {
      chunk[i].free = {std::exchange(free_, &chunk[i]), used_ * kChunk + i};
    }
    chunks[used_++].store(chunk, std::memory_order_release);
  }

  OpCell* free_ DBP_GUARDED_BY(mu_) = nullptr;
  uint32_t used_ DBP_GUARDED_BY(mu_) = 0;
};

}  // namespace

OpCell* FindOpCell(dbpool_op op) {
  const uint32_t number = op & ((1u << OpCell::kNumberBits) - 1);
  OpCell* chunk = chunks[number / kChunk].load(std::memory_order_acquire);
  return chunk ? &chunk[number % kChunk] : nullptr;
}

OpCell& AllocateOpCell(uint32_t* number) {
  OpCell& cell = OpTable::Get().Allocate();
  *number = cell.free.number;
  return cell;
}

void FreeOpCell(OpCell& cell, uint32_t number) {
  uint64_t generation = (cell.word.load(std::memory_order_relaxed) >> OpCell::kFlagBits) + 1;
  if (generation == OpCell::kGenerations) generation = 1;  // 0 would make the number 0 of cell 0
  cell.word.store(generation << OpCell::kFlagBits, std::memory_order_release);
  OpTable::Get().Free(cell, number);
}

}  // namespace dbp
