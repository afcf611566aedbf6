#include "driver/sql_text.h"

#include <algorithm>
#include <iterator>

#include "driver/harmless_functions.h"
#include "driver/sql_lexer.h"

// The scan walks the tokens of all statements once. Of each statement it looks at the first words,
// which say what kind it is, and at every name before a parenthesis, which is a call unless
//   - it is a keyword there: reserved words always, others by the word before them (PRIMARY KEY,
//   OVER);
//   - it stands where a table, a type or an alias is named: after INTO, AS, ::, CREATE TABLE, WITH
//   ...
// A call of anything but a harmless built-in function is dirt. What the scan does not know is dirt,
// too.
//
// Bodies with a `;` inside (CREATE FUNCTION ... BEGIN ATOMIC, CREATE TRIGGER of SQLite) count as
// several statements, and FirstStatementSize() ends in the middle of them: SQLite's own parser must
// split those.

namespace dbp {
namespace {

template <size_t N>
bool IsOneOf(const SqlToken& token, const std::string_view (&lower)[N]) {
  return token.kind == SqlToken::kWord &&
         std::any_of(std::begin(lower), std::end(lower),
                     [&](std::string_view word) { return EqualsNoCase(token.text, word); });
}

/// Verbs with more to them have a rule in Scanner::SecondWord().
struct VerbRule {
  std::string_view word;
  SqlVerb verb = SqlVerb::kOther;
  uint32_t dirt = kDirtNone;
  bool computes = false;  ///< a name before a parenthesis may be a call
};
constexpr VerbRule kVerbs[] = {
    {"select", SqlVerb::kSelect, kDirtNone, true},
    {"insert", SqlVerb::kInsert, kDirtNone, true},
    {"replace", SqlVerb::kInsert, kDirtNone, true},
    {"update", SqlVerb::kUpdate, kDirtNone, true},
    {"delete", SqlVerb::kDelete, kDirtNone, true},
    {"merge", SqlVerb::kMerge, kDirtNone, true},
    {"with", SqlVerb::kWith, kDirtNone, true},
    {"values", SqlVerb::kValues, kDirtNone, true},
    {"copy", SqlVerb::kCopy, kDirtNone, true},
    {"create", SqlVerb::kOther, kDirtNone, true},
    {"alter", SqlVerb::kOther, kDirtNone, true},
    {"explain", SqlVerb::kOther, kDirtNone, true},
    {"declare", SqlVerb::kOther, kDirtNone, true},
    {"set", SqlVerb::kOther, kDirtSettings},
    {"reset", SqlVerb::kOther, kDirtSettings},
    {"pragma", SqlVerb::kOther},
    {"discard", SqlVerb::kOther, kDirtSettings | kDirtPrepared},
    {"prepare", SqlVerb::kOther, kDirtPrepared},
    {"deallocate", SqlVerb::kOther, kDirtPrepared},
    {"execute", SqlVerb::kOther, kDirtUnknown | kDirtPrepared},
    {"listen", SqlVerb::kOther, kDirtListen},
    {"unlisten", SqlVerb::kOther, kDirtListen},
    {"do", SqlVerb::kOther, kDirtUnknown},
    {"call", SqlVerb::kOther, kDirtUnknown},
    {"load", SqlVerb::kOther, kDirtUnknown},
    {"attach", SqlVerb::kOther, kDirtUnknown},
    {"detach", SqlVerb::kOther, kDirtUnknown},
    {"abort"},
    {"analyze"},
    {"begin"},
    {"checkpoint"},
    {"close"},
    {"cluster"},
    {"comment"},
    {"commit"},
    {"drop"},
    {"end"},
    {"fetch"},
    {"grant"},
    {"import"},
    {"lock"},
    {"move"},
    {"notify"},
    {"reassign"},
    {"refresh"},
    {"reindex"},
    {"release"},
    {"revoke"},
    {"rollback"},
    {"savepoint"},
    {"security"},
    {"show"},
    {"start"},
    {"table"},
    {"truncate"},
    {"vacuum"},
};
constexpr VerbRule kUnknownVerb = {"", SqlVerb::kOther, kDirtUnknown, true};

/// Never the name of a function in PostgreSQL, whatever surrounds them.
constexpr std::string_view kReserved[] = {
    "all",    "analyze", "and",        "any",       "array",     "between",  "case",  "cast",
    "check",  "column",  "default",    "desc",      "distinct",  "else",     "end",   "except",
    "exists", "fetch",   "for",        "from",      "group",     "having",   "in",    "intersect",
    "into",   "join",    "lateral",    "limit",     "not",       "offset",   "on",    "only",
    "or",     "order",   "returning",  "row",       "select",    "some",     "table", "then",
    "to",     "union",   "unique",     "using",     "values",    "variadic", "when",  "where",
    "window", "with",    "references", "symmetric", "asymmetric"};

/// Words that are no function behind one certain other word.
struct Pair {
  std::string_view before, word;
};
constexpr Pair kPairs[] = {
    {"primary", "key"},   {"foreign", "key"},     {"group", "by"},         {"order", "by"},
    {"partition", "by"},  {"as", "materialized"}, {"not", "materialized"}, {"on", "conflict"},
    {"grouping", "sets"}, {"time", "zone"},       {"then", "insert"},      {"character", "varying"},
    {"bit", "varying"},   {"by", "range"},        {"by", "list"},          {"by", "hash"}};

constexpr std::string_view kAdvisoryLocks[] = {
    "pg_advisory_lock",      "pg_advisory_lock_shared",
    "pg_try_advisory_lock",  "pg_try_advisory_lock_shared",
    "pg_advisory_unlock",    "pg_advisory_unlock_shared",
    "pg_advisory_unlock_all"};

/// SQLite's pragmas that take an argument and only read.
constexpr std::string_view kReadingPragmas[] = {
    "foreign_key_check", "foreign_key_list", "index_info",    "index_list",
    "index_xinfo",       "integrity_check",  "quick_check",   "table_info",
    "table_list",        "table_xinfo",      "wal_checkpoint"};

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql), lexer_(sql) {}

