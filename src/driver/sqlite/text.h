#ifndef DBP_DRIVER_SQLITE_TEXT_H_
#define DBP_DRIVER_SQLITE_TEXT_H_

#include <string>
#include <string_view>

// What must be known of SQL text that SQLite's own parser does not tell. SQLite's lexical rules,
// which are not PostgreSQL's: comments do not nest, and one that is not closed ends with the text.

namespace dbp::sqlite {

/// Where white space, comments and `;` that begin at a position end.
size_t SkipBlank(std::string_view sql, size_t from);

/// "SELECT", "CREATE TABLE": the first word in upper case, and after CREATE, DROP and ALTER the
/// kind of object, as PostgreSQL names commands. "" if it does not begin with a word.
std::string CommandOf(std::string_view statement);

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_TEXT_H_
