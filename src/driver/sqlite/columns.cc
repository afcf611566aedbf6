#include "driver/sqlite/columns.h"

#include <string.h>

namespace dbp::sqlite {

// The first that occurs in the declared type counts, so INTERVAL stands before INT and DATETIME
// before DATE.
uint32_t KindOfDeclaredType(const char* declared) {
  struct Rule {
    const char* part;
    uint32_t kind;
  };
  static constexpr Rule kRules[] = {
      {"BOOL", DBPOOL_KIND_BOOL},
      {"UUID", DBPOOL_KIND_UUID},
      {"JSON", DBPOOL_KIND_JSON},
      {"INTERVAL", DBPOOL_KIND_INTERVAL},
      {"TIMESTAMPTZ", DBPOOL_KIND_TIMESTAMPTZ},
      {"TIMESTAMP WITH TIME ZONE", DBPOOL_KIND_TIMESTAMPTZ},
      {"TIMESTAMP", DBPOOL_KIND_TIMESTAMP},
      {"DATETIME", DBPOOL_KIND_TIMESTAMP},
      {"DATE", DBPOOL_KIND_DATE},
      {"TIME", DBPOOL_KIND_TIME},
      {"NUMERIC", DBPOOL_KIND_NUMERIC},
      {"DECIMAL", DBPOOL_KIND_NUMERIC},
      {"INT", DBPOOL_KIND_INTEGER},
      {"CHAR", DBPOOL_KIND_TEXT},
      {"CLOB", DBPOOL_KIND_TEXT},
      {"TEXT", DBPOOL_KIND_TEXT},
      {"BLOB", DBPOOL_KIND_BYTES},
      {"BYTEA", DBPOOL_KIND_BYTES},
      {"REAL", DBPOOL_KIND_FLOAT},
      {"FLOA", DBPOOL_KIND_FLOAT},
      {"DOUB", DBPOOL_KIND_FLOAT},
  };
  for (const Rule& rule : kRules) {
    if (strcasestr(declared, rule.part)) return rule.kind;
  }
  return DBPOOL_KIND_OTHER;
}

std::shared_ptr<const ColumnSet> ColumnSet::OfResult(sqlite3_stmt* stmt) {
  auto set = std::make_shared<ColumnSet>();
  const int count = sqlite3_column_count(stmt);
  set->text_.reserve(2 * static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const char* name = sqlite3_column_name(stmt, i);
    const char* declared = sqlite3_column_decltype(stmt, i);
    if (!name) throw std::bad_alloc();
    set->Add(name, KindOfDeclaredType(declared ? declared : ""), declared ? declared : "");
  }
  return set;
}

std::shared_ptr<const ColumnSet> ColumnSet::OfParams(std::vector<std::string> names) {
  auto set = std::make_shared<ColumnSet>();
  set->text_.reserve(2 * names.size());
  for (const std::string& name : names) set->Add(name.c_str(), DBPOOL_KIND_OTHER, "");
  return set;
}

void ColumnSet::Add(const char* name, uint32_t kind, const char* native_name) {
  dbpool_column column = {};
  column.name = text_.emplace_back(name).c_str();
  column.kind = kind;
  column.native_name = text_.emplace_back(native_name).c_str();
  columns_.push_back(column);
}

}  // namespace dbp::sqlite
