#include "driver/sqlite/cells.h"

#include <string.h>

#include <algorithm>
#include <new>

namespace dbp::sqlite {
namespace {

constexpr size_t kFirstOnHeap = 4 * 1024;

dbpool_value Cell(uint8_t type, const char* data, size_t size) {
  dbpool_value cell;
  cell.data = data;
  cell.size = static_cast<uint32_t>(size);
  cell.type = type;
  cell.flags = 0;
  cell.reserved = 0;
  cell.num.i64 = 0;
  return cell;
}

}  // namespace

/// All but the inline block and one to keep (may be NULL).
void CellStore::FreeBlocks(Block* keep) {
  for (Block* block = reinterpret_cast<Block*>(inline_)->next; block;) {
    Block* next = block->next;
    if (block != keep) {
      if (sizeof(Block) + block->size == BlockPool::kBlock) {
        pool_->Give(block);
      } else {
        ::operator delete(block);
      }
    }
    block = next;
  }
}

void CellStore::UseInline() {
  Block* block = new (inline_) Block{nullptr, 0, kInline};
  Use(block);
  taking_ = block;
}

void CellStore::Use(Block* block) {
  last_ = block;
  front_ = Begin(block);
  back_ = front_ + block->size;
}

void CellStore::Clear() {
  Block* first = reinterpret_cast<Block*>(inline_);
  Block* keep = last_ != first && last_->size < BlockPool::kBlock ? last_ : nullptr;
  FreeBlocks(keep);
  UseInline();
  untaken_ = full_bytes_ = taken_ = 0;
  if (keep) {
    *keep = Block{nullptr, 0, keep->size};
    first->next = keep;
    Use(keep);
    taking_ = keep;
  }
}

// Sizes go 4 KiB, 8 KiB ... 256 KiB; a value that is larger gets a block of its own size.
void CellStore::Grow(size_t at_least, const std::shared_ptr<BlockPool>& pool) {
  const bool is_first = last_ == reinterpret_cast<Block*>(inline_);
  const size_t doubled = 2 * (sizeof(Block) + last_->size);
  const size_t usual = is_first ? kFirstOnHeap : std::min(doubled, BlockPool::kBlock);
  const size_t needed = (sizeof(Block) + at_least + 7) & ~size_t{7};
  const size_t total = std::max(needed, usual);
  const bool pooled = total == BlockPool::kBlock;
  if (pooled && !pool_) pool_ = pool;
  void* memory = pooled ? pool_->Take() : ::operator new(total);
  Block* block = new (memory) Block{nullptr, 0, static_cast<uint32_t>(total - sizeof(Block))};
  full_bytes_ += last_->size;
  last_->next = block;
  Use(block);
}

const char* CellStore::CopyText(dbpool_value** row, uint32_t done, const void* data, size_t size,
                                const std::shared_ptr<BlockPool>& pool) {
  if (size == 0) return "";
  if (!data) throw std::bad_alloc();  // SQLite had no memory to give the text in UTF-8
  if (Room() < RowSize() + size + 1) {
    Grow(RowSize() + size + 1, pool);
    *row = static_cast<dbpool_value*>(memcpy(front_, *row, done * sizeof(dbpool_value)));
  }
  back_ -= size + 1;
  memcpy(back_, data, size);
  back_[size] = '\0';
  return back_;
}

// sqlite3_column_value() once per cell and sqlite3_value_*() on it: about a third faster than
// sqlite3_column_type() and its like, which look the column up and check the statement each time.
void CellStore::Append(sqlite3_stmt* stmt, const std::shared_ptr<BlockPool>& pool) {
  if (Room() < RowSize()) Grow(RowSize(), pool);
  auto* row = reinterpret_cast<dbpool_value*>(front_);
  for (uint32_t i = 0; i < columns_; ++i) {
    sqlite3_value* value = sqlite3_column_value(stmt, static_cast<int>(i));
    switch (sqlite3_value_type(value)) {
      case SQLITE_INTEGER:
        row[i] = Cell(DBPOOL_INT64, nullptr, 0);
        row[i].num.i64 = sqlite3_value_int64(value);
        break;
      case SQLITE_FLOAT:
        row[i] = Cell(DBPOOL_FLOAT64, nullptr, 0);
        row[i].num.f64 = sqlite3_value_double(value);
        break;
      case SQLITE_TEXT: {
        const void* data = sqlite3_value_text(value);
        const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
        const char* copy = CopyText(&row, i, data, size, pool);
        row[i] = Cell(DBPOOL_TEXT, copy, size);
        break;
      }
      case SQLITE_BLOB: {
        const void* data = sqlite3_value_blob(value);
        const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
        const char* copy = CopyText(&row, i, data, size, pool);
        row[i] = Cell(DBPOOL_BYTES, copy, size);
        break;
      }
      default:
        row[i] = Cell(DBPOOL_NULL, nullptr, 0);
    }
  }
  front_ += RowSize();
  ++last_->rows;
  ++untaken_;
}

Rows::Batch CellStore::Take(uint32_t max) {
  if (untaken_ == 0 || max == 0) return {};
  while (taken_ == taking_->rows) {
    taking_ = taking_->next;
    taken_ = 0;
  }
  Rows::Batch batch;
  batch.rows = std::min(max, taking_->rows - taken_);
  batch.cells = reinterpret_cast<dbpool_value*>(Begin(taking_)) + size_t{taken_} * columns_;
  taken_ += batch.rows;
  untaken_ -= batch.rows;
  return batch;
}

}  // namespace dbp::sqlite
