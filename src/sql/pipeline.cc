#include "sql/pipeline.h"

#include <dbpool/pipeline.h>

#include <algorithm>
#include <utility>

#include "driver/sql_lexer.h"
#include "sql/run.h"

namespace dbp {

namespace {

constexpr std::string_view kSet = "SAVEPOINT dbpool_pipeline";
constexpr std::string_view kRollBackTo = "ROLLBACK TO SAVEPOINT dbpool_pipeline";
constexpr std::string_view kRelease = "RELEASE SAVEPOINT dbpool_pipeline";

Status Busy() { return Status::Error(DBPOOL_ERR_BUSY, "the pipeline is running"); }

/// Whether a statement would begin or end the transaction that it is to be part of.
bool ControlsTransactions(std::string_view sql) {
  SqlLexer lexer(sql);
  SqlToken token = lexer.Next();
  while (token.Is(";")) token = lexer.Next();
  for (const char* word : {"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"}) {
    if (token.IsWord(word)) return true;
  }
  return token.IsWord("prepare") && lexer.Next().IsWord("transaction");
}

}  // namespace

Status Pipeline::Idle() {
  MutexLock lock(mu_);
  return state_ == State::kRunning ? Busy() : Status::Ok();
}

Status Pipeline::Add(const Query& query) {
  DBP_RETURN_IF_ERROR(Idle());
  if (items_.size() >= DBPOOL_PIPELINE_MAX_STATEMENTS) {
    return Status::Invalid("a pipeline holds at most 65535 statements");
  }
  const size_t bytes = SizeOfCopy(query);
  if (bytes > DBPOOL_PIPELINE_MAX_BYTES - bytes_) {
    return Status::Invalid("a pipeline holds at most 1 GiB of SQL and parameters");
  }
  if (transaction_ && ControlsTransactions(query.sql)) {
    return Status::Invalid("the pipeline is a transaction: a statement of it cannot begin or end one");
  }
  QueryCopy copy(query);
  items_.emplace_back().copy = std::move(copy);
  bytes_ += bytes;
  return Status::Ok();
}

Status Pipeline::Clear() {
  DBP_RETURN_IF_ERROR(Idle());
  items_.clear();
  bytes_ = ran_ = 0;
  return Status::Ok();
}

Status Pipeline::TakeResult(size_t index, std::optional<Result>* out) {
  DBP_RETURN_IF_ERROR(Idle());
  if (index >= items_.size()) return Status::Invalid("the pipeline has no such statement");
  if (index >= ran_) return Status::Invalid("the statement has not been run");
  Item& item = items_[index];
  if (item.outcome.failed()) return item.outcome.Clone();
  if (!item.rows) return Status::Invalid("the result was taken already");
  if (out) out->emplace(std::move(item.rows), elapsed_, Result::Source{});
  return Status::Ok();
}

Status Pipeline::BeginRun(bool read_only) {
  MutexLock lock(mu_);
  if (state_ == State::kRunning) return Busy();
  state_ = State::kRunning;
  read_only_ = read_only;
  concluded_ = false;
  ran_ = 0;
  return Status::Ok();
}

/// Makes an item ready to be piped.
void Pipeline::Item::Prepare(std::string_view text, bool ends, bool cleans) {
  query = {.sql = text};
  ends_unit = ends;
  on_failure = cleans;
  answered = false;
  outcome = Status::Ok();
  rows.reset();
  notes = {};
}

void Pipeline::Start(Lease& lease, Deadline deadline) {
  Connection& connection = lease.connection();
  dbpool_tx_options options = {};
  options.flags = read_only_ ? DBPOOL_TX_READ_ONLY : 0;
  begin_sql_ = lease.pool().driver().BeginSql(options);
  const bool inside = connection.tx_state() != TxState::kNone;
  framed_ = transaction_ && !items_.empty();
  began_ = Now();
  deadline_ = deadline;
  ran_ = items_.size();

  begin_.Prepare(inside ? kSet : std::string_view(begin_sql_), false);
  commit_.Prepare(inside ? kRelease : "COMMIT", true);
  undo_.Prepare(inside ? kRollBackTo : "ROLLBACK", true, true);
  forget_.Prepare(kRelease, true, true);
  connection.StartPipeline(/*ordered=*/true, deadline);
  if (framed_) connection.Pipe(begin_);
  for (Item& item : items_) {
    item.Prepare({}, !transaction_);
    item.query = item.copy.query();
    item.query.read_only = read_only_;
    connection.Pipe(item);
  }
  if (framed_) {
    connection.Pipe(commit_);
    connection.Pipe(undo_);
    if (inside) connection.Pipe(forget_);
  }
  connection.EndPipeline();
}

Status Pipeline::Conclude(Lease& lease, const Status& outcome) {
  while (PipedStatement* answered = lease.connection().TakeAnswered()) {
    static_cast<Item*>(answered)->answered = true;  // we pipe no others
  }
  elapsed_ = Now() - began_;
  const bool late = deadline_.Passed();
  for (Item& item : items_) Judge(item, outcome, late);
  if (framed_) {
    Judge(begin_, outcome, late);
    Judge(commit_, outcome, late);
  }
  Status answer = Answer();
  if (framed_ && answer.failed()) Undo(answer);
  concluded_ = true;
  return answer;
}

/// What was not answered shares the fate of the operation.
void Pipeline::Judge(Item& item, const Status& outcome, bool late) {
  if (!item.answered) {
    item.rows.reset();
    item.outcome = outcome.Clone();
  } else if (late && item.outcome.code() == DBPOOL_ERR_CANCELLED) {
    item.outcome = StatementIsLate(0);
  }
}

/// The first failure. Of a transaction, for all of it; else its flags say whether the whole may run again.
Status Pipeline::Answer() const {
  if (framed_ && begin_.outcome.failed()) return begin_.outcome.Clone();
  const auto failed = std::ranges::find_if(items_, [](const Item& item) { return item.outcome.failed(); });
  if (failed == items_.end()) return framed_ ? commit_.outcome.Clone() : Status::Ok();
  Status first = failed->outcome.Clone();
  if (framed_ || read_only_ || !first.info()) return first;
  uint32_t& flags = first.mutable_info().flags;
  for (const Item& item : items_) {
    if (item.outcome.ok()) flags &= ~uint32_t{DBPOOL_FLAG_RETRYABLE | DBPOOL_FLAG_NOT_SENT};
    if (item.outcome.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN)) flags |= DBPOOL_FLAG_OUTCOME_UNKNOWN;
  }
  if (flags & DBPOOL_FLAG_OUTCOME_UNKNOWN) flags &= ~uint32_t{DBPOOL_FLAG_RETRYABLE | DBPOOL_FLAG_NOT_SENT};
  return first;
}

/// Nobody shall take for done what the failure has undone.
void Pipeline::Undo(const Status& why) {
  const bool unknown = why.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN);
  for (Item& item : items_) {
    if (item.outcome.failed()) continue;
    item.rows.reset();
    item.outcome =
        unknown ? why.Clone()
                : Status::Error(DBPOOL_ERR_SQL, "undone: " + std::string(why.message()),
                                DBPOOL_PHASE_QUERY, "40000");
  }
}

void Pipeline::EndRun() {
  for (size_t i = 0; !concluded_ && i < ran_; ++i) {
    items_[i].rows.reset();
    items_[i].outcome = Status::NoMemory();
  }
  MutexLock lock(mu_);
  state_ = State::kIdle;
}

Status PipelineWork::Claim(bool read_only) {
  DBP_RETURN_IF_ERROR(pipeline_->BeginRun(read_only));
  claimed_ = true;
  return Status::Ok();
}

Status PipelineWork::Start(Lease& lease, Deadline deadline) {
  pipeline_->Start(lease, deadline);
  return Status::Ok();
}

}  // namespace dbp
