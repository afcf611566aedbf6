#ifndef DBP_DRIVER_SQLITE_PARAMS_H_
#define DBP_DRIVER_SQLITE_PARAMS_H_

#include <dbpool/types.h>
#include <sqlite3.h>

#include <span>
#include <string>
#include <vector>

#include "base/status.h"

// Which value goes to which of a statement's parameters. `$1 ... $n` mean the n-th value, as on
// PostgreSQL; SQLite takes `$2` for a mere name and numbers such names by appearance, so they are
// bound by the number in the name. Its own styles (`?`, `?1`, `:name`, `@name`, `$name`) keep its
// numbering; a text that mixes them with `$n` could mean two things and is refused.

namespace dbp::sqlite {

/// Until when the memory of TEXT and BYTES parameters lives.
enum class ParamMemory : uint8_t {
  kUntilDone,  ///< as long as the statement runs
  kCopy,       ///< less long
};

class ParamMap {
 public:
  /// Reads the statement's parameters. ERR_INVALID: mixed styles, `$1a`.
  static Status Make(sqlite3_stmt* stmt, ParamMap* out);

  /// Values the caller has to give.
  size_t count() const { return count_; }
  /// Binds all of them, so that nothing is left of an earlier run. REQUIRES: the statement is
  /// reset.
  Status Bind(sqlite3_stmt* stmt, std::span<const dbpool_value> values, ParamMemory memory) const;
  /// Names by value, "" for `$n`, `?` and `?n`.
  std::vector<std::string> Names(sqlite3_stmt* stmt) const;

 private:
  size_t count_ = 0;
  std::vector<uint16_t>
      number_of_;  ///< 1-based value for SQLite's index i + 1; empty: the index itself
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_PARAMS_H_
