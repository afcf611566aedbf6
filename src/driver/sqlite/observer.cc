#include "driver/sqlite/observer.h"

#include <strings.h>

namespace dbp::sqlite {
namespace {

// PRAGMAs whose argument sets nothing in the session: it names what to read or do, or goes to the
// file.
bool IsHarmlessPragma(const char* name) {
  constexpr const char* kHarmless[] = {
      "application_id", "foreign_key_check", "foreign_key_list", "incremental_vacuum",
      "index_info",     "index_list",        "index_xinfo",      "integrity_check",
      "optimize",       "quick_check",       "table_info",       "table_list",
      "table_xinfo",    "user_version",      "wal_checkpoint"};
  for (const char* harmless : kHarmless) {
    if (strcasecmp(name, harmless) == 0) return true;
  }
  return false;
}

}  // namespace

void Observer::Install(sqlite3* db) {
  sqlite3_set_authorizer(
      db,
      [](void* self, int action, const char* first, const char* second, const char*,
         const char* trigger) {
        static_cast<Observer*>(self)->See(action, first, second, trigger);
        return SQLITE_OK;
      },
      this);
}

void Observer::See(int action, const char* first, const char* second, const char* trigger) {
  if (paused_) return;
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
      dirty_ = true;
      break;
    case SQLITE_PRAGMA:
      if (second && !IsHarmlessPragma(first)) dirty_ = true;
      break;
    case SQLITE_FUNCTION:  // the name comes second
      if (second && strcasecmp(second, "load_extension") == 0) dirty_ = true;
      break;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      if (change_ == Change::kNone && !trigger) {
        change_ = action == SQLITE_INSERT   ? Change::kInsert
                  : action == SQLITE_UPDATE ? Change::kUpdate
                                            : Change::kDelete;
      }
      break;
    default:
      break;
  }
}

}  // namespace dbp::sqlite
