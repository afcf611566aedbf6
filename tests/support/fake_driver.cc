#include "tests/support/fake_driver.h"

#include <strings.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "driver/piped.h"
#include "driver/sql_text.h"

namespace dbp {
namespace {

constexpr uint32_t kFirstArrival = 64;  ///< rows of a stream that come with the first answer

FakeAnswer DefaultAnswer(std::string_view sql) {
  FakeAnswer answer;
  if (sql.substr(0, 5) == "rows ") {
    std::from_chars(sql.data() + 5, sql.data() + sql.size(), answer.rows);
    answer.command = "SELECT";
  } else if (sql == "write") {
    answer.affected = 1;
    answer.command = "INSERT";
  } else if (sql == "fail") {
    answer.status = Status::Error(DBPOOL_ERR_SQL, "a syntax error", DBPOOL_PHASE_QUERY, "42601");
  }
  return answer;
}

class FakeRows : public Rows {
 public:
  FakeRows(FakeAnswer answer, bool stream) : total_(answer.rows), arrived_(stream ? 0 : total_) {
    column_ = {"n", DBPOOL_KIND_INTEGER, 0, "", {}};
    if (total_ > 0) columns_ = {&column_, 1};
    affected_ = answer.affected;
    command_ = answer.command;
    if (stream) Arrive(kFirstArrival);
  }
  void Arrive(uint32_t more) { arrived_ += std::min(more, total_ - arrived_); }

  Batch Take(uint32_t max) override {
    cells_.assign(std::min(max, arrived_ - taken_), dbpool_value{});
    for (dbpool_value& cell : cells_) {
      cell.type = DBPOOL_INT64;
      cell.num.i64 = ++taken_;
    }
    return {static_cast<uint32_t>(cells_.size()), cells_.data()};
  }
  bool complete() const override { return arrived_ == total_; }

 private:
  const uint32_t total_;
  uint32_t arrived_, taken_ = 0;
  dbpool_column column_;
  std::vector<dbpool_value> cells_;
};

}  // namespace

class FakeCanceller : public Canceller {
 public:
  FakeCanceller(std::shared_ptr<FakeServer> server, std::shared_ptr<FakeServer::Link> link)
      : server_(std::move(server)), link_(std::move(link)) {}
  void Cancel() noexcept override {
    const Status status = server_->Wait(FakeOp::kCancel, Deadline::Never(), nullptr);
    std::lock_guard lock(server_->mu_);
    if (!status.ok()) return;
    link_->cancelled = link_->running;
    server_->WakeLocked(*link_);
  }
  bool may_block() const override { return server_->cancel_may_block_; }

 private:
  const std::shared_ptr<FakeServer> server_;
  const std::shared_ptr<FakeServer::Link> link_;
};

class FakeConnection : public Connection {
 public:
  explicit FakeConnection(std::shared_ptr<FakeServer> server)
      : server_(std::move(server)), canceller_(std::make_shared<FakeCanceller>(server_, link_)) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    fd_ = ends[0];
    std::lock_guard lock(server_->mu_);
    link_->peer = ends[1];
    server_->links_.insert(link_.get());
    server_->most_open_ = std::max(server_->most_open_, static_cast<int>(server_->links_.size()));
    server_->ChangedLocked();
  }

  ~FakeConnection() override {
    (void)server_->Wait(FakeOp::kClose, Deadline::Never(), nullptr);
    EndOperation();
    {
      std::lock_guard lock(server_->mu_);
      server_->links_.erase(link_.get());
      if (link_->peer >= 0) close(link_->peer);
      server_->ChangedLocked();
    }
    close(fd_);
    LeaveGate();
  }

  void StartQuery(const Query& query, Deadline) override {
    sql_ = query.sql;
    stream_ = query.stream;
    writes_ = sql_ == "write";
    {
      std::lock_guard lock(server_->mu_);
      server_->texts_.push_back(sql_);
    }
    Start(FakeOp::kQuery);
    if (writes_ && (read_only_ || query.read_only)) {
      early_ = Status::Error(DBPOOL_ERR_SQL, "read only", DBPOOL_PHASE_QUERY, "25006");
    } else if ((writes_ || sql_ == "begin") && gate_ != nullptr) {
      wants_turn_ = true;
    }
  }
  void StartFetch(Rows& rows, uint32_t max, Deadline) override {
    fetching_ = static_cast<FakeRows*>(&rows);
    fetch_max_ = max;
    Start(FakeOp::kFetch);
  }
  void StartCloseStream(Deadline) override {
    fetching_ = nullptr;
    Start(FakeOp::kFetch);
  }
  void StartDescribe(std::string_view sql, Deadline) override {
    sql_ = sql;
    stream_ = writes_ = false;
    Start(FakeOp::kQuery);
  }
  void StartPing(Deadline) override { Start(FakeOp::kPing); }
  void StartReset(ResetMode mode, Deadline) override {
    {
      std::lock_guard lock(server_->mu_);
      server_->resets_.push_back(mode);
    }
    Start(FakeOp::kReset);
  }

