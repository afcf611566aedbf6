#include "driver/postgres/connection.h"
#include "driver/postgres/errors.h"

// Setup and reset: texts of our own, one round trip each, one after the other.

namespace dbp::postgres {

bool PgConnection::NeedsReset(ResetMode mode) const {
  if (streaming_ || (op_ != Op::kNone && !over_)) return true;
  switch (mode) {
    case ResetMode::kNone:
      return false;
    case ResetMode::kRollback:
      return PQtransactionStatus(pg_) != PQTRANS_IDLE;
    case ResetMode::kSmart:
      return PQtransactionStatus(pg_) != PQTRANS_IDLE || dirt_ != kDirtNone ||
             PQclientEncoding(pg_) != encoding_;
    case ResetMode::kFull:
      return true;
  }
  return true;
}

void PgConnection::StartSetup() {
  if (!Begin(Op::kSetup)) return;
  plan_ = ResetPlan{};
  if (!setup_sql_.empty()) plan_.texts.push_back(setup_sql_);
  if (!config_->init_sql.empty()) plan_.texts.push_back(config_->init_sql);
  next_text_ = 0;
  SendNextText();
}

void PgConnection::StartReset(ResetMode mode, Deadline) {
  reset_mode_ = mode;
  const bool active = op_ != Op::kNone && !over_;
  if (active && op_ == Op::kPipeline) {
    piping_ = Piping{};  // its statements may be gone already, so there is no draining it
    return OnLost();
  }
  if (!active && !streaming_) return BeginReset();
  if (!active) op_ = Op::kCloseStream;
  reset_follows_ = true;
  over_ = false;
  outcome_ = Status::Ok();
  stream_ = nullptr;
}

void PgConnection::BeginReset() {
  streaming_ = false;
  if (!Begin(Op::kReset)) return;
  if (PQclientEncoding(pg_) != encoding_) dirt_ |= kDirtSettings;
  const bool in_transaction = PQtransactionStatus(pg_) != PQTRANS_IDLE;
  plan_ = PlanReset(reset_mode_, in_transaction, dirt_, setup_sql_, config_->init_sql);
  next_text_ = 0;
  SendNextText();
}

void PgConnection::SendNextText() {
  if (next_text_ == plan_.texts.size()) return ResetOver();
  SendText(plan_.texts[next_text_++].c_str());
}

void PgConnection::OnResetResult(ResultPtr result) {
  if (result) {
    if (op_ == Op::kSetup && next_text_ == 1 && AsksForPooler(*config_) && TellsOfPooler(result.get())) {
      statements_.StopPreparing();
    }
    return KeepError(result.get());
  }
  if (outcome_.ok()) return SendNextText();
  if (op_ == Op::kSetup) {
    const bool init = next_text_ == plan_.texts.size() && !config_->init_sql.empty();
    Status failed = Status::Error(
        DBPOOL_ERR_CONNECT,
        (init ? "init_sql: " : "session settings: ") + std::string(outcome_.message()),
        DBPOOL_PHASE_CONNECT, outcome_.sqlstate());
    outcome_ = std::move(failed);
  }
  broken_ = true;  // in a state nobody knows
  outcome_.add_flags(DBPOOL_FLAG_CONN_BROKEN);
  Over();
}

void PgConnection::ResetOver() {
  const bool cleaned = reset_mode_ == ResetMode::kSmart || reset_mode_ == ResetMode::kFull;
  if (op_ == Op::kReset && reset_mode_ != ResetMode::kNone &&
      PQtransactionStatus(pg_) != PQTRANS_IDLE) {
    broken_ = true;
    outcome_ = Status::Error(DBPOOL_ERR_INTERNAL, "a transaction survived the reset",
                             DBPOOL_PHASE_RESET, "", DBPOOL_FLAG_CONN_BROKEN);
    return Over();
  }
  if (op_ == Op::kReset && cleaned) {
    if (plan_.forgets_statements) ForgetStatements();
    dirt_ = native_taken_ ? kDirtUnknown : kDirtNone;
  }
  while (PGnotify* notification = PQnotifies(pg_)) PQfreemem(notification);
  Over();
}

}  // namespace dbp::postgres
