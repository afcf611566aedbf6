#include "cli/result_writer.h"

namespace dbp::cli {

std::string FormatValue(const dbpool_value& value) {
  if (value.type == DBPOOL_TEXT) return std::string(value.data, value.size);
  char buffer[64];
  const size_t size = dbpool_value_format(&value, buffer, sizeof buffer);
  if (size < sizeof buffer) return std::string(buffer, size);
  std::string text(size + 1, '\0');
  dbpool_value_format(&value, text.data(), text.size());
  text.resize(size);
  return text;
}

}  // namespace dbp::cli
