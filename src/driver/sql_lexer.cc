#include "driver/sql_lexer.h"

namespace dbp {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool StartsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool ContinuesTag(char c) {
  return StartsWord(c) || IsDigit(c);
}
bool ContinuesWord(char c) {
  return ContinuesTag(c) || c == '$';
}

}  // namespace

bool EqualsNoCase(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != lower[i]) return false;
  }
  return true;
}

bool SqlToken::IsWord(std::string_view lower) const {
  return kind == kWord && EqualsNoCase(text, lower);
}

SqlToken SqlLexer::Next() {
  SkipBlanks();
  if (at_ >= sql_.size()) return {};
  const char c = Peek();
  if (StartsWord(c)) return Word();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
  if (c == '\'') return String(false);
  if (c == '"' || c == '`') return Quoted(c);
  if (c == '$') return Dollar();
  return Punct();
}

void SqlLexer::SkipBlanks() {
  while (at_ < sql_.size()) {
    if (IsSpace(Peek())) {
      ++at_;
    } else if (Peek() == '-' && Peek(1) == '-') {
      SkipLineComment();
    } else if (Peek() == '/' && Peek(1) == '*') {
      SkipBlockComment();
    } else {
      return;
    }
  }
}

void SqlLexer::SkipLineComment() {
  if (brackets_ > 0) doubt_ = true;  // to SQLite [a--b] is a name
  at_ = sql_.find_first_of("\r\n", at_);
  if (at_ == std::string_view::npos) at_ = sql_.size();
  if (Peek() == '\r' && Peek(1) != '\n') doubt_ = true;  // to SQLite the comment goes on
}

void SqlLexer::SkipBlockComment() {
  if (brackets_ > 0) doubt_ = true;
  size_t depth = 0;
  do {
    if (at_ >= sql_.size()) {
      doubt_ = true;
      return;
    }
    if (Peek() == '/' && Peek(1) == '*') {
      if (++depth > 1) doubt_ = true;  // SQLite does not nest them
      at_ += 2;
    } else if (Peek() == '*' && Peek(1) == '/') {
      --depth;
      at_ += 2;
    } else {
      ++at_;
    }
  } while (depth > 0);
}

SqlToken SqlLexer::Word() {
  const size_t start = at_;
  while (at_ < sql_.size() && ContinuesWord(Peek())) ++at_;
  const std::string_view word = From(start);
  if (Peek() == '\'' && EqualsNoCase(word, "e")) return String(true);
  return {SqlToken::kWord, word};
}

SqlToken SqlLexer::Number() {
  const size_t start = at_;
  while (at_ < sql_.size()) {
    const char c = Peek();
    const char before = Lower(sql_[at_ > start ? at_ - 1 : at_]);
    if (!ContinuesTag(c) && c != '.' &&
        !((c == '+' || c == '-') && before == 'e' && IsDigit(Peek(1))))
      break;
    ++at_;
  }
  return {SqlToken::kNumber, From(start)};
}

SqlToken SqlLexer::Quoted(char quote) {
  if (quote == '`') doubt_ = true;  // to PostgreSQL an operator
  const size_t start = ++at_;
  for (;; ++at_) {
    if (at_ >= sql_.size()) {
      doubt_ = true;
      return {SqlToken::kQuoted, From(start)};
    }
    if (Peek() != quote) continue;
    if (Peek(1) != quote) break;
    ++at_;
  }
  const std::string_view name = From(start);
  ++at_;
  return {SqlToken::kQuoted, name};
}

SqlToken SqlLexer::String(bool escapes) {
  const size_t start = at_++;
  for (;; ++at_) {
    if (at_ >= sql_.size()) {
      at_ = sql_.size();
      doubt_ = true;
      break;
    }
    const char c = Peek();
    if (c == '\\') {
      // Without standard_conforming_strings a plain string has escapes too. That matters only where
      // the quote is escaped; two backslashes end up the same way.
      if (!escapes && Peek(1) == '\'') doubt_ = true;
      if (escapes || Peek(1) == '\\') ++at_;
    } else if (c == ']' && brackets_ > 0) {
      doubt_ = true;  // to SQLite [it's] is a name
    } else if (c == '\'') {
      if (Peek(1) != '\'') {
        ++at_;
        break;
      }
      ++at_;
    }
  }
  return {SqlToken::kString, From(start)};
}

SqlToken SqlLexer::Dollar() {
  const size_t start = at_++;
  if (IsDigit(Peek())) {
    while (IsDigit(Peek())) ++at_;
    return {SqlToken::kParam, From(start)};
  }
  while (at_ < sql_.size() && ContinuesTag(Peek())) ++at_;
  if (Peek() != '$') {
    at_ = start + 1;  // SQLite's $name, or nonsense
    return {SqlToken::kPunct, From(start)};
  }
  ++at_;
  // A tag holds no `$` of its own, so a failed comparison is never repeated: the search is linear.
  const std::string_view tag = From(start);
  const size_t end = sql_.find(tag, at_);
  if (end == std::string_view::npos) doubt_ = true;
  at_ = end == std::string_view::npos ? sql_.size() : end + tag.size();
  return {SqlToken::kString, From(start)};
}

SqlToken SqlLexer::Punct() {
  const size_t start = at_++;
  const char c = sql_[start];
  if (c == '\0') doubt_ = true;  // where one database stops reading and another does not
  if (c == '[') ++brackets_;
  if (c == ']' && brackets_ > 0) --brackets_;
  if (c == ':' && Peek() == ':') ++at_;
  return {SqlToken::kPunct, From(start)};
}

}  // namespace dbp
