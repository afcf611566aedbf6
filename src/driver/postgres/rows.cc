#include "driver/postgres/rows.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "driver/postgres/cells.h"

namespace dbp::postgres {
namespace {

constexpr uint32_t kDefaultBatch = 256;

int64_t ParseCount(const char* text) {
  int64_t n = 0;
  for (; *text >= '0' && *text <= '9'; ++text) n = n * 10 + (*text - '0');
  return n;
}

// An offset travels in the pointer until the arena has stopped growing.
const char* FromOffset(size_t offset) {
  return reinterpret_cast<const char*>(offset + 1);
}
size_t ToOffset(const char* data) {
  return reinterpret_cast<size_t>(data) - 1;
}

}  // namespace

void PgRowsBase::SetColumns(std::shared_ptr<const PgColumns> columns) {
  shape_ = std::move(columns);
  columns_ = shape_->list();
}

void PgRowsBase::SetCommand(PGresult* result) {
  const std::string_view tag = PQcmdStatus(result);
  size_t end = 0;
  while (end < tag.size() && !(tag[end] >= '0' && tag[end] <= '9')) ++end;
  while (end > 0 && tag[end - 1] == ' ') --end;
  const std::string_view command = tag.substr(0, end);
  command_.assign(command);
  if (command == "INSERT" || command == "UPDATE" || command == "DELETE" || command == "MERGE") {
    affected_ = ParseCount(PQcmdTuples(result));
  }
}

PgRows::PgRows(ResultPtr result, std::shared_ptr<const PgColumns> columns)
    : result_(std::move(result)), row_count_(PQntuples(result_.get())) {
  SetColumns(std::move(columns));
  SetCommand(result_.get());
}

void PgRows::DescribeParams() {
  command_.clear();
  for (int p = 0; p < PQnparams(result_.get()); ++p) {
    param_list_.push_back(MakeColumn("", TypeOf(PQparamtype(result_.get(), p))));
  }
  params_ = param_list_;
}

// Room for the decoded bytea of the rows up to end, so that the arena does not move under its
// cells.
void PgRows::ReserveArena(int end) {
  arena_.clear();
  size_t room = 0;
  for (size_t c = 0; c < shape_->size(); ++c) {
    if (shape_->form(c) != CellForm::kBytes) continue;
    for (int r = next_row_; r < end; ++r) {
      room += DecodedByteaBound(PQgetlength(result_.get(), r, static_cast<int>(c)));
    }
  }
  arena_.resize(room);
}

dbpool_value* PgRows::Cells(size_t count) {
  if (count <= few_cells_.size()) return few_cells_.data();
  cells_.resize(count);
  return cells_.data();
}

Rows::Batch PgRows::Take(uint32_t max) {
  if (max == 0) max = kDefaultBatch;
  const int begin = next_row_;
  const int end = begin + static_cast<int>(std::min<uint32_t>(max, row_count_ - begin));
  const PgColumns& shape = *shape_;
  const int columns = static_cast<int>(shape.size());
  if (shape.has_bytes()) ReserveArena(end);
  dbpool_value* const cells = Cells(static_cast<size_t>(end - begin) * columns);
  PGresult* const result = result_.get();
  dbpool_value* cell = cells;
  char* bytes = arena_.data();
  for (int r = begin; r < end; ++r) {
    for (int c = 0; c < columns; ++c, ++cell) {
      const char* text = PQgetvalue(result, r, c);
      const uint32_t size = PQgetlength(result, r, c);
      if (size == 0 && PQgetisnull(result, r, c)) {
        *cell = dbpool_value{};
      } else if (shape.form(c) == CellForm::kBytes) {
        const uint32_t n = DecodeBytea(text, size, bytes);
        *cell = {bytes, n, DBPOOL_BYTES, 0, 0, {0}};
        bytes += n + 1;
      } else {
        *cell = MakeCell(shape.form(c), text, size);
      }
    }
  }
  next_row_ = end;
  return {static_cast<uint32_t>(end - begin), cells};
}

void PgStream::Reuse() {
  if (taken_ < rows_) return;
  cells_.clear();
  arena_.clear();
  rows_ = taken_ = 0;
  placed_ = false;
}

void PgStream::Add(ResultPtr row) {
  if (!shape_) SetColumns(std::make_shared<PgColumns>(row.get()));
  const PgColumns& shape = *shape_;
  for (size_t c = 0; c < shape.size(); ++c) {
    const int column = static_cast<int>(c);
    if (PQgetisnull(row.get(), 0, column)) {
      cells_.push_back(dbpool_value{});
      continue;
    }
    const char* text = PQgetvalue(row.get(), 0, column);
    const uint32_t size = PQgetlength(row.get(), 0, column);
    const size_t offset = arena_.size();
    dbpool_value cell;
    if (shape.form(c) == CellForm::kBytes) {
      arena_.resize(offset + DecodedByteaBound(size));
      const uint32_t n = DecodeBytea(text, size, arena_.data() + offset);
      arena_.resize(offset + n + 1);
      cell = {nullptr, n, DBPOOL_BYTES, 0, 0, {0}};
    } else {
      arena_.insert(arena_.end(), text, text + size + 1);
      cell = MakeCell(shape.form(c), text, size);
    }
    cell.data = FromOffset(offset);
    cells_.push_back(cell);
  }
  ++rows_;
}

void PgStream::End(ResultPtr last) {
  if (!shape_) SetColumns(std::make_shared<PgColumns>(last.get()));
  SetCommand(last.get());
  complete_ = true;
}

Rows::Batch PgStream::Take(uint32_t max) {
  if (!placed_) {
    for (dbpool_value& cell : cells_) {
      if (cell.data) cell.data = arena_.data() + ToOffset(cell.data);
    }
    placed_ = true;
  }
  const uint32_t count = std::min(max ? max : kDefaultBatch, rows_ - taken_);
  const dbpool_value* cells = cells_.data() + static_cast<size_t>(taken_) * (shape_ ? shape_->size() : 0);
  taken_ += count;
  return {count, cells};
}

}  // namespace dbp::postgres
