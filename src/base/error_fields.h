#ifndef DBP_BASE_ERROR_FIELDS_H_
#define DBP_BASE_ERROR_FIELDS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace dbp {

/// What only a server says of an error, by DBPOOL_FIELD_*. One block for all of them, for hardly an
/// error is ever asked; nothing is allocated for errors of our own, which have none.
class ErrorFields {
 public:
  /// REQUIRES: 0 < field < 256, added once; text without a NUL. "" is not kept.
  void Add(uint32_t field, std::string_view text);
  /// NUL-terminated, and valid as long as this is not changed; "" for a field that was not added.
  const char* Get(uint32_t field) const;

 private:
  std::string packed_;  ///< of each: its number in a byte, its text, a NUL
};

}  // namespace dbp

#endif  // DBP_BASE_ERROR_FIELDS_H_
