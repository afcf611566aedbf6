#ifndef DBP_DRIVER_POSTGRES_CONNECTION_H_
#define DBP_DRIVER_POSTGRES_CONNECTION_H_

#include <atomic>
#include <memory>
#include <string>

#include "driver/driver.h"
#include "driver/piped.h"
#include "driver/postgres/libpq.h"
#include "driver/postgres/params.h"
#include "driver/postgres/rows.h"
#include "driver/postgres/session.h"
#include "driver/postgres/statements.h"
#include "driver/postgres/wire.h"

// One session. Start...() gives libpq what to send, Step() lets Wire hand out the results and
// OnResult() takes each by the operation under way, until Over(). The parts: query.cc (statements
// and streams), pipeline.cc, reset.cc (setup and reset), inspect.cc, connection.cc (the rest).
//
// libpq's pipeline mode is entered for one operation and left at its last Sync: for a pipeline, and for what goes
// with a statement in one round trip (preparing it, the promise that it only reads). Everything else runs outside it.

namespace dbp::postgres {

class PgCanceller final : public Canceller {
 public:
  explicit PgCanceller(PGconn* pg) : cancel_(PQgetCancel(pg)) {}
  void Cancel() noexcept override;
  bool may_block() const override { return true; }  // libpq connects and reads without a time limit
  /// The session is over: its key may be another one's soon.
  void Retire() { retired_.store(true, std::memory_order_relaxed); }

 private:
  const CancelPtr cancel_;
  std::atomic<bool> retired_{false};
};

class PgConnection final : public Connection {
 public:
  /// Takes pg, which is connected, and makes it non-blocking.
  PgConnection(PGconn* pg, std::shared_ptr<const Config> config);
  ~PgConnection() override;
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  /// Session settings and init_sql, once, after connecting.
  void StartSetup();

  void StartQuery(const Query& query, Deadline deadline) override;
  void StartFetch(Rows& rows, uint32_t max, Deadline deadline) override;
  void StartCloseStream(Deadline deadline) override;
  void StartDescribe(std::string_view sql, Deadline deadline) override;
  void StartPing(Deadline deadline) override;
  /// Also while an operation is under way or a stream is open: that is drained first (the caller
  /// has it cancelled), whatever it gives.
  void StartReset(ResetMode mode, Deadline deadline) override;
  void StartPipeline(bool ordered, Deadline deadline) override;
  void Pipe(PipedStatement& statement) override { piping_.waiting.Push(statement); }
  void EndPipeline() override { piping_.ended = true; }
  PipedStatement* TakeAnswered() override { return piping_.answered.Pop(); }
  PipedStatement* TakeUnsent() override {
    return piping_.unit == Piping::Unit::kOwners ? nullptr : piping_.waiting.Pop();
  }
  Want Step() override;
  Status Finish(std::unique_ptr<Rows>* rows) override;
  int fd() const override { return own_fd_; }

  TxState tx_state() const override;
  bool streaming() const override { return streaming_; }
  bool broken() const override { return broken_ || aborted_.load(std::memory_order_relaxed); }
  bool NeedsReset(ResetMode mode) const override;
  bool shareable() const override { return statements_.prepares(); }

  std::shared_ptr<Canceller> canceller() override { return canceller_; }
  void Abort() noexcept override;
  void* native() override;
  Status Inspect(Deadline deadline, ServerInfo* out) override;

 private:
  enum class Op : uint8_t {
    kNone,
    kQuery,
    kFetch,
    kCloseStream,
    kDescribe,
    kPing,
    kSetup,
    kReset,
    kPipeline
  };
  /// The part of a pipeline that is still to be answered.
  struct Pipeline {
    bool on = false;
    bool preparing = false;   ///< the next result is that of the preparation
    bool streams = false;     ///< the statement's rows are wanted one by one, which libpq is told when their turn comes
    uint32_t promising = 0;   ///< results of the promise before it; these also outside pipeline mode
    uint32_t dead = 0;        ///< results of DEALLOCATE before that
    uint32_t syncs = 0;
  };
  /// A pipeline of the caller's. A statement goes from list to list: waiting, sent, answered.
  struct Piping {
    enum class Unit : uint8_t { kNone, kPromised, kOwners };
    PipedList waiting, sent, answered;
    PipedStatement* reading = nullptr;  ///< in sent: whose results come next; NULL: nobody's
    Unit unit = Unit::kNone;            ///< the one that is being sent
    bool ordered = false;
    bool ended = false;
    bool refused = false;    ///< a statement of the unit that is being sent cannot be
    bool mixed = false;      ///< something was sent that may open a transaction
    bool was_null = false;   ///< the last result was
    bool failed = false;     ///< the last unit
    bool unsendable = false;  ///< the connection is lost, but not yet all that it said before
    size_t unflushed = 0;    ///< bytes given to libpq
    Status unit_error;       ///< of the Sync that ends the unit
  };

