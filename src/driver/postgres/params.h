#ifndef DBP_DRIVER_POSTGRES_PARAMS_H_
#define DBP_DRIVER_POSTGRES_PARAMS_H_

#include <dbpool/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "driver/postgres/libpq.h"

namespace dbp::postgres {

/// Parameters as libpq wants them: numbers and text as text whose type the server infers (OID 0),
/// BYTES as binary bytea. Its memory is used again by the next statement.
class Params {
 public:
  /// The values' BYTES are pointed to, not copied.
  Status Set(std::span<const dbpool_value> values);

  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return binary_ ? lengths_.data() : nullptr; }
  const int* formats() const { return binary_ ? formats_.data() : nullptr; }
  const Oid* types() const { return binary_ ? types_.data() : nullptr; }

  /// Whether one of them has a type of its own. All others are sent without: one prepared form does.
  static bool HaveTypes(std::span<const dbpool_value> values);
  /// What tells that form of a text from others: a byte per parameter.
  static void AppendKey(std::span<const dbpool_value> values, std::string* key);

 private:
  void SetBinary(size_t at, const dbpool_value& value);

  bool binary_ = false;  ///< at least one is; else the three arrays below are unused
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::vector<Oid> types_;
  std::vector<char> text_;
};

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_PARAMS_H_
