#include "driver/sqlite/statement.h"

#include "driver/sqlite/text.h"

namespace dbp::sqlite {
namespace {

// The authorizer tells of changes for DDL too (in sqlite_schema), so the word decides what counts
// as a change of rows, and the authorizer what a WITH is about.
Observer::Change ChangeOf(const std::string& command, Observer::Change seen) {
  using Change = Observer::Change;
  if (command == "INSERT" || command == "REPLACE") return Change::kInsert;
  if (command == "UPDATE") return Change::kUpdate;
  if (command == "DELETE") return Change::kDelete;
  return command == "WITH" ? seen : Change::kNone;
}

std::string CommandOfWith(Observer::Change change) {
  switch (change) {
    case Observer::Change::kInsert:
      return "INSERT";
    case Observer::Change::kUpdate:
      return "UPDATE";
    case Observer::Change::kDelete:
      return "DELETE";
    case Observer::Change::kNone:
      break;
  }
  return "SELECT";
}

}  // namespace

Status Statement::Prepare(sqlite3* db, std::string_view sql, bool keep, Observer& observer, int* rc,
                          Statement* out, size_t* used) {
  Statement made;
  observer.BeginStatement();
  sqlite3_stmt* stmt = nullptr;
  const char* tail = nullptr;
  *rc = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                           keep ? SQLITE_PREPARE_PERSISTENT : 0, &stmt, &tail);
  made.stmt_.reset(stmt);
  if (*rc != SQLITE_OK) return Status::Ok();
  *used = static_cast<size_t>(tail - sql.data());
  if (!stmt) return Status::Ok();  // a text that SQLite finds blank after all
  made.readonly_ = sqlite3_stmt_readonly(stmt) != 0;
  made.command_ = CommandOf(sql);
  made.change_ = ChangeOf(made.command_, observer.change());
  if (made.command_ == "WITH") made.command_ = CommandOfWith(made.change_);
  DBP_RETURN_IF_ERROR(ParamMap::Make(stmt, &made.params_));
  *out = std::move(made);
  return Status::Ok();
}

const std::shared_ptr<const ColumnSet>& Statement::columns() {
  const int version = sqlite3_stmt_status(stmt_.get(), SQLITE_STMTSTATUS_REPREPARE, 0);
  if (version != columns_version_) {
    const bool any = sqlite3_column_count(stmt_.get()) > 0;
    columns_ = any ? ColumnSet::OfResult(stmt_.get()) : nullptr;
    columns_version_ = version;
  }
  return columns_;
}

}  // namespace dbp::sqlite
