#ifndef DBP_SQL_FORMAT_H_
#define DBP_SQL_FORMAT_H_

#include <dbpool/types.h>

#include <cstddef>

namespace dbp {

/// Writes a value as text into buffer, cut to size and NUL-terminated if size > 0. Returns the length of
/// the whole text.
size_t FormatValue(const dbpool_value& value, char* buffer, size_t size);

}  // namespace dbp

#endif  // DBP_SQL_FORMAT_H_
