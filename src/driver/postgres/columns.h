#ifndef DBP_DRIVER_POSTGRES_COLUMNS_H_
#define DBP_DRIVER_POSTGRES_COLUMNS_H_

#include <memory>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "driver/postgres/libpq.h"
#include "driver/postgres/types.h"

namespace dbp::postgres {

/// The columns of a result. Shared by the results of one statement, which are alike most of the time.
class PgColumns {
 public:
  /// Those of the result: `known` (may be NULL) if it fits, else new ones.
  static std::shared_ptr<const PgColumns> Of(const PGresult* result,
                                             const std::shared_ptr<const PgColumns>& known);
  explicit PgColumns(const PGresult* result);

  std::span<const dbpool_column> list() const { return list_; }
  size_t size() const { return list_.size(); }
  CellForm form(size_t column) const { return forms_[column]; }
  bool has_bytes() const { return has_bytes_; }

 private:
  bool Fit(const PGresult* result) const;

  std::vector<dbpool_column> list_;
  std::vector<std::string> names_;
  std::vector<CellForm> forms_;
  bool has_bytes_ = false;
};

dbpool_column MakeColumn(const char* name, const PgType& type);

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_COLUMNS_H_
