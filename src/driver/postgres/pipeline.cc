#include <new>

#include "driver/postgres/connection.h"
#include "driver/postgres/errors.h"

// Pipelines. A unit is what stands between two Syncs. The server runs it as one transaction unless one is
// open, and skips what follows a failure up to the Sync; only then is it known that its commit went
// well (a deferred constraint is checked there), so that nothing is answered before.
//
// Statements whose caller promises that they only read share a unit, which begins with a setting that
// makes its transaction read-only: the server keeps the promise. One of them that fails takes down
// those behind it, which run again in a unit of their own.
//
// What is sent is bounded by what the socket takes, and reading goes on meanwhile: a server that cannot
// get rid of its answers would stop reading as well.

namespace dbp::postgres {
namespace {

/// The results that a statement awaits, in the order they come.
enum Awaited : uint8_t {
  kDead = 1,  ///< of DEALLOCATE, several
  kDeadSync = 2,
  kPromiseParse = 4,
  kPromise = 8,
  kParse = 16,
  kOwn = 32,
  kSync = 64,
};

constexpr size_t kDeadAtOnce = 8;
constexpr size_t kEnough = 64 * 1024;  // bytes given to libpq before the socket is asked

size_t SizeOf(const Query& query) {
  size_t size = 64 + query.sql.size();
  for (const dbpool_value& value : query.params) size += value.size + 16;
  return size;
}

bool HasSqlState(const PGresult* result) {
  return PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr;
}

Statement* StatementOf(const PipedStatement& piped) {
  return static_cast<Statement*>(piped.notes.statement.get());
}

}  // namespace

void PgConnection::StartPipeline(bool ordered, Deadline) {
  piping_ = Piping{};
  piping_.ordered = ordered;
  LeaveSingleRows();
  if (Begin(Op::kPipeline) && !PQenterPipelineMode(pg_)) Sent(false);
}

Want PgConnection::StepPipeline() {
  bool moved = piping_.reading != nullptr;
  try {
    while (!over_) {
      if (aborted_.load(std::memory_order_relaxed)) {
        OnLost();
      } else if (!piping_.unsendable && !SendWaiting()) {
        piping_.unsendable = wire_.lost() && piping_.reading;  // what libpq still gives is heard, the last words at least
        if (!piping_.unsendable) Sent(false);
      } else if (piping_.reading) {
        moved = true;
        ResultPtr result;
        const Want want = wire_.Next(&result);
        if (want == Want::kRead && !piping_.waiting.empty() && piping_.unflushed > 0) {
          piping_.unflushed = 0;  // there is room again; the server may wait for the rest of a unit
          wire_.DoNotWait();
        } else if (want != Want::kDone) {
          return want;
        } else {
          OnResult(std::move(result));
        }
      } else if (piping_.ended) {
        (void)LeavePipelineMode();
        Over();
      } else if (!moved && wire_.ClosedByPeer()) {
        OnLost();
      } else {
        return Want::kRead;
      }
    }
  } catch (const std::bad_alloc&) {
    broken_ = over_ = true;  // half a unit has been sent, or half an answer read
    outcome_ = Status::NoMemory();
  }
  AnswerLost();
  return Want::kDone;
}

// False: libpq cannot, or not for want of memory or of a connection.
bool PgConnection::SendWaiting() {
  while (!piping_.waiting.empty()) {
    if (piping_.unflushed >= kEnough) {
      const int left = PQflush(pg_);
      if (left != 0) return left > 0;
      piping_.unflushed = 0;
    }
    if (piping_.waiting.first()->on_failure) {
      if (!piping_.sent.empty()) break;  // whether it is needed is known when all is answered
      if (SkipsCleaning()) continue;
    }
    if (!SendPiped(*piping_.waiting.first())) return false;
  }
  return piping_.unit != Piping::Unit::kPromised || CloseUnit();
}

bool PgConnection::SkipsCleaning() {
  if (piping_.failed && PQtransactionStatus(pg_) != PQTRANS_IDLE) return false;
  piping_.answered.Push(*piping_.waiting.Pop());
  return true;
}

// What needs memory comes before the statement leaves the list of those that wait.
bool PgConnection::SendPiped(PipedStatement& piped) {
  const Query& query = piped.query;
  const StatementPtr statement = statements_.Get(query.sql, query.params);
  if (Status refused = Admit(piped, *statement); refused.failed()) {
    piped.outcome = std::move(refused);
    piping_.refused = true;
  }
  auto& notes = piped.notes;
  notes.statement = statement;
  notes.member = piping_.unit == Piping::Unit::kOwners || !piped.ends_unit;
  const bool borders = !notes.member && !piping_.mixed && tx_before_ == TxState::kNone;
  notes.promised = borders && query.read_only && statement->traits.preparable();
  if (piping_.unit == Piping::Unit::kPromised && (!notes.promised || notes.alone)) {
    if (!CloseUnit()) return false;
  }
  piping_.waiting.Pop();
  if (piping_.refused && !notes.member) {
    piping_.refused = false;
    piping_.failed = true;
    piping_.answered.Push(piped);
    return true;
  }
  piping_.sent.Push(piped);
  if (!piping_.refused) {
    dirt_ |= statement->traits.dirt;
    sent_ = true;
    wire_.Sent();
    piping_.unflushed += SizeOf(query);
    if (borders && !SendDead(piped)) return false;
    if (notes.promised && !SendPromise(piped)) return false;
    if (!SendOne(piped, *statement)) return false;
    piping_.mixed |= !statement->traits.preparable();
  }
  if (!piping_.reading && notes.awaited) piping_.reading = &piped;
  if (notes.member) piping_.unit = Piping::Unit::kOwners;
  const bool closes = notes.promised ? notes.alone : piped.ends_unit;
  if (!closes) return true;
  piping_.refused = false;
  return CloseUnit();
}

// Also sets params_.
Status PgConnection::Admit(const PipedStatement& piped, const Statement& statement) {
  const Query& query = piped.query;
  if (piping_.refused) return NotRun();
  if (statement.uses <= 1 && query.sql.find('\0') != query.sql.npos) {
    return Status::Invalid("the SQL text holds a NUL");
  }
  if (statement.traits.several) return Status::Invalid("a pipeline takes one statement at a time");
  if (statement.traits.verb == SqlVerb::kCopy) return Status::Unsupported("COPY is not supported");
  text_.assign(query.sql);
  return params_.Set(query.params);
}

// With a Sync of their own, so that a name that is gone already fails nobody.
bool PgConnection::SendDead(PipedStatement& piped) {
  if (piping_.unit != Piping::Unit::kNone || !statements_.has_dead()) return true;
  for (const std::string& name : statements_.TakeDead(kDeadAtOnce)) {
    const std::string sql = "DEALLOCATE " + name;
    if (!PQsendQueryParams(pg_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)) return false;
    ++piped.notes.deallocated;
  }
  piped.notes.awaited |= kDead | kDeadSync;
  return PQpipelineSync(pg_);
}

// Makes the transaction that begins here read-only. How many results that has; 0: it cannot be sent.
uint32_t PgConnection::SendReadOnly() {
  if (!statements_.prepares()) {
    return PQsendQueryParams(pg_, kPromiseSql, 0, nullptr, nullptr, nullptr, nullptr, 0) ? 1 : 0;
  }
  if (!promise_ready_ && !PQsendPrepare(pg_, kPromiseName, kPromiseSql, 0, nullptr)) return 0;
  // For those that follow, too; they run again if it is not.
  const uint32_t results = std::exchange(promise_ready_, true) ? 1 : 2;
  return PQsendQueryPrepared(pg_, kPromiseName, 0, nullptr, nullptr, nullptr, 0) ? results : 0;
}

bool PgConnection::SendPromise(PipedStatement& piped) {
  if (std::exchange(piping_.unit, Piping::Unit::kPromised) == Piping::Unit::kPromised) return true;
  const uint32_t results = SendReadOnly();
  piped.notes.awaited |= results == 2 ? kPromise | kPromiseParse : kPromise;
  return results > 0;
}

// One that met a bad name goes without: that of a preparation under way may turn out bad, too.
bool PgConnection::SendOne(PipedStatement& piped, Statement& statement) {
  auto& notes = piped.notes;
  const int n = params_.count();
  notes.awaited |= kOwn;
  if (!notes.again && !statement.ready && !statement.preparing && tx_before_ != TxState::kFailed &&
      statements_.ShouldPrepare(statement)) {
    statements_.Name(&statement);
    notes.awaited |= kParse;
    statement.preparing = true;
    if (!PQsendPrepare(pg_, statement.name, text_.c_str(), n, params_.types())) return false;
  }
  if (!notes.again && (statement.ready || statement.preparing)) {
    notes.name = statement.number;
    return PQsendQueryPrepared(pg_, statement.name, n, params_.values(), params_.lengths(),
                               params_.formats(), 0);
  }
  return PQsendQueryParams(pg_, text_.c_str(), n, params_.types(), params_.values(),
                           params_.lengths(), params_.formats(), 0);
}

bool PgConnection::CloseUnit() {
  piping_.unit = Piping::Unit::kNone;
  PipedStatement& last = *piping_.sent.last();
  last.notes.awaited |= kSync;
  if (!piping_.reading) piping_.reading = &last;
  wire_.Sent();
  return PQpipelineSync(pg_);
}

void PgConnection::ReadOn(PipedStatement* from) {
  while (from && !from->notes.awaited) from = from->next;
  piping_.reading = from;
}

void PgConnection::OnPipelineResult(ResultPtr result) {
  const bool was_null = std::exchange(piping_.was_null, !result);
  if (!result && was_null && wire_.lost()) return OnLost();
  const ExecStatusType status = PQresultStatus(result.get());
  PipedStatement& piped = *piping_.reading;
  uint8_t& awaited = piped.notes.awaited;
  const auto now = static_cast<uint8_t>(awaited & -awaited);
  const bool syncs = now == kSync || now == kDeadSync;
  if ((!result && was_null) || (status == PGRES_PIPELINE_SYNC && !syncs)) {
    broken_ = true;
    return Fail(Status::Error(DBPOOL_ERR_INTERNAL, "an answer of the pipeline is missing", phase(),
                              "", DBPOOL_FLAG_CONN_BROKEN));
  }
  if (!result) return;  // one follows each result but that of a Sync
  if (status == PGRES_FATAL_ERROR) {
    // Last words, the server's or libpq's own; the loss itself is told by what comes next.
    const bool last_words =
        EndsSession(result.get()) || (wire_.lost() && !HasSqlState(result.get()));
    if (last_words) return KeepError(result.get());
  }
  if (status == PGRES_PIPELINE_ABORTED && outcome_.failed()) return;  // so libpq calls all behind the last words
  const bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  switch (now) {
    case kDead:
      if (--piped.notes.deallocated > 0) return;
      break;
    case kPromiseParse:
    case kPromise:
      if (ok) break;
      NoteFailedPromise(result.get());
      if (piped.notes.alone) OnPipedFailure(piped, FromResult(result.get(), phase()));
      break;
    case kParse:
      statements_.Prepared(StatementOf(piped), ok);
      if (status == PGRES_FATAL_ERROR) {
        OnPipedFailure(piped, FromResult(result.get(), phase()));
        StatementOf(piped)->refusal = piped.outcome.Clone();
      }
      break;
    case kOwn:
      OnOwnResult(piped, std::move(result));
      break;
    case kSync:
      if (status == PGRES_PIPELINE_SYNC) return OnUnitOver(piped);
      piping_.unit_error = FromResult(result.get(), phase());
      return;
    case kDeadSync:
    default:
      if (status != PGRES_PIPELINE_SYNC) return;
  }
  awaited &= static_cast<uint8_t>(~now);
  if (!awaited) ReadOn(&piped);
}

void PgConnection::OnOwnResult(PipedStatement& piped, ResultPtr result) {
  const Statement* const statement = StatementOf(piped);
  switch (PQresultStatus(result.get())) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: {
      NoteCommand(statement, result.get());
      auto columns = ColumnsOf(StatementOf(piped), result.get());
      piped.rows = std::make_unique<PgRows>(std::move(result), std::move(columns));
      piped.outcome = LostCommit(statement, piped.query.sql, piped.rows.get());
      return;
    }
    case PGRES_PIPELINE_ABORTED:
      if (piped.outcome.failed() || piped.notes.resend) return;
      piped.notes.resend = piped.notes.promised && !piped.notes.alone;
      piped.notes.alone = true;
      if (!piped.notes.resend) piped.outcome = NotRun();
      return;
    default:
      return OnPipedFailure(piped, FromResult(result.get(), phase()));
  }
}