  void StartPipeline(bool, Deadline deadline) override {
    pipeline_.Start();
    deadline_ = deadline;
    piping_ = true;
    piped_ = nullptr;
  }
  void Pipe(PipedStatement& statement) override { pipeline_.Add(statement); }
  void EndPipeline() override { pipeline_.End(); }
  PipedStatement* TakeAnswered() override { return pipeline_.TakeAnswered(); }
  PipedStatement* TakeUnsent() override { return nullptr; }

  Want Step() override { return piping_ ? StepPipeline() : StepOne(); }
  Status Finish(std::unique_ptr<Rows>* rows) override {
    if (!std::exchange(piping_, false)) return FinishOne(rows);
    return broken_ ? Lost() : Status::Ok();
  }

  int fd() const override { return fd_; }
  TxState tx_state() const override { return tx_; }
  bool streaming() const override { return streaming_; }
  bool broken() const override { return broken_; }
  bool NeedsReset(ResetMode mode) const override {
    if (mode == ResetMode::kNone) return false;
    return mode == ResetMode::kFull || tx_ != TxState::kNone || streaming_ ||
           (dirty_ && mode == ResetMode::kSmart);
  }
  Status SetReadOnly(bool on) override {
    read_only_ = on;
    return Status::Ok();
  }
  void SetWriteGate(WriteGate* gate) override { gate_ = gate; }
  std::shared_ptr<Canceller> canceller() override { return canceller_; }
  void Abort() noexcept override {
    broken_ = true;
    shutdown(fd_, SHUT_RDWR);
  }
  void* native() override {
    dirty_ = true;
    return this;
  }
  Status Inspect(Deadline, ServerInfo* out) override {
    if (broken_) return Lost();
    out->product = "Fake";
    out->version = "1";
    out->read_only = read_only_;
    return Status::Ok();
  }

 private:
  Status Lost() const {
    return Status::Error(DBPOOL_ERR_BROKEN, "the connection was lost", PhaseOf(op_), "08006",
                         DBPOOL_FLAG_CONN_BROKEN);
  }
  /// Many with nothing else to do between: one after the other.
  Want StepPipeline() {
    while (PipedStatement* next = pipeline_.Current(tx_)) {
      if (piped_ != next) StartQuery(next->query, deadline_);
      piped_ = next;
      if (const Want want = StepOne(); want != Want::kDone) return want;
      std::unique_ptr<Rows> rows;
      Status status = FinishOne(&rows);
      piped_ = nullptr;
      pipeline_.Answer(std::move(status), std::move(rows));
    }
    return pipeline_.over() ? Want::kDone : Want::kRead;
  }
  Want StepOne() {
    char bytes[16];
    const ssize_t got = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    std::lock_guard lock(server_->mu_);
    link_->woken = false;
    if (got == 0) broken_ = true;
    if (broken_ || !early_.ok()) {
      if (broken_) early_ = Lost();
    } else if (link_->cancelled && server_->door(op_).gate != FakeServer::Gate::kNever) {
      early_ = Status::Error(DBPOOL_ERR_CANCELLED, "cancelled", PhaseOf(op_), "57014",
                             DBPOOL_FLAG_CANCELLED);
    } else if (wants_turn_ && !gate_->Enter()) {
      return Want::kTurn;
    } else if (op_ == FakeOp::kQuery && sql_ == "sleep") {
      return Want::kRead;
    } else if (!server_->PassLocked(op_, &early_)) {
      return Want::kRead;
    }
    return Want::kDone;
  }

