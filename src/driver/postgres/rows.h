#ifndef DBP_DRIVER_POSTGRES_ROWS_H_
#define DBP_DRIVER_POSTGRES_ROWS_H_

#include <array>
#include <memory>
#include <vector>

#include "driver/driver.h"
#include "driver/postgres/columns.h"
#include "driver/postgres/libpq.h"

// Two kinds of Rows. PgRows owns a whole PGresult and turns the next rows of it into cells when
// they are taken: cells point into the PGresult, only bytea is decoded into an arena of the batch.
// PgStream gets its rows one PGresult at a time and copies them into an arena that is used again
// batch after batch, so that memory is bounded by the batch and not by the result.

namespace dbp::postgres {

/// What both share.
class PgRowsBase : public Rows {
 protected:
  void SetColumns(std::shared_ptr<const PgColumns> columns);
  /// The command tag without its numbers, and the rows it says were changed.
  void SetCommand(PGresult* result);

  std::shared_ptr<const PgColumns> shape_;
};

class PgRows final : public PgRowsBase {
 public:
  PgRows(ResultPtr result, std::shared_ptr<const PgColumns> columns);
  Batch Take(uint32_t max) override;
  bool complete() const override { return true; }

  /// For the outcome of a describe: the parameters as well.
  void DescribeParams();

 private:
  void ReserveArena(int end);

  dbpool_value* Cells(size_t count);

  ResultPtr result_;
  int next_row_ = 0, row_count_;
  std::array<dbpool_value, 12> few_cells_;  ///< of a small batch, without an allocation
  std::vector<dbpool_value> cells_;
  std::vector<char> arena_;
  std::vector<dbpool_column> param_list_;
};

class PgStream final : public PgRowsBase {
 public:
  Batch Take(uint32_t max) override;
  bool complete() const override { return complete_; }

  /// One more row. REQUIRES: a PGRES_SINGLE_TUPLE.
  void Add(ResultPtr row);
  /// The last PGresult of the stream, without rows.
  void End(ResultPtr last);
  void Fail() { complete_ = true; }
  /// Drops rows that were taken, before new ones come.
  void Reuse();
  uint32_t rows_waiting() const { return rows_ - taken_; }
  size_t bytes_waiting() const { return arena_.size(); }

 private:
  uint32_t rows_ = 0, taken_ = 0;
  bool complete_ = false;
  bool placed_ = false;  ///< cells_ point into arena_; before, data holds offsets
  std::vector<dbpool_value> cells_;
  std::vector<char> arena_;
};

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_ROWS_H_