// A name that went bad did so before the statement ran. Outside a transaction it may run again, once.
void PgConnection::OnPipedFailure(PipedStatement& piped, Status failure) {
  if (piped.outcome.failed()) return;
  piped.outcome = std::move(failure);
  if (!IsPoisoned(piped.outcome)) return;
  auto& notes = piped.notes;
  Statement& statement = *StatementOf(piped);
  const bool gone = piped.outcome.sqlstate() == "26000";
  if (gone && statement.refusal.failed()) {
    piped.outcome = statement.refusal.Clone();
  } else if (notes.name != 0 && statement.number == notes.name) {
    statements_.Drop(&statement, !gone);
  }
  const bool last = piping_.sent.last() == &piped && piping_.waiting.empty();
  const bool movable = !piping_.ordered || notes.promised || last;
  const bool borders = !notes.member && !piping_.mixed && tx_before_ == TxState::kNone;
  notes.resend = borders && movable && !std::exchange(notes.again, true);
  if (!notes.resend) piped.outcome.add_flags(DBPOOL_FLAG_RETRYABLE);
}

void PgConnection::OnUnitOver(PipedStatement& last) {
  const Status error = std::exchange(piping_.unit_error, Status());
  const bool shared = piping_.sent.first() != &last;
  if (!last.on_failure) piping_.failed = false;
  last.notes.awaited = 0;
  for (bool more = true; more;) {
    PipedStatement& piped = *piping_.sent.Pop();
    more = &piped != &last;
    auto& notes = piped.notes;
    if (error.failed() && piped.outcome.ok()) {
      piped.rows.reset();
      if (shared && notes.promised) {
        notes.resend = notes.alone = true;
      } else if (!notes.resend) {
        piped.outcome = error.Clone();
      }
    }
    if (notes.resend) {
      piped.outcome = Status::Ok();
      notes = {.alone = notes.alone, .again = notes.again};
      piping_.waiting.Push(piped);
    } else {
      notes.statement.reset();
      if (!last.on_failure) piping_.failed |= piped.outcome.failed();
      piping_.answered.Push(piped);
    }
  }
  ReadOn(piping_.sent.first());
}

