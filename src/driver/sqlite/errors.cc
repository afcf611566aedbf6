#include "driver/sqlite/errors.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

namespace dbp::sqlite {
namespace {

// SQLITE_ERROR tells its kinds apart by words alone.
const char* StateByMessage(std::string_view message) {
  struct Rule {
    const char* part;
    const char* state;
  };
  static constexpr Rule kRules[] = {
      {"syntax error", "42601"},
      {"incomplete input", "42601"},
      {"unrecognized token", "42601"},
      {"values were supplied", "42601"},
      {"no such table", "42P01"},
      {"no such view", "42P01"},
      {"no such column", "42703"},
      {"has no column named", "42703"},
      {"ambiguous column", "42702"},
      {"no such function", "42883"},
      {"wrong number of arguments", "42883"},
      {"no such savepoint", "3B001"},
      {"no such", "42704"},
      {"already exists", "42P07"},
      {"already another table or index", "42P07"},
      {"within a transaction", "25001"},
      {"no transaction is active", "25P01"},
      {"integer overflow", "22003"},
      {"malformed JSON", "22032"},
  };
  for (const Rule& rule : kRules) {
    if (message.find(rule.part) != message.npos) return rule.state;
  }
  return "42000";
}

const char* StateOfConstraint(int rc) {
  switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return "23505";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "23503";
    case SQLITE_CONSTRAINT_NOTNULL:
      return "23502";
    case SQLITE_CONSTRAINT_CHECK:
      return "23514";
    case SQLITE_CONSTRAINT_DATATYPE:
      return "22P02";
    case SQLITE_CONSTRAINT_TRIGGER:
      return "P0001";
    default:
      return "23000";
  }
}

const char* StateOf(int rc, std::string_view message, Watch::Stop stop) {
  if (rc == SQLITE_BUSY_SNAPSHOT) return "40001";
  switch (rc & 0xff) {
    case SQLITE_BUSY:
      // SQLite does not wait where waiting could not help: a reader that wants to write while
      // another writes has to begin anew.
      return stop == Watch::Stop::kLockTimeout ? "55P03" : "40001";
    case SQLITE_LOCKED:
      return "55P03";
    case SQLITE_CONSTRAINT:
      return StateOfConstraint(rc);
    case SQLITE_READONLY:
      return "25006";
    case SQLITE_FULL:
      return "53100";
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
      return "58030";
    case SQLITE_CANTOPEN:
      return "58P01";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "XX001";
    case SQLITE_INTERRUPT:
      return "57014";
    case SQLITE_MISMATCH:
      return "22P02";
    case SQLITE_TOOBIG:
      return "22001";
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "42501";
    case SQLITE_ERROR:
      return StateByMessage(message);
    default:
      return "XX000";
  }
}

// "UNIQUE constraint failed: t.a, t.b", "CHECK constraint failed: positive", "... failed: index
// 'i'"
void FillConstraint(std::string_view message, ErrorInfo& info) {
  constexpr std::string_view kFailed = " constraint failed: ";
  const size_t found = message.find(kFailed);
  if (found == message.npos) return;
  const std::string_view what = message.substr(found + kFailed.size());
  const size_t dot = what.find('.');
  if (message.starts_with("CHECK")) {
    info.constraint = what;
  } else if (what.starts_with("index '")) {
    info.constraint = what.substr(7, what.size() - 8);
  } else if (dot != what.npos) {
    info.table = what.substr(0, dot);
    if (what.find(',') == what.npos) info.column = what.substr(dot + 1);
  }
}

bool IsLock(int rc) {
  return (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED;
}

/// OK if the watch did not end the operation.
Status Stopped(int rc, uint32_t phase, Watch::Stop stop) {
  if (!IsLock(rc) && (rc & 0xff) != SQLITE_INTERRUPT) return Status::Ok();
  const char* where = IsLock(rc) ? " while waiting for a lock on the database" : "";
  switch (stop) {
    case Watch::Stop::kDeadline:
      return Status::Error(DBPOOL_ERR_TIMEOUT, std::string("the deadline passed") + where, phase,
                           "57014", DBPOOL_FLAG_TIMEOUT);
    case Watch::Stop::kCancel:
      return Status::Error(DBPOOL_ERR_CANCELLED, std::string("cancelled") + where, phase, "57014",
                           DBPOOL_FLAG_CANCELLED);
    case Watch::Stop::kAbort:
      return Status::Error(DBPOOL_ERR_BROKEN, "the connection was closed", phase, "57014",
                           DBPOOL_FLAG_CONN_BROKEN);
    case Watch::Stop::kLockTimeout:
    case Watch::Stop::kNone:
      break;
  }
  if (IsLock(rc)) return Status::Ok();
  // Somebody called sqlite3_interrupt() on the native handle.
  return Status::Error(DBPOOL_ERR_CANCELLED, "interrupted", phase, "57014", DBPOOL_FLAG_CANCELLED);
}

void FillLock(Watch::Stop stop, Status& status) {
  status.add_flags(DBPOOL_FLAG_RETRYABLE);
  if (stop == Watch::Stop::kLockTimeout) {
    status.add_flags(DBPOOL_FLAG_TIMEOUT);
    status.mutable_info().hint =
        "another connection held the lock for longer than lock_timeout; keep transactions short";
  } else {
    status.mutable_info().hint =
        "roll back and run the transaction again; begin it with dbpool_conn_begin(), so that it "
        "takes "
        "the writer's turn before it reads";
  }
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Why a path cannot be opened, and what to do, as far as the file system tells.
std::string ExplainPath(const std::string& path, SqliteMode mode, int rc) {
  const std::string directory = DirectoryOf(path);
  struct stat file, parent;
  if (stat(path.c_str(), &file) == 0) {
    if (S_ISDIR(file.st_mode)) return "it is a directory; name a file in it";
    if (eaccess(path.c_str(), R_OK) != 0) {
      return "this user may not read it; check its owner and permissions";
    }
    if (mode == SqliteMode::kReadOnly && eaccess(directory.c_str(), W_OK) != 0) {
      return "in WAL mode even a reader needs a -shm file beside it; give write permission on " +
             directory + ", or switch the file to another journal_mode";
    }
    if (mode == SqliteMode::kReadOnly) return {};
    if (eaccess(path.c_str(), W_OK) != 0) {
      return "this user may not write it; give write permission, or open it with mode=ro";
    }
    if (eaccess(directory.c_str(), W_OK) != 0) {
      return "this user may not write in its directory, where SQLite keeps its journal; give write "
             "permission there, or open it with mode=ro";
    }
    return {};
  }
  if (errno == EACCES) return "this user may not enter its directory; check the permissions";
  if (stat(directory.c_str(), &parent) != 0) {
    return "the directory " + directory + " does not exist; create it first";
  }
  if (!S_ISDIR(parent.st_mode)) return directory + " is not a directory";
  if (mode != SqliteMode::kReadWriteCreate)
    return "the file does not exist; create it first, or open it with mode=rwc";
  if (eaccess(directory.c_str(), W_OK) != 0) {
    return "the file does not exist and this user may not create it; give write permission on " +
           directory;
  }
  return sqlite3_errstr(rc);
}

std::string Explain(sqlite3* db, int rc, const std::string& path, SqliteMode mode) {
  switch (rc & 0xff) {
    case SQLITE_NOTADB:
      return "the file is not an SQLite database, or it is encrypted";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
      if (std::string why = ExplainPath(path, mode, rc); !why.empty()) return why;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "it stayed locked for longer than lock_timeout; end the program that holds it, or "
             "raise "
             "lock_timeout";
    default:
      break;
  }
  return db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
}

}  // namespace

Status SqliteError(sqlite3* db, int rc, uint32_t phase, const Watch& watch, size_t offset) {
  if ((rc & 0xff) == SQLITE_NOMEM) return Status::NoMemory();
  DBP_RETURN_IF_ERROR(Stopped(rc, phase, watch.stop()));
  const char* message = sqlite3_errmsg(db);
  const char* state = StateOf(rc, message, watch.stop());
  const bool moved = rc == SQLITE_READONLY_DBMOVED;
  const dbpool_status code = moved                          ? DBPOOL_ERR_BROKEN
                             : (rc & 0xff) == SQLITE_MISUSE ? DBPOOL_ERR_INTERNAL
                                                            : DBPOOL_ERR_SQL;
  Status status = Status::Error(code, message, phase, state, moved ? DBPOOL_FLAG_CONN_BROKEN : 0);
  ErrorInfo& info = status.mutable_info();
  info.native_code = rc;
  const int at = sqlite3_error_offset(db);
  if (at >= 0) info.position = static_cast<int32_t>(offset + static_cast<size_t>(at) + 1);
  if ((rc & 0xff) == SQLITE_CONSTRAINT) FillConstraint(message, info);
  if (IsLock(rc)) FillLock(watch.stop(), status);
  return status;
}

Status SqliteConnectError(sqlite3* db, int rc, const std::string& path, SqliteMode mode,
                          const Watch& watch) {
  if ((rc & 0xff) == SQLITE_NOMEM) return Status::NoMemory();
  DBP_RETURN_IF_ERROR(Stopped(rc, DBPOOL_PHASE_CONNECT, watch.stop()));
  const std::string why = Explain(db, rc, path, mode);
  Status status = Status::Error(DBPOOL_ERR_CONNECT, "cannot open the database " + path + ": " + why,
                                DBPOOL_PHASE_CONNECT, StateOf(rc, why, watch.stop()),
                                IsLock(rc) ? DBPOOL_FLAG_RETRYABLE : 0);
  status.mutable_info().native_code = rc;
  return status;
}

Status ReadOnlyError() {
  Status status =
      Status::Error(DBPOOL_ERR_SQL, "the statement writes, and only reading is allowed here",
                    DBPOOL_PHASE_QUERY, "25006", DBPOOL_FLAG_NOT_SENT);
  status.mutable_info().native_code = SQLITE_READONLY;
  return status;
}

}  // namespace dbp::sqlite
