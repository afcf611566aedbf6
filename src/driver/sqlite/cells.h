#ifndef DBP_DRIVER_SQLITE_CELLS_H_
#define DBP_DRIVER_SQLITE_CELLS_H_

#include <dbpool/types.h>
#include <sqlite3.h>

#include <cstddef>
#include <memory>

#include "driver/driver.h"
#include "driver/sqlite/blocks.h"

// Where rows lie: blocks of row-major cells, handed out without copying. In a block the cells grow
// up from its front and the text grows down from its end; a row whose text does not fit moves its
// cells to the next block (its earlier text stays where it is). The first block is part of the
// object, so that a small result costs one allocation, and later ones grow up to BlockPool::kBlock,
// so that a large one costs few. The object stays below 1 KiB, the size malloc keeps at hand per
// thread.

namespace dbp::sqlite {

class CellStore {
 public:
  explicit CellStore(uint32_t columns) : columns_(columns) { UseInline(); }
  ~CellStore() { FreeBlocks(nullptr); }
  CellStore(const CellStore&) = delete;
  CellStore& operator=(const CellStore&) = delete;

  /// Copies the row the statement stands on. Throws std::bad_alloc; the row is then not there.
  /// Large blocks come from the pool, which is always the same.
  void Append(sqlite3_stmt* stmt, const std::shared_ptr<BlockPool>& pool);
  Rows::Batch Take(uint32_t max);
  /// Rows not taken yet.
  bool HasRows() const { return untaken_ > 0; }
  /// Forgets all rows and keeps one block of ordinary size for those to come.
  void Clear();
  /// Bytes in use, about.
  size_t bytes() const { return full_bytes_ + last_->size - Room(); }

 private:
  struct Block {
    Block* next;
    uint32_t rows;
    uint32_t size;  ///< of the memory after this header
  };
  static char* Begin(Block* block) { return reinterpret_cast<char*>(block + 1); }
  size_t Room() const { return static_cast<size_t>(back_ - front_); }
  size_t RowSize() const { return columns_ * sizeof(dbpool_value); }
  void UseInline();
  void FreeBlocks(Block* keep);
  void Use(Block* block);
  void Grow(size_t at_least, const std::shared_ptr<BlockPool>& pool);
  const char* CopyText(dbpool_value** row, uint32_t done, const void* data, size_t size,
                       const std::shared_ptr<BlockPool>& pool);

  static constexpr size_t kInline = 704;

  const uint32_t columns_;
  std::shared_ptr<BlockPool> pool_;  ///< NULL until a block of it is needed
  size_t untaken_ = 0;
  size_t full_bytes_ = 0;  ///< of the blocks before last_
  char* front_;            ///< in last_: where the next row begins
  char* back_;             ///< in last_: where text ends, downwards
  Block* last_;
  Block* taking_;       ///< the block Take() stands in
  uint32_t taken_ = 0;  ///< rows of it that are taken
  alignas(std::max_align_t) char inline_[sizeof(Block) + kInline];
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_CELLS_H_