/// The connection is lost: what is not answered will not be.
void PgConnection::AnswerLost() {
  for (PipedList* list : {&piping_.sent, &piping_.waiting}) {
    while (PipedStatement* piped = list->Pop()) {
      piped->rows.reset();
      try {
        if (piped->outcome.ok()) piped->outcome = LossOf(*piped, list == &piping_.sent);
      } catch (const std::bad_alloc&) {
        piped->outcome = Status::Bare(DBPOOL_ERR_BROKEN);
      }
      piping_.answered.Push(*piped);
    }
  }
  piping_.reading = nullptr;
}

Status PgConnection::LossOf(const PipedStatement& piped, bool sent) const {
  uint32_t flags = DBPOOL_FLAG_CONN_BROKEN;
  const Statement* const statement = StatementOf(piped);
  if (!sent) {
    flags |= DBPOOL_FLAG_NOT_SENT;
  } else if (statement && !piped.notes.promised &&
             MayCommit(statement->traits, piped.query.sql, tx_before_ != TxState::kNone)) {
    flags |= DBPOOL_FLAG_OUTCOME_UNKNOWN;
  }
  if (!(flags & DBPOOL_FLAG_OUTCOME_UNKNOWN) && !aborted_.load(std::memory_order_relaxed)) {
    flags |= DBPOOL_FLAG_RETRYABLE;
  }
  return FromLoss(outcome_.Clone(), DBPOOL_PHASE_QUERY, flags);
}

}  // namespace dbp::postgres
