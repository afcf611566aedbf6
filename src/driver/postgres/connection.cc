#include "driver/postgres/connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/postgres/errors.h"

namespace dbp::postgres {

void PgCanceller::Cancel() noexcept {
  char why[256];
  // A cancel that fails changes nothing: the statement goes on and its own deadline decides.
  if (cancel_ && !retired_.load(std::memory_order_relaxed))
    (void)PQcancel(cancel_.get(), why, sizeof why);
}

PgConnection::PgConnection(PGconn* pg, std::shared_ptr<const Config> config)
    : pg_(pg),
      config_(std::move(config)),
      encoding_(PQclientEncoding(pg)),
      own_fd_(fcntl(PQsocket(pg), F_DUPFD_CLOEXEC, 0)),
      canceller_(std::make_shared<PgCanceller>(pg)),
      statements_(config_->statement_cache, config_->prepare_threshold) {
  wire_.Attach(pg);
  PQsetNoticeReceiver(pg_, &OnNotice, this);
  if (PQsetnonblocking(pg_, 1) != 0 || own_fd_ < 0) broken_ = true;
  setup_sql_ = SessionSetupSql(pg_, *config_);
}

PgConnection::~PgConnection() {
  canceller_->Retire();
  PQfinish(pg_);  // non-blocking: its farewell is sent if there is room
  if (own_fd_ >= 0) close(own_fd_);
}

// Notices are dropped, but for the last words of a session.
void PgConnection::OnNotice(void* self, const PGresult* result) {
  if (EndsSession(result)) {
    static_cast<PgConnection*>(self)->farewell_ = FromResult(result, DBPOOL_PHASE_QUERY);
  }
}

bool PgConnection::Begin(Op op) {
  op_ = op;
  over_ = sent_ = again_ = by_name_ = promise_failed_ = false;
  prefix_ = 0;
  may_have_committed_ = false;
  outcome_ = Status::Ok();
  rows_.reset();
  last_rows_ = nullptr;
  statement_ = nullptr;
  const PGTransactionStatusType status = PQtransactionStatus(pg_);
  if (status != PQTRANS_ACTIVE) tx_before_ = tx_state();
  // Back-to-back statements do not pay for the look; the coarse clock ticks every 4 ms.
  const bool rested = !streaming_ && CoarseNow() != used_at_;
  if (broken() || wire_.lost() || (rested && wire_.ClosedByPeer())) {
    OnLost();
    return false;
  }
  return true;
}

void PgConnection::Fail(Status status) {
  outcome_ = std::move(status);
  over_ = true;
}

void PgConnection::Sent(bool ok) {
  if (ok) {
    sent_ = true;
    wire_.Sent();
    return;
  }
  // Out of memory, or the connection is lost. Half a pipeline may be queued: it is not used again.
  if (!wire_.lost()) {
    outcome_ = Status::Error(DBPOOL_ERR_BROKEN, "libpq cannot send the statement", phase());
  }
  OnLost();
}

Want PgConnection::Step() {
  if (op_ == Op::kPipeline) return StepPipeline();
  while (op_ != Op::kNone && !over_) {
    if (StreamHasEnough(false)) {
      over_ = true;
      break;
    }
    ResultPtr result;
    const Want want = wire_.Next(&result);
    if (want == Want::kDone) {
      OnResult(std::move(result));
    } else if (StreamHasEnough(true)) {
      wire_.DoNotWait();
      over_ = true;
    } else {
      return want;
    }
  }
  return Want::kDone;
}

Status PgConnection::Finish(std::unique_ptr<Rows>* rows) {
  op_ = Op::kNone;
  over_ = false;
  stream_ = nullptr;
  last_rows_ = nullptr;
  if (outcome_.ok() && rows) *rows = std::move(rows_);
  rows_.reset();
  return std::move(outcome_);
}

void PgConnection::OnResult(ResultPtr result) {
  if (!result && wire_.lost() && op_ != Op::kPipeline) return OnLost();  // in a pipeline one stands behind each result
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC:
      if (op_ == Op::kPipeline) break;
      return OnSync();
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      return OnCopy();
    default:
      break;
  }
  switch (op_) {
    case Op::kQuery:
    case Op::kFetch:
      return OnQueryResult(std::move(result));
    case Op::kDescribe:
      return OnDescribeResult(std::move(result));
    case Op::kSetup:
    case Op::kReset:
      return OnResetResult(std::move(result));
    case Op::kPipeline:
      return OnPipelineResult(std::move(result));
    case Op::kNone:
    case Op::kCloseStream:
    case Op::kPing:
      return OnPlainResult(std::move(result));
  }
}

void PgConnection::OnPlainResult(ResultPtr result) {
  if (!result) {
    if (pipeline_.on) return;  // its Sync is the end
    streaming_ = false;
    return Over();
  }
  // What a stream says after its end was asked for (cancelled, most of the time) is of no interest.
  if (op_ == Op::kPing || EndsSession(result.get())) KeepError(result.get());
}

