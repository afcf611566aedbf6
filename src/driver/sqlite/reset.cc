#include "driver/sqlite/connection.h"
#include "driver/sqlite/errors.h"

namespace dbp::sqlite {

bool SqliteConnection::NeedsReset(ResetMode mode) const {
  if (stream_) return true;
  switch (mode) {
    case ResetMode::kNone:
      return false;
    case ResetMode::kRollback:
      return native_used_ || tx_state() != TxState::kNone;
    case ResetMode::kSmart:
      return native_used_ || observer_.dirty() || tx_state() != TxState::kNone;
    case ResetMode::kFull:
      break;
  }
  return true;
}

Status SqliteConnection::Reset() {
  EndStream();
  if (reset_mode_ == ResetMode::kNone) return Status::Ok();
  const bool anew = reset_mode_ == ResetMode::kFull ||
                    (reset_mode_ == ResetMode::kSmart && (native_used_ || observer_.dirty()));
  Status status = anew ? Reopen() : Rollback();
  if (!status.ok()) status.set_phase(DBPOOL_PHASE_RESET).add_flags(DBPOOL_FLAG_CONN_BROKEN);
  return status;
}

Status SqliteConnection::Rollback() {
  // Of ours none is open now; those of the native handle's user would hold their locks.
  for (sqlite3_stmt* s = sqlite3_next_stmt(db(), nullptr); s; s = sqlite3_next_stmt(db(), s)) {
    if (sqlite3_stmt_busy(s)) sqlite3_reset(s);
  }
  if (tx_state() != TxState::kNone) {
    const int rc = sqlite3_exec(db(), "ROLLBACK", nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return SqliteError(db(), rc, DBPOOL_PHASE_RESET, *watch_);
  }
  return SetReadOnly(false);
}

// Closed first: the old handle may hold the file for itself. Not worth a checkpoint, the file is
// opened again at once.
Status SqliteConnection::Reopen() {
  DBP_RETURN_IF_ERROR(Rollback());
  scratch_.reset();
  cache_->Clear();
  sqlite3_db_config(db(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  db_.reset();
  query_only_ = native_used_ = false;
  return database_->Open(*watch_, observer_, &db_);
}

// A database that is locked is alive; a file that was moved or replaced under its connection is not
// the database any more.
Status SqliteConnection::Ping() {
  if (watch_->Cancelled()) return Stopped();
  const int rc =
      sqlite3_exec(db(), "SELECT 1 FROM sqlite_schema LIMIT 1", nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
    Status status = SqliteError(db(), rc, DBPOOL_PHASE_PING, *watch_);
    if (status.code() == DBPOOL_ERR_SQL) status.add_flags(DBPOOL_FLAG_CONN_BROKEN);
    return status;
  }
  int moved = 0;
  if (sqlite3_file_control(db(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved) {
    return Status::Error(
        DBPOOL_ERR_BROKEN,
        "the database file " + database_->path() + " was moved, removed or replaced",
        DBPOOL_PHASE_PING, {}, DBPOOL_FLAG_CONN_BROKEN);
  }
  return Status::Ok();
}

// A borrower may have set query_only by itself (a PRAGMA, native()): then what we remember is worth
// nothing, and it is set whatever it was.
Status SqliteConnection::SetReadOnly(bool on) {
  if (!db_) return Status::Ok();  // broken: the next operation says so
  if (on == query_only_ && !observer_.dirty() && !native_used_) return Status::Ok();
  const Observer::Pause ours(observer_);
  const int rc = sqlite3_exec(db(), on ? "PRAGMA query_only=1" : "PRAGMA query_only=0", nullptr,
                              nullptr, nullptr);
  if (rc != SQLITE_OK) return SqliteError(db(), rc, DBPOOL_PHASE_QUERY, *watch_);
  query_only_ = on;
  return Status::Ok();
}

}  // namespace dbp::sqlite