  SqlTraits Run() {
    for (SqlToken token = lexer_.Next(); token.kind != SqlToken::kEnd; token = lexer_.Next()) {
      if (token.Is(";")) {
        NewStatement();
      } else {
        Take(token);
      }
      before_ = token;
    }
    traits_.several = statements_ > 1;
    if (lexer_.doubt()) {
      traits_.dirt |= kDirtUnknown;
      if (HasInnerSemicolon()) traits_.several = true;
    }
    return traits_;
  }

 private:
  /// A dotted name under way.
  struct Name {
    SqlToken first, last;
    SqlToken before;  ///< what stands before it
    int parts = 0;
    bool named = false;  ///< it names a table or the like, and calls nothing
  };

  void NewStatement() {
    verb_ = nullptr;
    words_ = 0;
    depth_ = 0;
    name_ = {};
    started_ = name_expected_ = into_new_table_ = with_header_ = index_ = false;
  }

  void Take(const SqlToken& token) {
    if (!started_) {
      started_ = true;
      ++statements_;
    }
    if (verb_ == nullptr && !token.Is("(")) FirstWord(token);
    if (token.kind == SqlToken::kWord || token.kind == SqlToken::kQuoted) {
      TakeName(token);
    } else if (!token.Is(".")) {
      if (token.Is("(")) Open();
      if (token.Is(")") && depth_ > 0) --depth_;
      if (token.Is("=") && IsVerb("pragma")) Add(kDirtSettings);
      name_expected_ = with_header_ && depth_ == 0 && token.Is(",");
      name_ = {};
    }
  }

  void FirstWord(const SqlToken& token) {
    verb_ = &kUnknownVerb;
    for (const VerbRule& rule : kVerbs) {
      if (token.IsWord(rule.word)) verb_ = &rule;
    }
    if (statements_ == 1) traits_.verb = verb_->verb;
    with_header_ = verb_->verb == SqlVerb::kWith;
    // What SET and PREPARE leave behind depends on the word that follows.
    if (!IsVerb("set") && !IsVerb("prepare")) Add(verb_->dirt);
  }

  void SecondWord(const SqlToken& token) {
    static constexpr std::string_view kEndsWithTransaction[] = {"local", "transaction",
                                                                "constraints"};
    if (IsVerb("set") && !IsOneOf(token, kEndsWithTransaction)) Add(verb_->dirt);
    if (IsVerb("prepare") && !token.IsWord("transaction")) Add(verb_->dirt);
  }

  void TakeName(const SqlToken& token) {
    if (before_.Is(".") && name_.parts > 0) {
      ++name_.parts;
      name_.last = token;
      if (name_.named && name_.first.IsWord("temp")) Add(kDirtTemp);
      return;
    }
    if (++words_ == 2) SecondWord(token);
    name_ = {token, token, before_, 1, name_expected_ || before_.IsWord("as") || before_.Is("::")};
    if (token.text.size() >= 7 && EqualsNoCase(token.text.substr(0, 7), "pg_temp")) Add(kDirtTemp);
    if (token.kind == SqlToken::kWord) Keyword(token);
    if (token.kind == SqlToken::kQuoted) name_expected_ = false;
  }

  void Keyword(const SqlToken& token) {
    static constexpr std::string_view kBeforeName[] = {
        "if",        "not",   "exists", "only",     "concurrently", "temp",
        "temporary", "local", "global", "unlogged", "recursive"};
    static constexpr std::string_view kObjects[] = {"view",    "index",  "function",  "procedure",
                                                    "trigger", "domain", "aggregate", "type"};
    static constexpr std::string_view kHeaderEnds[] = {"select", "insert", "update",
                                                       "delete", "merge",  "values"};
    const bool ddl = IsVerb("create") || IsVerb("alter");
    if (depth_ == 0 && IsOneOf(token, kHeaderEnds)) with_header_ = false;
    if (token.IsWord("index") && ddl && words_ <= 4) index_ = true;
    Temporary(token);
    name_expected_ = token.IsWord("into") || token.IsWord("table") || token.IsWord("references") ||
                     token.IsWord("with") || token.IsWord("tablesample") ||
                     (ddl && IsOneOf(token, kObjects)) ||
                     (index_ && depth_ == 0 && (token.IsWord("on") || token.IsWord("using"))) ||
                     (name_expected_ && IsOneOf(token, kBeforeName));
    if (IsVerb("declare") && before_.IsWord("with") && token.IsWord("hold")) Add(kDirtCursor);
    if (IsVerb("explain") && token.IsWord("execute")) Add(kDirtUnknown | kDirtPrepared);
  }

