#include "driver/sqlite/text.h"

#include <algorithm>
#include <array>

namespace dbp::sqlite {
namespace {

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string TakeWord(std::string_view sql, size_t* at) {
  *at = SkipBlank(sql, *at);
  std::string word;
  while (*at < sql.size() && IsLetter(sql[*at])) word += static_cast<char>(sql[(*at)++] & ~0x20);
  return word;
}

bool IsModifier(std::string_view word) {
  constexpr std::array<std::string_view, 4> kModifiers = {"TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL"};
  return std::find(kModifiers.begin(), kModifiers.end(), word) != kModifiers.end();
}

}  // namespace

size_t SkipBlank(std::string_view sql, size_t at) {
  while (at < sql.size()) {
    const std::string_view rest = sql.substr(at);
    if (IsSpace(rest[0]) || rest[0] == ';') {
      ++at;
    } else if (rest.starts_with("--")) {
      const size_t end = sql.find('\n', at);
      at = end == sql.npos ? sql.size() : end + 1;
    } else if (rest.starts_with("/*")) {
      const size_t end = sql.find("*/", at + 2);
      at = end == sql.npos ? sql.size() : end + 2;
    } else if (rest.starts_with(
                   "\xEF\xBB\xBF")) {  // SQLite takes a byte order mark for white space
      at += 3;
    } else {
      break;
    }
  }
  return at;
}

std::string CommandOf(std::string_view statement) {
  size_t at = 0;
  std::string command = TakeWord(statement, &at);
  if (command != "CREATE" && command != "DROP" && command != "ALTER") return command;
  std::string object = TakeWord(statement, &at);
  while (IsModifier(object)) object = TakeWord(statement, &at);
  return object.empty() ? command : command + " " + object;
}

}  // namespace dbp::sqlite
