#ifndef DBP_DRIVER_SQL_LEXER_H_
#define DBP_DRIVER_SQL_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dbp {

/// A word of SQL. text is the source, but for kQuoted what stands between the quotes.
struct SqlToken {
  enum Kind : uint8_t {
    kEnd,
    kWord,    ///< an identifier or keyword without quotes
    kQuoted,  ///< "identifier" or `identifier`
    kString,  ///< '...', E'...', $tag$...$tag$
    kNumber,
    kParam,  ///< $1
    kPunct,  ///< one character, or ::
  };
  Kind kind = kEnd;
  std::string_view text;

  bool Is(std::string_view punct) const { return kind == kPunct && text == punct; }
  /// An unquoted word, in any case. REQUIRES: lower is in lower case.
  bool IsWord(std::string_view lower) const;
};

/// Takes SQL apart without allocating, in one pass. White space and comments are no tokens.
///
/// PostgreSQL and SQLite, and PostgreSQL with other settings, disagree about a few texts: a
/// backslash before the closing quote, a comment in a comment, a lone carriage return, [brackets
/// around a name], something that never ends. doubt() is true from the first of them on.
class SqlLexer {
 public:
  explicit SqlLexer(std::string_view sql) : sql_(sql) {}
  SqlToken Next();
  /// Bytes consumed: the end of the last token.
  size_t position() const { return at_; }
  bool doubt() const { return doubt_; }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  std::string_view From(size_t start) const { return sql_.substr(start, at_ - start); }
  void SkipBlanks();
  void SkipLineComment();
  void SkipBlockComment();
  SqlToken Word();
  SqlToken Number();
  SqlToken Quoted(char quote);
  SqlToken String(bool escapes);
  SqlToken Dollar();
  SqlToken Punct();

  const std::string_view sql_;
  size_t at_ = 0;
  size_t brackets_ = 0;  ///< open [
  bool doubt_ = false;
};

/// a, in any case, is b. REQUIRES: lower is in lower case.
bool EqualsNoCase(std::string_view a, std::string_view lower);

}  // namespace dbp

#endif  // DBP_DRIVER_SQL_LEXER_H_
