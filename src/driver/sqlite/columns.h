#ifndef DBP_DRIVER_SQLITE_COLUMNS_H_
#define DBP_DRIVER_SQLITE_COLUMNS_H_

#include <dbpool/types.h>
#include <sqlite3.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dbp::sqlite {

/// Columns with the memory of their names. Shared by a kept statement and all its results, which
/// may outlive the statement and the connection. Immutable.
class ColumnSet {
 public:
  static std::shared_ptr<const ColumnSet> OfResult(sqlite3_stmt* stmt);
  /// One per parameter the caller has to give: its name without a type, "" where it has none.
  static std::shared_ptr<const ColumnSet> OfParams(std::vector<std::string> names);

  std::span<const dbpool_column> columns() const { return columns_; }

 private:
  void Add(const char* name, uint32_t kind, const char* native_name);

  std::vector<std::string> text_;  ///< never grows beyond what it reserved: columns_ point into it
  std::vector<dbpool_column> columns_;
};

/// DBPOOL_KIND_* of a declared type; by name where the world agrees on one, else by SQLite's
/// affinity.
uint32_t KindOfDeclaredType(const char* declared);

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_COLUMNS_H_
