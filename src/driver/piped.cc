#include "driver/piped.h"

#include <string>

namespace dbp {

Status NotRun() {
  return Status::Error(DBPOOL_ERR_SQL, "not run: something before it in its transaction failed",
                       DBPOOL_PHASE_QUERY, "25P02");
}

PipedStatement* SequentialPipeline::Current(TxState state) {
  while (PipedStatement* first = waiting_.first()) {
    if (first->on_failure) {
      if (failed_ && state != TxState::kNone) return first;
      Answer(Status::Ok(), nullptr);
    } else {
      if (!in_unit_ || !failed_) return first;
      Answer(NotRun(), nullptr);
    }
  }
  return nullptr;
}

void SequentialPipeline::Answer(Status outcome, std::unique_ptr<Rows> rows) {
  PipedStatement& statement = *waiting_.Pop();
  if (!statement.on_failure) {
    failed_ = outcome.failed() || (in_unit_ && failed_);
    in_unit_ = !statement.ends_unit;
  }
  if (outcome.has_flag(DBPOOL_FLAG_CONN_BROKEN)) {
    while (PipedStatement* unsent = waiting_.Pop()) {
      unsent->outcome = Status::Error(
          outcome.code(), std::string(outcome.message()), outcome.info()->phase, outcome.sqlstate(),
          DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE);
      answered_.Push(*unsent);
    }
    ended_ = true;
  }
  statement.outcome = std::move(outcome);
  statement.rows = std::move(rows);
  answered_.Push(statement);
}

}  // namespace dbp
