#include "driver/sqlite/connection.h"

#include <utility>

#include "driver/sqlite/errors.h"

namespace dbp::sqlite {

SqliteConnection::SqliteConnection(std::shared_ptr<const Database> database)
    : database_(std::move(database)),
      watch_(std::make_shared<Watch>(database_->config().lock_timeout)),
      cache_(std::make_unique<StatementCache<Statement>>(database_->config().statement_cache)) {}

// Closing rolls back; whoever waits for the writer's turn may have it then.
SqliteConnection::~SqliteConnection() {
  stream_ = nullptr;
  scratch_.reset();
  cache_.reset();
  db_.reset();
  if (gate_entered_ || gate_queued_) gate_->Leave();
}

Status SqliteConnection::Open(Deadline deadline, const std::atomic<bool>* abandoned) {
  watch_->Begin(deadline, abandoned);
  Status status = database_->Open(*watch_, observer_, &db_);
  watch_->Begin(Deadline::Never());  // abandoned may be gone soon
  return status;
}

void SqliteConnection::Begin(Operation operation, Deadline deadline) {
  operation_ = operation;
  deadline_ = deadline;
  rows_.reset();
  watch_->Begin(deadline);
}

void SqliteConnection::StartQuery(const Query& query, Deadline deadline) {
  Begin(Operation::kQuery, deadline);
  query_ = query;
}

void SqliteConnection::StartFetch(Rows& rows, uint32_t max, Deadline deadline) {
  Begin(Operation::kFetch, deadline);
  fetch_into_ = static_cast<SqliteRows*>(&rows);
  fetch_max_ = max;
}

void SqliteConnection::StartDescribe(std::string_view sql, Deadline deadline) {
  Begin(Operation::kDescribe, deadline);
  query_ = Query{.sql = sql, .params = {}};
}

void SqliteConnection::StartPipeline(bool, Deadline deadline) {
  Begin(Operation::kPipeline, deadline);
  pipeline_.Start();
}

void SqliteConnection::StartReset(ResetMode mode, Deadline deadline) {
  Begin(Operation::kReset, deadline);
  reset_mode_ = mode;
}

Want SqliteConnection::Step() {
  struct Over {
    SqliteConnection& self;
    bool waits = false;
    ~Over() {
      if (!waits) self.LeaveGateIfOver();
    }
  } over{*this};
  outcome_ = Perform();
  over.waits = outcome_.code() == DBPOOL_PENDING;
  if (over.waits) return Want::kTurn;
  if (outcome_.failed()) rows_.reset();
  if (outcome_.has_flag(DBPOOL_FLAG_CONN_BROKEN)) broken_ = true;
  operation_ = Operation::kNone;
  return Want::kDone;
}

Status SqliteConnection::Usable() const {
  if (db_ && !broken()) return Status::Ok();
  return Status::Error(DBPOOL_ERR_BROKEN, "the connection was closed", DBPOOL_PHASE_QUERY, {},
                       DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_NOT_SENT);
}

Status SqliteConnection::Perform() {
  if (operation_ == Operation::kPipeline) return RunPipeline();
  DBP_RETURN_IF_ERROR(Usable());
  switch (operation_) {
    case Operation::kQuery:
      return RunQuery();
    case Operation::kFetch:
      return Fetch();
    case Operation::kDescribe:
      return Describe();
    case Operation::kPing:
      return Ping();
    case Operation::kReset:
      return Reset();
    case Operation::kCloseStream:
      EndStream();
      return Status::Ok();
    case Operation::kPipeline:
    case Operation::kNone:
      break;
  }
  return Status::Error(DBPOOL_ERR_INTERNAL, "Step() without an operation");
}

void SqliteConnection::LeaveGateIfOver() {
  if (std::exchange(gate_queued_, false)) return gate_->Leave();
  if (!gate_entered_ || stream_) return;
  if (db_ && !sqlite3_get_autocommit(db())) return;
  gate_entered_ = false;
  gate_->Leave();
}

Status SqliteConnection::Finish(std::unique_ptr<Rows>* rows) {
  if (rows) *rows = std::move(rows_);
  rows_.reset();
  return std::move(outcome_);
}

TxState SqliteConnection::tx_state() const {
  return db_ && !sqlite3_get_autocommit(db()) ? TxState::kOpen : TxState::kNone;
}

void* SqliteConnection::native() {
  native_used_ = true;
  if (!stream_ && cache_) cache_->Clear();
  return db();
}

Status SqliteConnection::Inspect(Deadline, ServerInfo* out) {
  out->product = "SQLite";
  out->version = sqlite3_libversion();
  out->database = database_->path();
  out->read_only = db_ && sqlite3_db_readonly(db(), "main") == 1;
  return Status::Ok();
}

}  // namespace dbp::sqlite
