#include "driver/sqlite/database.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "driver/sqlite/errors.h"

// A database in memory is one of the memdb VFS under a random name: connections of this process
// that know the name share it, and an anchor keeps it while the pool has none. Not shared cache,
// whose table locks (SQLITE_LOCKED) no busy handler waits for.
//
// A file is opened by its absolute path and never as a URI, whatever its name looks like.

namespace dbp::sqlite {
namespace {

std::string RandomName() {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return {};
  std::string name;
  for (const unsigned char byte : bytes) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name;
}

int OpenHandle(const std::string& name, int flags, Handle* out) {
  sqlite3* db = nullptr;
  const int rc = sqlite3_open_v2(name.c_str(), &db,
                                 flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  out->reset(db);
  return rc;
}

/// The first column of the first row as text.
int ReadPragma(sqlite3* db, const std::string& sql, std::string* out) {
  return sqlite3_exec(
      db, sql.c_str(),
      [](void* text, int, char** values, char**) {
        if (values[0]) *static_cast<std::string*>(text) = values[0];
        return 0;
      },
      out, nullptr);
}

}  // namespace

Status Database::Make(const Config& config, std::shared_ptr<const Database>* out) {
  if (sqlite3_threadsafe() == 0) {
    return Status::Unsupported("this SQLite library was built without support for threads");
  }
  std::shared_ptr<Database> database(new Database(config));
  DBP_RETURN_IF_ERROR(config.sqlite.memory ? database->NameMemory() : database->LocateFile());
  *out = std::move(database);
  return Status::Ok();
}

// In a forked child the anchor is the parent's.
Database::~Database() {
  if (getpid() != process_) (void)anchor_.release();
}

Status Database::LocateFile() {
  const SqliteTarget& target = config_.sqlite;
  if (target.path.empty() || target.path.find('\0') != target.path.npos) {
    return Status::Error(DBPOOL_ERR_OPTION,
                         "the path of the SQLite database is empty or has a NUL");
  }
  path_ = target.path;
  if (path_[0] != '/') {
    const std::unique_ptr<char, decltype(&free)> here(getcwd(nullptr, 0), &free);
    if (!here)
      return Status::Error(DBPOOL_ERR_CONNECT, "the working directory does not exist any more");
    path_ = std::string(here.get()) + "/" + path_;
  }
  name_ = path_;
  process_ = getpid();
  flags_ = target.mode == SqliteMode::kReadOnly    ? SQLITE_OPEN_READONLY
           : target.mode == SqliteMode::kReadWrite ? SQLITE_OPEN_READWRITE
                                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  return Status::Ok();
}

Status Database::NameMemory() {
  const std::string random = RandomName();
  if (random.empty()) return Status::Error(DBPOOL_ERR_INTERNAL, "the system gave no random bytes");
  path_ = ":memory:";
  name_ = "file:/dbpool-" + random + "?vfs=memdb";
  flags_ = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
  process_ = getpid();
  return Status::Ok();
}

/// With the first connection: a pool without any costs no database.
Status Database::HoldMemory() const {
  if (!config_.sqlite.memory) return Status::Ok();
  MutexLock lock(anchor_mu_);
  if (anchor_) return Status::Ok();
  Handle anchor;
  const int rc = OpenHandle(name_, flags_, &anchor);
  if (rc != SQLITE_OK) return Explain(anchor.get(), rc, Watch(0));
  anchor_ = std::move(anchor);
  return Status::Ok();
}

Status Database::Open(Watch& watch, Observer& observer, Handle* out) const {
  DBP_RETURN_IF_ERROR(HoldMemory());
  Handle db;
  const int rc = OpenHandle(name_, flags_, &db);
  if (rc != SQLITE_OK) return Explain(db.get(), rc, watch);
  watch.Install(db.get());
  DBP_RETURN_IF_ERROR(Configure(db.get(), watch));
  observer.Install(db.get());
  DBP_RETURN_IF_ERROR(RunInitSql(db.get(), watch));
  observer.ForgetDirt();  // what init_sql sets is how every borrower shall find it
  *out = std::move(db);
  return Status::Ok();
}

Status Database::Configure(sqlite3* db, Watch& watch) const {
  const std::string settings =
      "PRAGMA synchronous=" + config_.sqlite.synchronous +
      ";PRAGMA foreign_keys=" + (config_.sqlite.foreign_keys ? "on" : "off") +
      // Reads the file: only now SQLite sees whether it is a database.
      ";PRAGMA schema_version";
  const int rc = sqlite3_exec(db, settings.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return Explain(db, rc, watch);
  // SQLite opens a file it may not write read-only without a word.
  if (!read_only() && sqlite3_db_readonly(db, "main") == 1)
    return Explain(db, SQLITE_READONLY, watch);
  return SetJournalMode(db, watch);
}

// WAL is a property of the file, the other modes are of the connection. Asked first, because
// switching to WAL takes the whole file for itself: only the first connection finds another mode
// and switches. Where it finds another process writing, SQLite says so without asking the busy
// handler.
Status Database::SetJournalMode(sqlite3* db, Watch& watch) const {
  if (read_only() || config_.sqlite.memory) return Status::Ok();
  const std::string& wanted = config_.sqlite.journal_mode;
  std::string mode;
  int rc = ReadPragma(db, "PRAGMA journal_mode", &mode);
  if (rc == SQLITE_OK && strcasecmp(mode.c_str(), wanted.c_str()) != 0) {
    int tries = 0;
    do {
      rc = ReadPragma(db, "PRAGMA journal_mode=" + wanted, &mode);
    } while ((rc & 0xff) == SQLITE_BUSY && watch.stop() == Watch::Stop::kNone &&
             watch.MayWait(tries++));
  }
  if (rc != SQLITE_OK) return Explain(db, rc, watch);
  if (strcasecmp(mode.c_str(), wanted.c_str()) == 0) return Status::Ok();
  return Status::Error(
      DBPOOL_ERR_CONNECT,
      "the database " + path_ + " stays in journal_mode " + mode + ", " + wanted +
          " is not possible there (a network file system?); set journal_mode=" + mode,
      DBPOOL_PHASE_CONNECT);
}

Status Database::RunInitSql(sqlite3* db, const Watch& watch) const {
  if (config_.init_sql.empty()) return Status::Ok();
  const int rc = sqlite3_exec(db, config_.init_sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) {
    Status failed = SqliteError(db, rc, DBPOOL_PHASE_CONNECT, watch);
    if (failed.code() != DBPOOL_ERR_SQL) return failed;
    Status status =
        Status::Error(DBPOOL_ERR_CONNECT, "init_sql failed: " + std::string(failed.message()),
                      DBPOOL_PHASE_CONNECT, failed.sqlstate());
    status.mutable_info().native_code = rc;
    return status;
  }
  if (sqlite3_get_autocommit(db)) return Status::Ok();
  return Status::Error(DBPOOL_ERR_CONNECT, "init_sql leaves a transaction open; end it with COMMIT",
                       DBPOOL_PHASE_CONNECT, "25001");
}

Status Database::Explain(sqlite3* db, int rc, const Watch& watch) const {
  return SqliteConnectError(db, rc, path_, config_.sqlite.mode, watch);
}

}  // namespace dbp::sqlite
