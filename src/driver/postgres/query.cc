#include <cstring>

#include "driver/postgres/connection.h"
#include "driver/postgres/errors.h"
#include "driver/sql_lexer.h"

// Statements: which way one goes out, and what its results become.

namespace dbp::postgres {
namespace {

constexpr uint32_t kFirstRows = 256;          // of a stream, with its opening
constexpr size_t kStreamBytes = 1024 * 1024;  // a batch is closed when it holds so much
constexpr size_t kDeadAtOnce = 8;

SqlToken FirstWord(std::string_view sql) {
  SqlLexer lexer(sql);
  SqlToken token = lexer.Next();
  while (token.Is(";")) token = lexer.Next();
  return token;
}

}  // namespace

bool PgConnection::MayCommit(const SqlTraits& traits, std::string_view sql,
                             bool in_transaction) {
  if (traits.several) return true;
  const bool reads = traits.verb == SqlVerb::kSelect || traits.verb == SqlVerb::kValues;
  if (!in_transaction) return !(reads && traits.dirt == kDirtNone);
  if (traits.preparable()) return false;
  const SqlToken word = FirstWord(sql);
  for (const char* harmless :
       {"rollback", "savepoint", "release", "set", "lock", "begin", "declare"}) {
    if (word.IsWord(harmless)) return false;
  }
  return true;
}

void PgConnection::StartQuery(const Query& query, Deadline) {
  if (!Begin(Op::kQuery)) return;
  if (Status status = params_.Set(query.params); !status.ok()) return Fail(std::move(status));
  query_ = query;
  fetch_max_ = kFirstRows;
  statement_ = statements_.Get(query.sql, query.params);
  const SqlTraits& traits = statement_->traits;
  if (statement_->uses <= 1 && query.sql.find('\0') != query.sql.npos) {
    return Fail(Status::Invalid("the SQL text holds a NUL"));
  }
  if (traits.several && !query.params.empty()) {
    return Fail(Status::Invalid("a text of several statements takes no parameters"));
  }
  if (traits.several && query.stream) {
    return Fail(Status::Unsupported("a text of several statements cannot be streamed"));
  }
  may_have_committed_ =
      (traits.several || !Promises()) && MayCommit(traits, query.sql, tx_before_ != TxState::kNone);
  dirt_ |= traits.dirt;
  SendStatement();
}

// Whether the server is to refuse writes: in a transaction of the statement's own. One that begins a
// transaction begins the caller's.
bool PgConnection::Promises() const {
  if (!query_.read_only || tx_before_ != TxState::kNone) return false;
  if (statement_->traits.preparable() || statement_->traits.several) return true;
  const SqlToken word = FirstWord(query_.sql);
  return !word.IsWord("begin") && !word.IsWord("start");
}

void PgConnection::SendStatement() {
  const bool promises = Promises();
  const bool prepares = !statement_->ready && !query_.stream && tx_before_ != TxState::kFailed &&
                        statements_.ShouldPrepare(*statement_);
  by_name_ = statement_->ready || prepares;
  bool ok;
  if (statement_->traits.several) {
    ok = SendSeveral(promises);
  } else if (prepares || promises) {
    ok = SendInPipeline(prepares, promises);
  } else {
    ok = SendOwn();
    if (ok && query_.stream) ok = single_rows_ = PQsetSingleRowMode(pg_);
  }
  Sent(ok);
}

// The server runs them as one transaction, as far as they say nothing else.
bool PgConnection::SendSeveral(bool promises) {
  text_ = promises ? std::string(kPromiseSql) + "; " : std::string();
  pipeline_.promising = promises;
  prefix_ = static_cast<int32_t>(text_.size());
  text_.append(query_.sql);
  return PQsendQuery(pg_, text_.c_str());
}

bool PgConnection::SendOwn() {
  const int n = params_.count();
  if (statement_->ready) {
    return PQsendQueryPrepared(pg_, statement_->name, n, params_.values(), params_.lengths(),
                               params_.formats(), 0);
  }
  text_.assign(query_.sql);
  const bool simple = n == 0 && !statement_->traits.preparable() && !pipeline_.on;
  return simple ? PQsendQuery(pg_, text_.c_str())
                : PQsendQueryParams(pg_, text_.c_str(), n, params_.types(), params_.values(),
                                    params_.lengths(), params_.formats(), 0);
}

// One round trip: [DEALLOCATE ... Sync] [promise] [Parse] Bind, Execute, Sync.
bool PgConnection::SendInPipeline(bool prepares, bool promises) {
  LeaveSingleRows();
  pipeline_ = {.on = true, .preparing = prepares, .streams = query_.stream, .syncs = 1};
  if (!PQenterPipelineMode(pg_) || !SendDeadNames()) return false;
  if (promises && (pipeline_.promising = SendReadOnly()) == 0) return false;
  if (!prepares) return SendOwn() && PQpipelineSync(pg_);
  statements_.Name(statement_.get());
  text_.assign(query_.sql);
  return PQsendPrepare(pg_, statement_->name, text_.c_str(), params_.count(), params_.types()) &&
         PQsendQueryPrepared(pg_, statement_->name, params_.count(), params_.values(),
                             params_.lengths(), params_.formats(), 0) &&
         PQpipelineSync(pg_);
}

// What is deallocated has its own Sync, so that a name which is gone already (deallocated by hand) does not
// fail the statement; in a transaction it would fail that, so there it waits if somebody may have done so.
bool PgConnection::SendDeadNames() {
  const bool may = tx_before_ == TxState::kNone || !(dirt_ & (kDirtPrepared | kDirtUnknown));
  if (!may || !statements_.has_dead()) return true;
  for (const std::string& name : statements_.TakeDead(kDeadAtOnce)) {
    text_ = "DEALLOCATE " + name;
    if (!PQsendQueryParams(pg_, text_.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)) return false;
    ++pipeline_.dead;
  }
  ++pipeline_.syncs;
  return PQpipelineSync(pg_);
}

// libpq 15 forgets to leave that mode when the next statement stands at the head of a pipeline. It does so
// when it begins any other, also one that it then refuses.
void PgConnection::LeaveSingleRows() {
  if (!std::exchange(single_rows_, false)) return;
  (void)PQsendQueryParams(pg_, nullptr, 0, nullptr, nullptr, nullptr, nullptr, 0);
}

// A text of our own: no parameters, no traces in cache or dirt.
void PgConnection::SendText(const char* sql) {
  query_ = Query{};
  Sent(PQsendQuery(pg_, sql));
}

void PgConnection::StartFetch(Rows& rows, uint32_t max, Deadline) {
  stream_ = static_cast<PgStream*>(&rows);
  const bool uncertain = may_have_committed_;
  if (!Begin(Op::kFetch)) return;
  may_have_committed_ = uncertain;
  sent_ = true;
  stream_->Reuse();
  fetch_max_ = max ? max : kFirstRows;
}

void PgConnection::StartCloseStream(Deadline) {
  stream_ = nullptr;
  const bool open = streaming_;
  if (!Begin(Op::kCloseStream)) return;
  if (!open) over_ = true;
}

// Rows that are there go to the caller rather than wait for more; at its end a stream waits for the
// server to be ready, so that the next statement finds the connection free.
bool PgConnection::StreamHasEnough(bool must_wait) const {
  if (!stream_ || !streaming_ || stream_->complete() || !outcome_.ok()) return false;
  const uint32_t rows = stream_->rows_waiting();
  return rows >= fetch_max_ ||
         (rows > 0 && (must_wait || stream_->bytes_waiting() >= kStreamBytes));
}

void PgConnection::OnQueryResult(ResultPtr result) {
  if (!result) {
    if (!pipeline_.on) return QueryOver();
    // One follows each result. Behind that of the promise the statement's turn has come.
    const bool turn = pipeline_.promising == 0 && !pipeline_.preparing && pipeline_.dead == 0;
    if (turn && std::exchange(pipeline_.streams, false)) single_rows_ = PQsetSingleRowMode(pg_);
    return;
  }
  if (pipeline_.dead > 0) {
    --pipeline_.dead;
    return;
  }
  const ExecStatusType status = PQresultStatus(result.get());
  if (pipeline_.promising > 0 && OnPromiseResult(result.get())) return;
  if (pipeline_.preparing) {
    pipeline_.preparing = false;
    KeepError(result.get());
    return statements_.Prepared(statement_.get(), status == PGRES_COMMAND_OK);
  }
  if (reset_follows_) return NoteCommand(statement_.get(), result.get());
  switch (status) {
    case PGRES_SINGLE_TUPLE:
      return AddStreamRow(std::move(result));
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      return AddResult(std::move(result));
    default:
      return KeepError(result.get());
  }
}

// A name that is there already, for want of memory to hear of it, is as good as a new one.
void PgConnection::NoteFailedPromise(const PGresult* result) {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (PQresultStatus(result) == PGRES_FATAL_ERROR) promise_ready_ = state && std::strcmp(state, "42P05") == 0;
}

// False: an error of the text that it is part of.
bool PgConnection::OnPromiseResult(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  const bool ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  if (!pipeline_.on) {
    pipeline_.promising = 0;
    return ok;
  }
  --pipeline_.promising;
  if (ok) return true;
  promise_failed_ = true;
  NoteFailedPromise(result);
  KeepError(result);
  return true;
}

void PgConnection::AddStreamRow(ResultPtr row) {
  if (!stream_) {
    auto stream = std::make_unique<PgStream>();
    stream_ = stream.get();
    rows_ = std::move(stream);
    streaming_ = true;
  }
  stream_->Add(std::move(row));
}

void PgConnection::AddResult(ResultPtr result) {
  NoteCommand(statement_.get(), result.get());
  if (stream_) return stream_->End(std::move(result));
  std::shared_ptr<const PgColumns> columns = ColumnsOf(statement_.get(), result.get());
  auto rows = std::make_unique<PgRows>(std::move(result), std::move(columns));
  Rows* const added = rows.get();
  if (last_rows_) {
    last_rows_->SetNext(std::move(rows));
  } else {
    rows_ = std::move(rows);
  }
  last_rows_ = added;
}

std::shared_ptr<const PgColumns> PgConnection::ColumnsOf(Statement* statement,
                                                         const PGresult* result) {
  if (!statement) return std::make_shared<PgColumns>(result);
  return statement->columns = PgColumns::Of(result, statement->columns);
}

// What the scan of the text cannot know for sure, the server's tag tells.
void PgConnection::NoteCommand(const Statement* statement, PGresult* result) {
  if (!statement || statement->traits.preparable()) return;
  const std::string_view tag = PQcmdStatus(result);
  dirt_ |= DirtOfCommand(tag);
  if (tag == "DEALLOCATE ALL" || tag == "DISCARD ALL") ForgetStatements();
}

void PgConnection::ForgetStatements() {
  statements_.Forget();
  promise_ready_ = false;
}

// A name that went bad did so before the statement ran. Outside a transaction it runs again, once.
bool PgConnection::RecoverPoisoned() {
  if (!(by_name_ || promise_failed_) || !statement_ || !IsPoisoned(outcome_)) return false;
  const bool gone = outcome_.sqlstate() == "26000";
  if (by_name_) statements_.Drop(statement_.get(), !gone);
  if (tx_before_ != TxState::kNone || again_ || reset_follows_ || streaming_) {
    outcome_.add_flags(DBPOOL_FLAG_RETRYABLE);
    return false;
  }
  again_ = true;
  promise_failed_ = false;
  outcome_ = Status::Ok();
  rows_.reset();
  SendStatement();
  return true;
}

// The server answers COMMIT of a failed transaction with success, and the tag ROLLBACK.
Status PgConnection::LostCommit(const Statement* statement, std::string_view sql,
                                const Rows* rows) {
  if (!rows || !statement || statement->traits.several) return Status::Ok();
  if (std::strcmp(rows->command(), "ROLLBACK") != 0) return Status::Ok();
  const SqlToken word = FirstWord(sql);
  if (!word.IsWord("commit") && !word.IsWord("end") && !word.IsWord("prepare")) return Status::Ok();
  return Status::Error(
      DBPOOL_ERR_SQL, "a statement of the transaction had failed, so it was rolled back instead",
      DBPOOL_PHASE_QUERY, "25P02");
}

void PgConnection::QueryOver() {
  if (outcome_.failed()) {
    if (stream_) stream_->Fail();
    if (RecoverPoisoned()) return;
  } else if (!stream_) {
    outcome_ = LostCommit(statement_.get(), query_.sql, rows_.get());
  }
  streaming_ = false;
  Over();
}

}  // namespace dbp::postgres
