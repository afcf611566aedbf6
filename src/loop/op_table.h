#ifndef DBP_LOOP_OP_TABLE_H_
#define DBP_LOOP_OP_TABLE_H_

#include <dbpool/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dbp {

class Loop;

/// The place of one pending call. Cells come from a table of the process that is never freed (type-stable),
/// so that any 64-bit number can be looked at as a dbpool_op: it names a cell (22 bits) and a generation
/// (42 bits), and is good only while the cell's word says so. See op.h for the flags of the word.
struct OpCell {
  static constexpr size_t kSize = 256;
  static constexpr int kNumberBits = 22;
  static constexpr int kFlagBits = 12;
  // Flags of the word that the table knows; see op.h.
  static constexpr uint64_t kLive = 1;
  static constexpr uint64_t kForked = 1024;  ///< live when this process was forked: the parent's
  static constexpr uint64_t kGenerations = uint64_t{1} << (64 - kNumberBits);

  std::atomic<uint64_t> word{uint64_t{1} << kFlagBits};  ///< generation << 12 | flags
  std::atomic<Loop*> loop{nullptr};                        ///< of the op that lives here
  /// What a free cell holds.
  struct Free {
    OpCell* next;
    uint32_t number;  ///< an op has it in a gap of its own: a pending call has no byte to spare here
  };
  union {
    Free free;
    alignas(8) std::byte room[kSize - 16];
  };

  OpCell() : free{} {}

  /// The cell whose room begins at `object`.
  static OpCell& Of(void* object) {
    return *reinterpret_cast<OpCell*>(static_cast<std::byte*>(object) - offsetof(OpCell, room));
  }
  dbpool_op token(uint32_t number) const {
    return word.load(std::memory_order_relaxed) >> kFlagBits << kNumberBits | number;
  }
  static uint64_t GenerationOf(dbpool_op op) { return op >> kNumberBits; }
};
static_assert(sizeof(OpCell) == OpCell::kSize);

/// The cell a number names, whether or not the number is good; NULL if there is no such cell.
OpCell* FindOpCell(dbpool_op op);
/// A cell without flags, and its number; throws std::bad_alloc.
OpCell& AllocateOpCell(uint32_t* number);
/// Ends the generation, and gives the cell back.
void FreeOpCell(OpCell& cell, uint32_t number);

}  // namespace dbp

#endif  // DBP_LOOP_OP_TABLE_H_
