#ifndef DBP_DRIVER_SQLITE_CONNECTION_H_
#define DBP_DRIVER_SQLITE_CONNECTION_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "driver/driver.h"
#include "driver/piped.h"
#include "driver/sqlite/database.h"
#include "driver/sqlite/observer.h"
#include "driver/sqlite/rows.h"
#include "driver/sqlite/statement.h"
#include "driver/sqlite/watch.h"
#include "driver/statement_cache.h"

// A connection does the whole of an operation in one Step(), bounded by the watch, but for the writer's turn, which
// its caller waits for (Want::kTurn).
//   connection.cc  the machine of the seam, state, cancel, fork
//   query.cc       statements, rows, streams
//   reset.cc       clean for the next borrower, ping, read-only
//
// TEXT and BYTES parameters are bound without copying unless the result is streamed. The statement
// then keeps pointers into the caller's memory after it has run, but they are never read: every run
// binds all parameters before its first step, and native() gives the kept statements up first.
//
// What `reset` does here:
//   none      ends a stream; an open transaction and all settings stay, as its user wishes
//   rollback  ends statements, rolls back
//   smart     the same, and opens the handle anew if something was prepared that may stay in the
//   session
//             (observer.h) or native() was called
//   full      always opens it anew
// Opened anew in place rather than replaced by the pool: it takes some 100 us, does not make
// waiters wait for an opener, and undoes what no statement could (an ATTACH, a PRAGMA, a function
// or hook set through native()). If it fails the connection is broken and the pool replaces it.

namespace dbp::sqlite {

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(std::shared_ptr<const Database> database);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// REQUIRES: called once, first.
  Status Open(Deadline deadline, const std::atomic<bool>* abandoned);

  void StartQuery(const Query& query, Deadline deadline) override;
  void StartFetch(Rows& rows, uint32_t max, Deadline deadline) override;
  void StartCloseStream(Deadline deadline) override { Begin(Operation::kCloseStream, deadline); }
  void StartDescribe(std::string_view sql, Deadline deadline) override;
  void StartPing(Deadline deadline) override { Begin(Operation::kPing, deadline); }
  void StartReset(ResetMode mode, Deadline deadline) override;
  void StartPipeline(bool ordered, Deadline deadline) override;
  void Pipe(PipedStatement& statement) override { pipeline_.Add(statement); }
  void EndPipeline() override { pipeline_.End(); }
  PipedStatement* TakeAnswered() override { return pipeline_.TakeAnswered(); }
  PipedStatement* TakeUnsent() override { return pipeline_.TakeUnsent(); }
  Want Step() override;
  Status Finish(std::unique_ptr<Rows>* rows) override;
  int fd() const override { return -1; }

  TxState tx_state() const override;
  bool streaming() const override { return stream_ != nullptr; }
  bool broken() const override { return broken_ || watch_->aborted(); }
  bool NeedsReset(ResetMode mode) const override;

  Status SetReadOnly(bool on) override;
  void SetWriteGate(WriteGate* gate) override { gate_ = gate; }
  std::shared_ptr<Canceller> canceller() override { return watch_; }
  void Abort() noexcept override { watch_->Abort(); }
  void* native() override;
  Status Inspect(Deadline deadline, ServerInfo* out) override;

 private:
  enum class Operation : uint8_t { kNone, kQuery, kFetch, kCloseStream, kDescribe, kPing, kReset, kPipeline };
  class ResetOnExit;

  void Begin(Operation operation, Deadline deadline);
  Status Perform();
  Status Usable() const;
  void LeaveGateIfOver();

  // query.cc
  Status RunQuery();
  Status RunFirst();
  Status RunNext();
  Status RunPipeline();
  Status RunOne(Statement& statement, std::unique_ptr<SqliteRows>* out);
  Status Admit(const Statement& statement);
  Status Stopped();
  Status Find(std::string_view sql, Statement** out, size_t* rest);
  Status PrepareAt(std::string_view sql, size_t from, bool keep, Statement* out, size_t* rest);
  Status Collect(Statement& statement, int rc, uint32_t max, SqliteRows& rows);
  Status Fetch();
  Status Describe();
  void EndStream();
  int64_t Affected(const Statement& statement) const;

  // reset.cc
  Status Ping();
  Status Reset();
  Status Rollback();
  Status Reopen();

  sqlite3* db() const { return db_.get(); }

  const std::shared_ptr<const Database> database_;
  const std::shared_ptr<Watch> watch_;
  Observer observer_;
  Handle db_;  ///< NULL if it could not be opened anew
  std::unique_ptr<StatementCache<Statement>> cache_;
  std::optional<Statement> scratch_;  ///< one that is not kept: a PRAGMA, one of several

  Operation operation_ = Operation::kNone;
  Deadline deadline_ = Deadline::Never();
  Query query_;
  SqliteRows* fetch_into_ = nullptr;
  uint32_t fetch_max_ = 0;
  ResetMode reset_mode_ = ResetMode::kSmart;
  Status outcome_;
  std::unique_ptr<SqliteRows> rows_;  ///< of a query under way: what its first statements gave
  Rows* last_ = nullptr;              ///< the last of these
  size_t at_ = 0;                     ///< where the next statement begins; if there are rows_
  SequentialPipeline pipeline_;

  Statement* stream_ = nullptr;  ///< in cache_ or scratch_; nothing is prepared meanwhile
  WriteGate* gate_ = nullptr;
  bool gate_entered_ = false;
  bool gate_queued_ = false;  ///< asked for, not entered
  bool query_only_ = false;
  bool native_used_ = false;
  bool broken_ = false;
};

/// Leaves a statement reset on every way out, bad_alloc included: one that is not holds its locks.
class SqliteConnection::ResetOnExit {
 public:
  explicit ResetOnExit(sqlite3_stmt* stmt) : stmt_(stmt) {}
  ~ResetOnExit() {
    if (stmt_) sqlite3_reset(stmt_);
  }
  ResetOnExit(const ResetOnExit&) = delete;
  ResetOnExit& operator=(const ResetOnExit&) = delete;
  void Dismiss() { stmt_ = nullptr; }

 private:
  sqlite3_stmt* stmt_;
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_CONNECTION_H_
