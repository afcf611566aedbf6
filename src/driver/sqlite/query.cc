#include <limits.h>

#include <algorithm>

#include "driver/sqlite/connection.h"
#include "driver/sqlite/errors.h"
#include "driver/sqlite/text.h"

// A text of several statements runs one after the other; if one fails the call fails, and those
// before it keep their effect unless a transaction is open.

namespace dbp::sqlite {
namespace {

// A stream's first rows come with the query, so that its errors and its first answer do.
constexpr uint32_t kFirstOfStream = 64;

Status StreamIsOpen() {
  return Status::Error(DBPOOL_ERR_BUSY, "a streamed result of this connection is still open",
                       DBPOOL_PHASE_QUERY, {}, DBPOOL_FLAG_NOT_SENT);
}

Status CheckText(std::string_view sql) {
  if (sql.size() > INT_MAX) return Status::Invalid("the SQL text is longer than 2 GiB");
  if (sql.find('\0') != sql.npos) return Status::Invalid("the SQL text has a NUL inside");
  return Status::Ok();
}

}  // namespace

/// PENDING: it waits for the writer's turn, and goes on where it stopped.
Status SqliteConnection::RunQuery() {
  if (watch_->Cancelled()) return Stopped();
  if (!rows_) DBP_RETURN_IF_ERROR(RunFirst());
  while (at_ < query_.sql.size()) DBP_RETURN_IF_ERROR(RunNext());
  return Status::Ok();
}

Status SqliteConnection::RunFirst() {
  if (stream_) return StreamIsOpen();
  Statement* statement = cache_->Find(query_.sql);
  size_t rest = query_.sql.size();
  if (!statement) DBP_RETURN_IF_ERROR(Find(query_.sql, &statement, &rest));
  const bool several = rest < query_.sql.size();
  if (several && operation_ == Operation::kPipeline) {
    return Status::Invalid("a pipeline takes one statement at a time");
  }
  if (several && !query_.params.empty()) {
    return Status::Invalid("a text of several statements takes no parameters");
  }
  if (several && query_.stream) {
    return Status::Unsupported("several statements cannot be streamed");
  }
  std::unique_ptr<SqliteRows> rows;
  if (statement) {
    DBP_RETURN_IF_ERROR(RunOne(*statement, &rows));
  } else {
    if (!query_.params.empty()) return Status::Invalid("an empty statement takes no parameters");
    rows = std::make_unique<SqliteRows>(nullptr);
    rows->Complete("", 0, 0);
  }
  rows_ = std::move(rows);
  last_ = rows_.get();
  at_ = rest;
  return Status::Ok();
}

// Each for itself as far as the writer's turn goes, unless a transaction is open.
Status SqliteConnection::RunPipeline() {
  Status usable = Usable();
  while (PipedStatement* piped = pipeline_.Current(tx_state())) {
    query_ = piped->query;
    if (piped->on_failure) watch_->BeginShielded();  // what failed may be that it is cancelled, or too late
    Status status = usable.ok() ? RunQuery() : usable.Clone();
    if (status.code() == DBPOOL_PENDING) return status;
    LeaveGateIfOver();
    pipeline_.Answer(std::move(status), std::move(rows_));
    usable = Usable();
  }
  return usable;
}

/// The statement that begins at at_.
Status SqliteConnection::RunNext() {
  scratch_.reset();
  Statement next;
  size_t rest = 0;
  DBP_RETURN_IF_ERROR(PrepareAt(query_.sql, at_, false, &next, &rest));
  std::unique_ptr<SqliteRows> rows;
  if (next.get()) DBP_RETURN_IF_ERROR(RunOne(next, &rows));
  at_ = next.get() ? rest : query_.sql.size();
  if (!rows) return Status::Ok();
  Rows* added = rows.get();
  last_->SetNext(std::move(rows));
  last_ = added;
  return Status::Ok();
}

/// Prepares a text that is not kept yet. *out is NULL if the text is blank; *rest is where a second
/// statement begins, or the text's size.
Status SqliteConnection::Find(std::string_view sql, Statement** out, size_t* rest) {
  DBP_RETURN_IF_ERROR(CheckText(sql));
  scratch_.reset();
  *out = nullptr;
  *rest = sql.size();
  const size_t start = SkipBlank(sql, 0);
  if (start == sql.size()) return Status::Ok();
  Statement prepared;
  DBP_RETURN_IF_ERROR(PrepareAt(sql, start, cache_->capacity() > 0, &prepared, rest));
  if (!prepared.get()) return Status::Ok();
  if (*rest == sql.size() && prepared.may_be_kept() && cache_->capacity() > 0) {
    *out = cache_->Insert(sql, std::move(prepared));
  } else {
    *out = &scratch_.emplace(std::move(prepared));
  }
  return Status::Ok();
}

Status SqliteConnection::PrepareAt(std::string_view sql, size_t from, bool keep, Statement* out,
                                   size_t* rest) {
  int rc = SQLITE_OK;
  size_t used = 0;
  DBP_RETURN_IF_ERROR(Statement::Prepare(db(), sql.substr(from), keep, observer_, &rc, out, &used));
  if (rc != SQLITE_OK) return SqliteError(db(), rc, DBPOOL_PHASE_QUERY, *watch_, from);
  *rest = SkipBlank(sql, from + used);
  return Status::Ok();
}

/// What must be asked before a statement's first step.
Status SqliteConnection::Admit(const Statement& statement) {
  if (watch_->Cancelled()) return Stopped();
  if (statement.readonly()) return Status::Ok();
  if (query_.read_only || query_only_) return ReadOnlyError();
  if (!gate_ || database_->read_only()) return Status::Ok();
  gate_entered_ = gate_->Enter();
  gate_queued_ = !gate_entered_;
  if (gate_entered_) return Status::Ok();
  return watch_->Cancelled() ? Stopped() : Status::Bare(DBPOOL_PENDING);
}

/// Cancelled before a statement began; not sent, unless another one of its text was.
Status SqliteConnection::Stopped() {
  Status status = SqliteError(db(), SQLITE_INTERRUPT, DBPOOL_PHASE_QUERY, *watch_);
  if (!rows_) status.add_flags(DBPOOL_FLAG_NOT_SENT);
  return status;
}

Status SqliteConnection::RunOne(Statement& statement, std::unique_ptr<SqliteRows>* out) {
  const auto memory = query_.stream ? ParamMemory::kCopy : ParamMemory::kUntilDone;
  DBP_RETURN_IF_ERROR(statement.params().Bind(statement.get(), query_.params, memory));
  DBP_RETURN_IF_ERROR(Admit(statement));
  ResetOnExit reset(statement.get());
  const int rc = sqlite3_step(statement.get());
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    return SqliteError(db(), rc, DBPOOL_PHASE_QUERY, *watch_);
  }
  auto rows = std::make_unique<SqliteRows>(statement.columns());
  DBP_RETURN_IF_ERROR(Collect(statement, rc, query_.stream ? kFirstOfStream : UINT32_MAX, *rows));
  if (!rows->complete()) {
    stream_ = &statement;
    reset.Dismiss();
  }
  *out = std::move(rows);
  return Status::Ok();
}