  Status FinishOne(std::unique_ptr<Rows>* rows) {
    Status status = std::exchange(early_, Status());
    EndOperation();
    if (status.has_flag(DBPOOL_FLAG_CONN_BROKEN)) broken_ = true;
    if (status.ok() && op_ == FakeOp::kQuery) status = FinishQuery(rows);
    if (status.ok() && op_ == FakeOp::kReset) tx_ = TxState::kNone, dirty_ = streaming_ = false;
    if (op_ == FakeOp::kFetch) FinishFetch(status.ok());
    if (tx_ == TxState::kOpen && status.code() == DBPOOL_ERR_SQL) tx_ = TxState::kFailed;
    if (tx_ == TxState::kNone) LeaveGate();
    return status;
  }

  void Start(FakeOp op) {
    op_ = op;
    early_ = Status();
    wants_turn_ = false;
    {
      std::lock_guard lock(server_->mu_);
      link_->running = true;
      link_->cancelled = false;
    }
    running_ = true;
    server_->Start(op);
  }
  void EndOperation() {
    if (!std::exchange(running_, false)) return;
    {
      std::lock_guard lock(server_->mu_);
      link_->running = link_->cancelled = false;
    }
    server_->End(op_);
  }
  Status FinishQuery(std::unique_ptr<Rows>* rows) {
    std::function<FakeAnswer(std::string_view)> answer_with;
    {
      std::lock_guard lock(server_->mu_);
      answer_with = server_->on_query_;
    }
    FakeAnswer answer = answer_with ? answer_with(sql_) : DefaultAnswer(sql_);
    if (!answer.status.ok()) return std::move(answer.status);
    if (sql_ == "begin") tx_ = TxState::kOpen;
    if (strcasecmp(sql_.c_str(), "commit") == 0 || strcasecmp(sql_.c_str(), "rollback") == 0) {
      tx_ = TxState::kNone;
    }
    // What is not one of our own words is read as SQL.
    dirty_ = dirty_ || (ScanSql(sql_).dirt & ~uint32_t{kDirtUnknown}) != 0;
    auto result = std::make_unique<FakeRows>(std::move(answer), stream_);
    streaming_ = stream_ && !result->complete();
    if (rows != nullptr) *rows = std::move(result);
    return Status::Ok();
  }
  void FinishFetch(bool ok) {
    if (fetching_ != nullptr && ok) fetching_->Arrive(std::max(fetch_max_, 1u));
    streaming_ = ok && fetching_ != nullptr && !fetching_->complete();
  }
  void LeaveGate() {
    if (gate_ != nullptr) gate_->Leave();
  }

  const std::shared_ptr<FakeServer> server_;
  const std::shared_ptr<FakeServer::Link> link_ = std::make_shared<FakeServer::Link>();
  const std::shared_ptr<FakeCanceller> canceller_;
  int fd_ = -1;
  FakeOp op_ = FakeOp::kPing;
  std::string sql_;
  SequentialPipeline pipeline_;
  PipedStatement* piped_ = nullptr;  ///< of the pipeline: the one that is running
  Deadline deadline_ = Deadline::Never();
  bool piping_ = false;
  Status early_;  ///< the outcome, as far as the gate decides it
  FakeRows* fetching_ = nullptr;
  uint32_t fetch_max_ = 0;
  WriteGate* gate_ = nullptr;
  TxState tx_ = TxState::kNone;
  bool wants_turn_ = false, stream_ = false, writes_ = false, running_ = false, streaming_ = false, dirty_ = false,
       read_only_ = false;
  std::atomic<bool> broken_{false};
};

class FakeDriver : public Driver {
 public:
  explicit FakeDriver(std::shared_ptr<FakeServer> server) : server_(std::move(server)) {}
  DriverTraits traits() const override { return server_->traits_; }
  Status Connect(Deadline deadline, const std::atomic<bool>* abandoned,
                 std::unique_ptr<Connection>* out) override {
    DBP_RETURN_IF_ERROR(server_->Wait(FakeOp::kConnect, deadline, abandoned));
    *out = std::make_unique<FakeConnection>(server_);
    return Status::Ok();
  }
  std::string BeginSql(const dbpool_tx_options&) const override { return "begin"; }
  bool TransactionMayRetry(const Status& status) const override {
    return status.sqlstate() == "40001";
  }

 private:
  const std::shared_ptr<FakeServer> server_;
};

std::unique_ptr<Driver> FakeServer::MakeDriver() {
  return std::make_unique<FakeDriver>(shared_from_this());
}

}  // namespace dbp