void PgConnection::OnDescribeResult(ResultPtr result) {
  if (!result) return;
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return KeepError(result.get());
  if (pipeline_.preparing) {
    pipeline_.preparing = false;
    return;
  }
  auto columns = std::make_shared<PgColumns>(result.get());
  auto rows = std::make_unique<PgRows>(std::move(result), std::move(columns));
  rows->DescribeParams();
  rows_ = std::move(rows);
}

void PgConnection::OnSync() {
  if (--pipeline_.syncs > 0) return;
  pipeline_ = Pipeline{};
  if (!LeavePipelineMode()) return Over();
  if (op_ == Op::kQuery || op_ == Op::kFetch) return QueryOver();
  streaming_ = false;
  Over();
}

bool PgConnection::LeavePipelineMode() {
  if (PQexitPipelineMode(pg_)) return true;
  broken_ = true;
  outcome_ = Status::Error(DBPOOL_ERR_INTERNAL, "libpq does not leave its pipeline mode", phase(),
                           "", DBPOOL_FLAG_CONN_BROKEN);
  return false;
}

void PgConnection::OnLost() {
  broken_ = true;
  streaming_ = false;
  reset_follows_ = false;
  if (stream_) stream_->Fail();
  if (aborted_.load(std::memory_order_relaxed)) {  // not the server's doing
    return Fail(Status::Error(
        DBPOOL_ERR_BROKEN,
        "the connection was cut off: its pool was closed, or its deadline passed", phase(), "57014",
        (LossFlags() & ~uint32_t{DBPOOL_FLAG_RETRYABLE}) | DBPOOL_FLAG_CONN_BROKEN));
  }
  Status known = outcome_.sqlstate().empty() && farewell_.failed() ? std::move(farewell_)
                                                                   : std::move(outcome_);
  Fail(FromLoss(std::move(known), phase(), LossFlags()));
}

void PgConnection::OnCopy() {
  broken_ = true;
  reset_follows_ = false;
  Status status = Status::Unsupported("COPY is not supported; its connection is closed");
  status.set_phase(phase()).add_flags(DBPOOL_FLAG_CONN_BROKEN);
  Fail(std::move(status));
}

void PgConnection::KeepError(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  const bool error = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
  // Behind the first error come only its consequences, except for the end of the session.
  if (!error || (outcome_.failed() && !EndsSession(result))) return;
  outcome_ = FromResult(result, phase());
  if (prefix_ > 0 && outcome_.info()->position > prefix_) outcome_.mutable_info().position -= prefix_;
}

void PgConnection::Over() {
  used_at_ = CoarseNow();
  if (reset_follows_ && !broken_) {
    reset_follows_ = false;
    return BeginReset();
  }
  over_ = true;
}

uint32_t PgConnection::phase() const {
  switch (op_) {
    case Op::kPing:
      return DBPOOL_PHASE_PING;
    case Op::kReset:
      return DBPOOL_PHASE_RESET;
    case Op::kSetup:
      return DBPOOL_PHASE_CONNECT;
    default:
      return DBPOOL_PHASE_QUERY;
  }
}

uint32_t PgConnection::LossFlags() const {
  const bool statement = op_ == Op::kQuery || op_ == Op::kFetch;
  if (statement && may_have_committed_ && sent_) return DBPOOL_FLAG_OUTCOME_UNKNOWN;
  return DBPOOL_FLAG_RETRYABLE | (sent_ ? 0 : DBPOOL_FLAG_NOT_SENT);
}

void PgConnection::StartPing(Deadline) {
  if (Begin(Op::kPing)) Sent(PQsendQuery(pg_, ""));
}

void PgConnection::StartDescribe(std::string_view sql, Deadline) {
  if (!Begin(Op::kDescribe)) return;
  if (sql.find('\0') != sql.npos) return Fail(Status::Invalid("the SQL text holds a NUL"));
  if (IsBlankSql(sql)) return Fail(Status::Invalid("there is no statement to describe"));
  if (ScanSql(sql).several) return Fail(Status::Invalid("only one statement can be described"));
  text_.assign(sql);
  pipeline_ = {.on = true, .preparing = true, .syncs = 1};
  Sent(PQenterPipelineMode(pg_) && PQsendPrepare(pg_, "", text_.c_str(), 0, nullptr) &&
       PQsendDescribePrepared(pg_, "") && PQpipelineSync(pg_));
}

TxState PgConnection::tx_state() const {
  switch (PQtransactionStatus(pg_)) {
    case PQTRANS_INTRANS:
      return TxState::kOpen;
    case PQTRANS_INERROR:
      return TxState::kFailed;
    case PQTRANS_ACTIVE:
      return tx_before_;
    default:
      return TxState::kNone;
  }
}

void PgConnection::Abort() noexcept {
  aborted_.store(true, std::memory_order_relaxed);
  shutdown(own_fd_, SHUT_RDWR);
}

void* PgConnection::native() {
  native_taken_ = true;
  dirt_ |= kDirtUnknown;
  return pg_;
}

}  // namespace dbp::postgres
