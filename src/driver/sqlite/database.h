#ifndef DBP_DRIVER_SQLITE_DATABASE_H_
#define DBP_DRIVER_SQLITE_DATABASE_H_

#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/status.h"
#include "driver/sqlite/blocks.h"
#include "driver/sqlite/observer.h"
#include "driver/sqlite/watch.h"
#include "options/config.h"

namespace dbp::sqlite {

struct CloseHandle {
  /// Statements of the user's own that are left over keep the file open until they are finalized,
  /// instead of pointing nowhere.
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;

/// Which database, and how each connection to it is opened. Constant after construction.
class Database {
 public:
  static Status Make(const Config& config, std::shared_ptr<const Database>* out);
  ~Database();

  /// A handle ready for use, watched and observed, with nothing dirty about it. Ends with the
  /// watch's operation.
  Status Open(Watch& watch, Observer& observer, Handle* out) const;

  /// Absolute, so that a later chdir() does not matter; ":memory:" for a database in memory.
  const std::string& path() const { return path_; }
  const Config& config() const { return config_; }
  const std::shared_ptr<BlockPool>& blocks() const { return blocks_; }
  bool read_only() const { return flags_ & SQLITE_OPEN_READONLY; }

 private:
  explicit Database(const Config& config) : config_(config) {}
  Status LocateFile();
  Status NameMemory();
  Status HoldMemory() const;
  Status Configure(sqlite3* db, Watch& watch) const;
  Status SetJournalMode(sqlite3* db, Watch& watch) const;
  Status RunInitSql(sqlite3* db, const Watch& watch) const;
  Status Explain(sqlite3* db, int rc, const Watch& watch) const;

  const Config config_;
  std::string path_;
  std::string name_;  ///< what SQLite opens
  int flags_ = 0;
  int process_ = 0;
  const std::shared_ptr<BlockPool> blocks_ = std::make_shared<BlockPool>();  ///< of its results
  mutable Mutex anchor_mu_;
  /// Keeps the database in memory alive while no connection is open.
  mutable Handle anchor_ DBP_GUARDED_BY(anchor_mu_);
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_DATABASE_H_
