#include "driver/postgres/cells.h"

#include <charconv>
#include <system_error>

namespace dbp::postgres {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 0;
}

bool IsOctal(char c) {
  return c >= '0' && c <= '7';
}

uint32_t DecodeEscaped(const char* text, uint32_t size, char* out) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < size; ++i) {
    if (text[i] != '\\' || i + 1 == size) {
      out[n++] = text[i];
    } else if (i + 3 < size && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
               IsOctal(text[i + 3])) {
      out[n++] = static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
                                   (text[i + 3] - '0'));
      i += 3;
    } else {
      out[n++] = text[++i];
    }
  }
  return n;
}

}  // namespace

dbpool_value MakeCell(CellForm form, const char* text, uint32_t size) {
  dbpool_value v = {text, size, DBPOOL_TEXT, 0, 0, {0}};
  switch (form) {
    case CellForm::kBool:
      v.type = DBPOOL_BOOL;
      v.num.i64 = size > 0 && text[0] == 't';
      break;
    case CellForm::kInteger:
      if (std::from_chars(text, text + size, v.num.i64).ec == std::errc()) v.type = DBPOOL_INT64;
      break;
    case CellForm::kFloat:
      if (std::from_chars(text, text + size, v.num.f64).ec == std::errc()) v.type = DBPOOL_FLOAT64;
      break;
    case CellForm::kText:
    case CellForm::kBytes:
      break;
  }
  return v;
}

uint32_t DecodeBytea(const char* text, uint32_t size, char* out) {
  uint32_t n = 0;
  if (size >= 2 && text[0] == '\\' && text[1] == 'x') {
    for (uint32_t i = 2; i + 1 < size; i += 2) {
      out[n++] = static_cast<char>(HexDigit(text[i]) << 4 | HexDigit(text[i + 1]));
    }
  } else {
    n = DecodeEscaped(text, size, out);
  }
  out[n] = '\0';
  return n;
}

}  // namespace dbp::postgres
