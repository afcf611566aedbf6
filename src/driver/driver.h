#ifndef DBP_DRIVER_DRIVER_H_
#define DBP_DRIVER_DRIVER_H_

#include <dbpool/types.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "options/config.h"

// The seam between the pool and a database. A driver translates: it never retries, pools, logs or
// starts a thread, and knows nothing of the pool. Each passes tests/contract.
//
// An operation on a connection is a step machine, so that the same code serves a caller that waits in
// poll(2) (driver/pump.h) and an event loop: Start...() queues it, Step() moves it on without waiting for
// the network and says what it wants next, Finish() gives its outcome. A driver without a socket
// (SQLite) does its work inside Step(), bounded by the operation's deadline; its canceller does not block,
// and a Step() after a cancel ends the operation at once: so nobody need do work that is not wanted any more.

namespace dbp {

enum class Want : uint8_t {
  kDone,   ///< call Finish()
  kRead,   ///< call Step() again when fd() is readable
  kWrite,  ///< ... when it is readable or writable
  kTurn,   ///< ... when the write gate lets it in, or to be told again that it does not yet
};

enum class TxState : uint8_t { kNone, kOpen, kFailed };

/// The writer's turn of a database with a single writer. The driver asks for it before a statement that
/// writes and gives it back when the statement is over and no transaction is open. Both are idempotent, and
/// neither waits.
class WriteGate {
 public:
  virtual ~WriteGate() = default;
  /// Whether it is inside. Else it stands in the queue from now on, and the step says Want::kTurn - unless the
  /// operation was cancelled, which is to be looked at after this: whoever cancels does so before he wakes
  /// those who wait in the queue.
  virtual bool Enter() = 0;
  /// Out of the gate, or of its queue.
  virtual void Leave() = 0;
};

/// Rows that are there already: nothing here waits or fails. One result of one statement.
class Rows {
 public:
  virtual ~Rows() = default;

  struct Batch {
    uint32_t rows = 0;
    const dbpool_value* cells = nullptr;  ///< row-major, until the next Take() or the end of the Rows
  };
  /// Up to max rows of those that have arrived; none if there are none (a stream: call StartFetch).
  virtual Batch Take(uint32_t max) = 0;
  /// No row will come any more after what Take() still gives.
  virtual bool complete() const = 0;

  std::span<const dbpool_column> columns() const { return columns_; }
  std::span<const dbpool_column> params() const { return params_; }
  int64_t affected() const { return affected_; }
  int64_t last_insert_id() const { return last_insert_id_; }
  const char* command() const { return command_.c_str(); }
  /// The result of the next statement of the text, or NULL.
  std::unique_ptr<Rows> TakeNext() { return std::move(next_); }
  void SetNext(std::unique_ptr<Rows> next) { next_ = std::move(next); }

 protected:
  std::span<const dbpool_column> columns_, params_;  ///< memory of the derived class
  int64_t affected_ = 0;
  int64_t last_insert_id_ = 0;
  std::string command_;
  std::unique_ptr<Rows> next_;
};

/// One statement or text of several. The memory it points to must live until Step() says kDone.
struct Query {
  std::string_view sql;
  std::span<const dbpool_value> params = {};
  bool stream = false;
  bool read_only = false;
};

struct PipedStatement;  // driver/piped.h

/// Asks a running operation to end, from any thread. Shared: it may outlive its connection, because a
/// cancel request can be stuck in the network when the connection is closed; it then does nothing.
class Canceller {
 public:
  virtual ~Canceller() = default;
  /// May block for long if may_block(): then only a thread that can be spared calls it.
  virtual void Cancel() noexcept = 0;
  virtual bool may_block() const = 0;
};

/// What dbpool_probe() reports, apart from times.
struct ServerInfo {
  std::string product, version, database, user, tls;
  bool read_only = false;
  bool in_recovery = false;
  int64_t max_connections = -1;
  int64_t sessions = -1;
};

/// A connection. One operation at a time, by one thread at a time; Abort() and the canceller from any.
/// Destroying it closes it, without waiting for the peer.
class Connection {
 public:
  virtual ~Connection() = default;

