#include "sql/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace dbp {

namespace {

size_t Put(std::string_view text, char* buffer, size_t size) {
  if (size > 0) {
    const size_t n = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), n);
    buffer[n] = '\0';
  }
  return text.size();
}

size_t PutHex(const dbpool_value& value, char* buffer, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  const size_t length = 2 + 2 * size_t{value.size};
  if (size == 0) return length;
  const size_t n = std::min(length, size - 1);
  for (size_t i = 0; i < n; ++i) {
    if (i < 2) {
      buffer[i] = i == 0 ? '\\' : 'x';
      continue;
    }
    const auto byte = static_cast<unsigned char>(value.data[(i - 2) / 2]);
    buffer[i] = kDigits[i % 2 == 0 ? byte >> 4 : byte & 15];
  }
  buffer[n] = '\0';
  return length;
}

std::string_view FloatText(double number, char (&digits)[32]) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

}  // namespace

size_t FormatValue(const dbpool_value& value, char* buffer, size_t size) {
  char digits[32];
  switch (value.type) {
    case DBPOOL_BOOL:
      return Put(value.num.i64 ? "true" : "false", buffer, size);
    case DBPOOL_INT64: {
      const char* end = std::to_chars(digits, digits + sizeof digits, value.num.i64).ptr;
      return Put({digits, end}, buffer, size);
    }
    case DBPOOL_FLOAT64:
      return Put(FloatText(value.num.f64, digits), buffer, size);
    case DBPOOL_TEXT:
      return Put({value.data ? value.data : "", value.size}, buffer, size);
    case DBPOOL_BYTES:
      return PutHex(value, buffer, size);
    default:
      return Put("", buffer, size);
  }
}

}  // namespace dbp
