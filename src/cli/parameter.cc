#include "cli/parameter.h"

#include <charconv>
#include <fmt/format.h>
#include <stdexcept>
#include <string_view>

namespace dbp::cli {

namespace {

template <typename Number>
bool ParseAll(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseBool(std::string_view text, int64_t* out) {
  *out = text == "true" || text == "1";
  return *out || text == "false" || text == "0";
}

bool ParseHex(std::string_view text, std::string* out) {
  if (text.size() % 2 != 0) return false;
  out->clear();
  for (size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) return false;
    out->push_back(static_cast<char>(byte));
  }
  return true;
}

// Reads one argument; *memory keeps what the value points to. False: not a value of its type.
bool Parse(std::string_view argument, std::string* memory, dbpool_value* value) {
  const bool prefixed = argument.size() >= 2 && argument[1] == ':';
  const char type = argument == "null:" ? 'n' : prefixed ? argument[0] : 0;
  const std::string_view rest = prefixed ? argument.substr(2) : argument;
  switch (type) {
    case 'n':
      value->type = DBPOOL_NULL;
      return true;
    case 'i':
      value->type = DBPOOL_INT64;
      return ParseAll(rest, &value->num.i64);
    case 'f':
      value->type = DBPOOL_FLOAT64;
      return ParseAll(rest, &value->num.f64);
    case 'b':
      value->type = DBPOOL_BOOL;
      return ParseBool(rest, &value->num.i64);
    case 'x':
      value->type = DBPOOL_BYTES;
      return ParseHex(rest, memory);
    case 't':
      value->type = DBPOOL_TEXT;
      *memory = rest;
      return true;
    default:
      value->type = DBPOOL_TEXT;
      *memory = argument;
      return true;
  }
}

}  // namespace

Parameters::Parameters(std::vector<std::string> arguments)
    : memory_(arguments.size()), values_(arguments.size(), dbpool_value{}) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!Parse(arguments[i], &memory_[i], &values_[i])) {
      throw std::invalid_argument(fmt::format(
          "parameter {}: '{}' does not fit its type (i: integer, f: number, b: true or false, "
          "x: hex digits in pairs; t: in front makes it text)",
          i + 1, arguments[i]));
    }
    if (values_[i].type == DBPOOL_TEXT || values_[i].type == DBPOOL_BYTES) {
      values_[i].data = memory_[i].data();
      values_[i].size = static_cast<uint32_t>(memory_[i].size());
    }
  }
}

}  // namespace dbp::cli