  /// CREATE [OR REPLACE] [LOCAL] TEMP ..., SELECT ... INTO [LOCAL] TEMP t
  void Temporary(const SqlToken& token) {
    if (token.IsWord("temp") || token.IsWord("temporary")) {
      const bool created = IsVerb("create") && words_ <= 5 && !name_expected_;
      if (created || into_new_table_ || IsVerb("explain")) Add(kDirtTemp);
    }
    if (token.IsWord("into")) {
      into_new_table_ =
          !before_.IsWord("insert") && !before_.IsWord("merge") && !before_.IsWord("replace");
    } else if (!token.IsWord("local") && !token.IsWord("global")) {
      into_new_table_ = false;
    }
  }

  /// At a parenthesis: is what stands before it a call?
  void Open() {
    ++depth_;
    if (name_.parts == 0 || verb_ == nullptr) return;
    if (IsVerb("pragma")) {
      if (!IsOneOf(name_.last, kReadingPragmas)) Add(kDirtSettings);
    } else if (verb_->computes && !name_.named && !IsKeyword()) {
      Call();
    }
  }

  bool IsKeyword() const {
    if (name_.parts > 1 || name_.first.kind != SqlToken::kWord || name_.before.Is("."))
      return false;
    if (IsOneOf(name_.first, kReserved)) return true;
    if (name_.first.IsWord("as")) return true;
    if (name_.first.IsWord("explain") && words_ == 1) return true;
    static constexpr std::string_view kAfterParenthesis[] = {"over", "filter", "include", "with"};
    if (name_.before.Is(")") && IsOneOf(name_.first, kAfterParenthesis)) return true;
    if (name_.first.IsWord("set") && verb_->verb != SqlVerb::kSelect) return true;
    return std::any_of(std::begin(kPairs), std::end(kPairs), [&](const Pair& pair) {
      return name_.before.IsWord(pair.before) && name_.first.IsWord(pair.word);
    });
  }

  void Call() {
    const SqlToken& function = name_.last;
    const bool plain = name_.parts == 1 && !name_.before.Is(".");
    const bool builtin =
        plain || (name_.parts == 2 && EqualsNoCase(name_.first.text, "pg_catalog"));
    if (!builtin || function.kind != SqlToken::kWord) return Add(kDirtUnknown);
    if (IsOneOf(function, kAdvisoryLocks)) return Add(kDirtLocks);
    if (function.IsWord("set_config")) return Add(kDirtSettings);
    if (function.IsWord("nextval") || function.IsWord("setval")) return Add(kDirtSequence);
    if (!IsHarmlessFunction(function.text)) Add(kDirtUnknown);
  }

  bool IsVerb(std::string_view word) const { return verb_ != nullptr && verb_->word == word; }
  void Add(uint32_t dirt) { traits_.dirt |= dirt; }
  /// Any `;` before the last word, in quotes or not.
  bool HasInnerSemicolon() const {
    const size_t end = sql_.find_last_not_of(" \t\r\n\f\v;");
    return end != std::string_view::npos && sql_.substr(0, end).find(';') != std::string_view::npos;
  }

  const std::string_view sql_;
  SqlLexer lexer_;
  SqlTraits traits_;
  SqlToken before_;
  size_t statements_ = 0;
  // Of the statement under way:
  bool started_ = false;
  const VerbRule* verb_ = nullptr;
  size_t words_ = 0;
  size_t depth_ = 0;
  Name name_;
  bool name_expected_ = false;
  bool into_new_table_ = false;  ///< SELECT ... INTO, before the name
  bool with_header_ = false;     ///< in WITH, before the statement it belongs to
  bool index_ = false;           ///< CREATE INDEX
};

}  // namespace

SqlTraits ScanSql(std::string_view sql) {
  return Scanner(sql).Run();
}

size_t FirstStatementSize(std::string_view sql) {
  SqlLexer lexer(sql);
  size_t depth = 0;
  for (SqlToken token = lexer.Next(); token.kind != SqlToken::kEnd; token = lexer.Next()) {
    if (token.Is("(")) ++depth;
    if (token.Is(")") && depth > 0) --depth;
    if (token.Is(";") && depth == 0) return lexer.position();
  }
  return sql.size();
}

bool IsBlankSql(std::string_view sql) {
  SqlLexer lexer(sql);
  for (SqlToken token = lexer.Next(); token.kind != SqlToken::kEnd; token = lexer.Next()) {
    if (!token.Is(";")) return false;
  }
  return !lexer.doubt();
}

}  // namespace dbp
