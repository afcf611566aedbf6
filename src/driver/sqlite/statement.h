#ifndef DBP_DRIVER_SQLITE_STATEMENT_H_
#define DBP_DRIVER_SQLITE_STATEMENT_H_

#include <sqlite3.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "driver/sqlite/columns.h"
#include "driver/sqlite/observer.h"
#include "driver/sqlite/params.h"

namespace dbp::sqlite {

/// A prepared statement with what is worth knowing of it once. Gives it up when it goes.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&&) = default;
  Statement& operator=(Statement&&) = default;

  /// Prepares the statement a text begins with. REQUIRES: the text is not blank.
  /// *rc is SQLite's answer; the handle has the message. The status speaks of its parameters only.
  static Status Prepare(sqlite3* db, std::string_view sql, bool keep, Observer& observer, int* rc,
                        Statement* out, size_t* used);

  sqlite3_stmt* get() const { return stmt_.get(); }
  /// It cannot change a database. BEGIN IMMEDIATE and EXCLUSIVE count as changing.
  bool readonly() const { return readonly_; }
  bool changes_rows() const { return change_ != Observer::Change::kNone; }
  bool inserts() const { return change_ == Observer::Change::kInsert; }
  const std::string& command() const { return command_; }
  const ParamMap& params() const { return params_; }
  /// A PRAGMA acts while it is prepared: kept and run again it might do nothing.
  bool may_be_kept() const { return command_ != "PRAGMA"; }
  /// Columns of the last run. To be asked after its first step: SQLite prepares anew there when the
  /// schema has changed. NULL if it gives no rows.
  const std::shared_ptr<const ColumnSet>& columns();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* stmt) const { sqlite3_finalize(stmt); }
  };

  std::unique_ptr<sqlite3_stmt, Finalize> stmt_;
  bool readonly_ = true;
  Observer::Change change_ = Observer::Change::kNone;
  std::string command_;
  ParamMap params_;
  std::shared_ptr<const ColumnSet> columns_;
  int columns_version_ = -1;
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_STATEMENT_H_
