#ifndef DBP_DRIVER_SQL_TEXT_H_
#define DBP_DRIVER_SQL_TEXT_H_

#include <cstdint>
#include <string_view>

// What can be known of SQL without a parser: a lexer that skips quotes, dollar quotes and comments.
// Where it is in doubt it answers the careful way: several statements, dirty.

namespace dbp {

/// What a text may leave behind in its session; a set of bits. A transaction is not among them: the
/// server reports that one itself.
enum Dirt : uint32_t {
  kDirtNone = 0,
  kDirtSettings = 1,   ///< SET, RESET, set_config, SET ROLE, SET SESSION AUTHORIZATION
  kDirtLocks = 2,      ///< session advisory locks
  kDirtPrepared = 4,   ///< PREPARE, DEALLOCATE by hand
  kDirtListen = 8,     ///< LISTEN
  kDirtTemp = 16,      ///< temporary objects
  kDirtCursor = 32,    ///< DECLARE ... WITH HOLD
  kDirtSequence = 64,  ///< nextval, setval: currval and lastval of the session
  kDirtUnknown = 128,  ///< DO, CALL, LOAD, a function that is not known to be harmless, doubt
};

enum class SqlVerb : uint8_t {
  kSelect,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kWith,
  kValues,
  kCopy,
  kOther
};

struct SqlTraits {
  SqlVerb verb = SqlVerb::kOther;
  bool several = false;  ///< more than one statement, or doubt; a trailing `;` does not count
  uint32_t dirt = kDirtNone;
  /// One SELECT, INSERT, UPDATE, DELETE, MERGE, WITH or VALUES: may be prepared and pipelined.
  bool preparable() const { return !several && verb < SqlVerb::kCopy; }
};

SqlTraits ScanSql(std::string_view sql);

/// Length of the first statement of the text with its `;`, comments before it included; the whole
/// text if there is no top-level `;`.
size_t FirstStatementSize(std::string_view sql);

/// Nothing but white space, comments and `;`.
bool IsBlankSql(std::string_view sql);

}  // namespace dbp

#endif  // DBP_DRIVER_SQL_TEXT_H_