  // Operations. REQUIRES: none is under way. The deadline bounds work done inside Step(); for a socket
  // the caller's pump holds it.
  virtual void StartQuery(const Query& query, Deadline deadline) = 0;
  /// More rows of the open stream, at least one and about max, or its end. REQUIRES: rows came from the
  /// last StartQuery with stream set and is not complete.
  virtual void StartFetch(Rows& rows, uint32_t max, Deadline deadline) = 0;
  /// Ends the open stream: drops what is still to come. Its Rows may be gone already.
  virtual void StartCloseStream(Deadline deadline) = 0;
  virtual void StartDescribe(std::string_view sql, Deadline deadline) = 0;
  virtual void StartPing(Deadline deadline) = 0;
  /// Makes it clean for the next borrower, by mode and by what may be dirty. REQUIRES: NeedsReset(mode).
  virtual void StartReset(ResetMode mode, Deadline deadline) = 0;
  /// Many statements in one operation, answered in the order they came, but for those that run again.
  /// Between this and EndPipeline() any number may be given to Pipe(). Each Step() sends all of them and takes in
  /// what has come; it says kDone when it is ended and all are answered, or the connection is lost.
  /// A statement that ends its unit at once fails alone. read_only is enforced as the caller's promise: a write
  /// is 25006; neighbours that promise it may share a transaction, and run again on their own if one fails.
  /// `ordered`: each must see what those before it did. Else one whose prepared form went bad may run again
  /// behind its successors. Without a socket the first Step() must find it ended. REQUIRES of Finish(): all answers are taken. It is OK unless the connection is lost.
  virtual void StartPipeline(bool ordered, Deadline deadline) = 0;
  virtual void Pipe(PipedStatement& statement) = 0;
  virtual void EndPipeline() = 0;
  /// The next that has its answer, or NULL.
  virtual PipedStatement* TakeAnswered() = 0;
  /// The oldest of those that were not sent: from now on it was never given. NULL: none, or a unit is half sent.
  virtual PipedStatement* TakeUnsent() = 0;
  virtual Want Step() = 0;
  /// The outcome of the operation; *rows (may be NULL) is set by a query or describe that succeeded.
  /// After a failure with DBPOOL_FLAG_CONN_BROKEN the connection is of no more use.
  virtual Status Finish(std::unique_ptr<Rows>* rows) = 0;
  /// To be polled between steps, and watched for a hang-up; -1 if the driver never asks for that. The same
  /// number for the life of the connection.
  virtual int fd() const = 0;

  // State, as known without asking the server.
  virtual TxState tx_state() const = 0;
  /// A streamed result is not at its end.
  virtual bool streaming() const = 0;
  /// Lost, or left in a state that no reset mends.
  virtual bool broken() const = 0;
  virtual bool NeedsReset(ResetMode mode) const = 0;
  /// Whether statements of several callers may be under way on it at once, where the driver pipelines at all.
  virtual bool shareable() const { return true; }

  /// While on, writes are refused. The pool sets it at each lending, as the borrower asked. Cheap.
  virtual Status SetReadOnly(bool) { return Status::Ok(); }
  /// Who to ask for the writer's turn; NULL (the default) if nobody. Outlives its use by the connection.
  virtual void SetWriteGate(WriteGate*) {}
  virtual std::shared_ptr<Canceller> canceller() = 0;
  /// Makes a call blocked in poll on fd() return at once; the connection is broken from then on.
  virtual void Abort() noexcept = 0;
  /// PGconn * or sqlite3 *; from then on it counts as dirty.
  virtual void* native() = 0;
  /// Blocking, on the calling thread.
  virtual Status Inspect(Deadline deadline, ServerInfo* out) = 0;
};

struct DriverTraits {
  const char* name = "";
  bool first_alone = false;    ///< the first connection must be open before others are tried
  bool single_writer = false;  ///< connections want a WriteGate
  bool pipelines = false;      ///< statements of several callers gain by sharing a connection
};

/// One database, as configured. One per pool, constant after construction, used by many threads.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual DriverTraits traits() const = 0;
  /// Opens a connection, ready for use (session settings, init_sql). Blocks until the deadline at most,
  /// but for name resolution; gives up soon after *abandoned becomes true (may be NULL).
  virtual Status Connect(Deadline deadline, const std::atomic<bool>* abandoned,
                         std::unique_ptr<Connection>* out) = 0;
  /// SQL of this database for the transaction calls of the ABI, "" where it has none.
  virtual std::string BeginSql(const dbpool_tx_options& options) const = 0;
  /// Whether a transaction that failed with it may be run again from its start.
  virtual bool TransactionMayRetry(const Status& status) const = 0;
};

/// The driver for a configuration. builtin.cc is the only file that names the concrete ones.
Status MakeDriver(const Config& config, std::unique_ptr<Driver>* out);

}  // namespace dbp

#endif  // DBP_DRIVER_DRIVER_H_