  // Operations in general.
  bool Begin(Op op);  ///< false: the connection is dead, the operation over
  void Fail(Status status);
  void Sent(bool ok);  ///< ok: what libpq's send functions returned
  void OnResult(ResultPtr result);
  void OnSync();
  void OnLost();
  void OnCopy();
  void OnPlainResult(ResultPtr result);
  void OnDescribeResult(ResultPtr result);
  void KeepError(const PGresult* result);
  void Over();
  uint32_t phase() const;
  uint32_t LossFlags() const;
  static void OnNotice(void* self, const PGresult* result);

  // query.cc
  void SendStatement();
  bool Promises() const;
  bool SendSeveral(bool promises);
  bool SendInPipeline(bool prepares, bool promises);
  bool SendDeadNames();
  bool SendOwn();
  void LeaveSingleRows();
  bool OnPromiseResult(const PGresult* result);
  void SendText(const char* sql);
  void OnQueryResult(ResultPtr result);
  void AddResult(ResultPtr result);
  static bool MayCommit(const SqlTraits& traits, std::string_view sql, bool in_transaction);
  static Status LostCommit(const Statement* statement, std::string_view sql, const Rows* rows);
  static std::shared_ptr<const PgColumns> ColumnsOf(Statement* statement, const PGresult* result);
  void AddStreamRow(ResultPtr row);
  void NoteCommand(const Statement* statement, PGresult* result);
  void ForgetStatements();
  void QueryOver();
  bool RecoverPoisoned();
  bool StreamHasEnough(bool must_wait) const;

  // pipeline.cc
  Want StepPipeline();
  bool SendWaiting();
  bool SendPiped(PipedStatement& piped);
  bool SkipsCleaning();
  Status Admit(const PipedStatement& piped, const Statement& statement);
  bool SendDead(PipedStatement& piped);
  uint32_t SendReadOnly();
  void NoteFailedPromise(const PGresult* result);
  bool SendPromise(PipedStatement& piped);
  bool SendOne(PipedStatement& piped, Statement& statement);
  bool CloseUnit();
  void ReadOn(PipedStatement* from);
  void OnPipelineResult(ResultPtr result);
  void OnOwnResult(PipedStatement& piped, ResultPtr result);
  void OnPipedFailure(PipedStatement& piped, Status failure);
  void OnUnitOver(PipedStatement& last);
  void AnswerLost();
  Status LossOf(const PipedStatement& piped, bool sent) const;
  bool LeavePipelineMode();

  // reset.cc
  void BeginReset();
  void SendNextText();
  void OnResetResult(ResultPtr result);
  void ResetOver();

  // Constant after construction.
  PGconn* const pg_;
  const std::shared_ptr<const Config> config_;
  const int encoding_;
  int own_fd_;  ///< a duplicate, the same for life: libpq closes its own on error, and that number may then
                ///< be a stranger's
  const std::shared_ptr<PgCanceller> canceller_;
  std::string setup_sql_;

  // Any thread.
  std::atomic<bool> aborted_{false};

  // The user's thread.
  Wire wire_;
  Statements statements_;
  Params params_;
  std::string text_;  ///< SQL with a NUL at its end
  bool broken_ = false;
  bool native_taken_ = false;
  bool single_rows_ = false;    ///< libpq was told to give a result row by row
  bool promise_ready_ = false;  ///< the server has kPromiseName
  uint32_t dirt_ = 0;
  Nanos used_at_ = 0;  ///< coarse
  Status farewell_;    ///< the server's FATAL to an idle session

  // The operation under way.
  Op op_ = Op::kNone;
  bool over_ = false;
  bool sent_ = false;
  Status outcome_;
  TxState tx_before_ = TxState::kNone;
  Query query_;
  StatementPtr statement_;
  bool by_name_ = false;             ///< the statement went by its name
  bool promise_failed_ = false;      ///< it did not run for that reason
  int32_t prefix_ = 0;               ///< of the text, not the caller's
  bool again_ = false;               ///< it runs for the second time
  bool may_have_committed_ = false;  ///< should the connection be lost now
  bool reset_follows_ = false;       ///< nobody wants its outcome
  Pipeline pipeline_;
  Piping piping_;
  std::unique_ptr<Rows> rows_;
  Rows* last_rows_ = nullptr;
  PgStream* stream_ = nullptr;  ///< where rows go; the caller's, but during the query that opens it
  bool streaming_ = false;
  uint32_t fetch_max_ = 0;
  ResetMode reset_mode_ = ResetMode::kNone;
  ResetPlan plan_;
  size_t next_text_ = 0;
};

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_CONNECTION_H_
