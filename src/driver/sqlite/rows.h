#ifndef DBP_DRIVER_SQLITE_ROWS_H_
#define DBP_DRIVER_SQLITE_ROWS_H_

#include <memory>
#include <string>
#include <utility>

#include "driver/driver.h"
#include "driver/sqlite/cells.h"
#include "driver/sqlite/columns.h"

namespace dbp::sqlite {

/// What a statement gave; owns all it hands out and may outlive the connection. A stream's rows are
/// put in by the connection, which alone knows the statement.
class SqliteRows final : public Rows {
 public:
  explicit SqliteRows(std::shared_ptr<const ColumnSet> columns)
      : column_set_(std::move(columns)), cells_(static_cast<uint32_t>(Count(column_set_))) {
    if (column_set_) columns_ = column_set_->columns();
  }

  Batch Take(uint32_t max) override { return cells_.Take(max); }
  bool complete() const override { return complete_; }

  CellStore& cells() { return cells_; }
  void Complete(const std::string& command, int64_t affected, int64_t last_insert_id) {
    command_ = command;
    affected_ = affected;
    last_insert_id_ = last_insert_id;
    complete_ = true;
  }
  void SetParams(std::shared_ptr<const ColumnSet> params) {
    param_set_ = std::move(params);
    params_ = param_set_->columns();
  }

 private:
  static size_t Count(const std::shared_ptr<const ColumnSet>& set) {
    return set ? set->columns().size() : 0;
  }

  std::shared_ptr<const ColumnSet> column_set_, param_set_;
  bool complete_ = false;
  CellStore cells_;
};
static_assert(sizeof(SqliteRows) <= 1024, "a small result is one allocation malloc has at hand");

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_ROWS_H_