/// Takes in rows while there are any: max of them, for a stream also no more than a block holds.
/// rc is the answer of the step before.
Status SqliteConnection::Collect(Statement& statement, int rc, uint32_t max, SqliteRows& rows) {
  CellStore& cells = rows.cells();
  const std::shared_ptr<BlockPool>& blocks = database_->blocks();
  sqlite3_stmt* stmt = statement.get();
  for (uint32_t count = 0; rc == SQLITE_ROW; rc = sqlite3_step(stmt)) {
    cells.Append(stmt, blocks);
    if (max != UINT32_MAX && (++count >= max || cells.bytes() >= BlockPool::kBlock / 2)) {
      return Status::Ok();
    }
  }
  if (rc != SQLITE_DONE) return SqliteError(db(), rc, DBPOOL_PHASE_QUERY, *watch_);
  const int64_t affected = Affected(statement);
  const bool inserted = affected > 0 && statement.inserts();
  rows.Complete(statement.command(), affected, inserted ? sqlite3_last_insert_rowid(db()) : 0);
  return Status::Ok();
}

/// SQLite keeps the number of an earlier statement for one that changes no rows.
int64_t SqliteConnection::Affected(const Statement& statement) const {
  return statement.changes_rows() ? sqlite3_changes64(db()) : 0;
}

Status SqliteConnection::Fetch() {
  if (!stream_) return Status::Error(DBPOOL_ERR_INTERNAL, "no stream is open");
  if (fetch_into_->cells().HasRows()) return Status::Ok();
  fetch_into_->cells().Clear();
  Statement& statement = *stream_;
  ResetOnExit reset(statement.get());
  stream_ = nullptr;  // over, unless it says otherwise below
  if (watch_->Cancelled()) return SqliteError(db(), SQLITE_INTERRUPT, DBPOOL_PHASE_QUERY, *watch_);
  const int rc = sqlite3_step(statement.get());
  DBP_RETURN_IF_ERROR(
      Collect(statement, rc, std::min(std::max(fetch_max_, 1u), UINT32_MAX - 1), *fetch_into_));
  if (!fetch_into_->complete()) {
    stream_ = &statement;
    reset.Dismiss();
  }
  return Status::Ok();
}

void SqliteConnection::EndStream() {
  if (stream_) sqlite3_reset(stream_->get());
  stream_ = nullptr;
}

// Prepared anew even if it is kept: without a step SQLite does not look whether the schema has
// changed.
Status SqliteConnection::Describe() {
  if (watch_->Cancelled()) return Stopped();
  if (stream_) return StreamIsOpen();
  const std::string_view sql = query_.sql;
  DBP_RETURN_IF_ERROR(CheckText(sql));
  Statement statement;
  size_t rest = SkipBlank(sql, 0);
  if (rest < sql.size()) DBP_RETURN_IF_ERROR(PrepareAt(sql, rest, false, &statement, &rest));
  if (rest < sql.size()) return Status::Invalid("several statements cannot be described");
  if (!statement.get()) return Status::Invalid("there is no statement to describe");
  auto rows = std::make_unique<SqliteRows>(statement.columns());
  rows->SetParams(ColumnSet::OfParams(statement.params().Names(statement.get())));
  rows->Complete(statement.command(), 0, 0);
  rows_ = std::move(rows);
  return Status::Ok();
}

}  // namespace dbp::sqlite
