#include "sql/dispatcher.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "driver/sql_text.h"
#include "sql/connection.h"

namespace dbp {

namespace {

constexpr size_t kScansKept = 256;
constexpr size_t kLongestKept = 4096;  // a longer text is scanned each time

enum Scan : uint8_t { kAlone, kWrites, kReads };

Scan ScanToShare(std::string_view sql) {
  const SqlTraits traits = ScanSql(sql);
  if (!traits.preparable() || traits.dirt != kDirtNone) return kAlone;
  const bool reads = traits.verb == SqlVerb::kSelect || traits.verb == SqlVerb::kValues;
  return reads ? kReads : kWrites;
}

Status QueueIsFull(uint32_t waiting) {
  return Status::Error(DBPOOL_ERR_FULL,
                       std::to_string(waiting) + " statements wait for a connection already",
                       DBPOOL_PHASE_QUEUE, "", DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE);
}

Status Abandoned(const SharedStatement& statement, dbpool_status why) {
  const bool late = why == DBPOOL_ERR_TIMEOUT;
  if (!statement.carrier) {
    if (!late) return CancelledBefore();
    return Status::Error(DBPOOL_ERR_TIMEOUT, "no connection was to be had before the deadline",
                         DBPOOL_PHASE_QUEUE, "",
                         DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE);
  }
  const bool harmless = statement.reads || statement.query.read_only;
  const uint32_t flags = harmless ? 0 : DBPOOL_FLAG_OUTCOME_UNKNOWN;
  if (late) return StatementIsLate(flags);
  return Status::Error(DBPOOL_ERR_CANCELLED, "cancelled; its connection was shared, so it may run on",
                       DBPOOL_PHASE_QUERY, "57014", DBPOOL_FLAG_CANCELLED | flags);
}

}  // namespace

Dispatcher::Dispatcher(std::shared_ptr<Pool> pool, Loop& loop)
    : LoopLocal(pool.get()), pool_(std::move(pool)), loop_(loop), scans_(kScansKept) {}

Dispatcher* Dispatcher::For(const std::shared_ptr<Pool>& pool, Loop& loop, SharedStatement& statement) {
  const Config& config = pool->config();
  const bool may = config.pipeline_depth > 0 && config.prepare_threshold > 0 && config.pooling &&
                   pool->driver().traits().pipelines && !statement.query.stream;
  if (!may) return nullptr;
  if (auto* found = static_cast<Dispatcher*>(loop.FindLocal(pool.get()))) {
    return !found->freeing_ && found->MayShare(statement) ? found : nullptr;
  }
  if (ScanToShare(statement.query.sql) == kAlone) return nullptr;
  auto made = std::make_unique<Dispatcher>(pool, loop);
  if (!made->MayShare(statement) || !loop.Enroll(*made).ok()) return nullptr;
  loop.AddLocal(*made);
  return made.release();
}

bool Dispatcher::MayShare(SharedStatement& statement) {
  const std::string_view sql = statement.query.sql;
  const bool keeps = sql.size() <= kLongestKept;
  const uint8_t* known = keeps ? scans_.Find(sql) : nullptr;
  const uint8_t scan = known ? *known : uint8_t{ScanToShare(sql)};
  if (!known && keeps) (void)scans_.Insert(sql, scan);
  statement.reads = scan == kReads;
  return scan != kAlone;
}

// ---- a statement's way

void Dispatcher::Submit(OneShotOp& op) {
  SharedStatement& statement = op.statement();
  statement.op = &op;
  statement.due = WaitsUntil(op, CoarseNow());
  Enlist(statement);
  Queue(queue_, statement);
  Wake();
}

Nanos Dispatcher::WaitsUntil(const OneShotOp& op, Nanos now) const {
  return op.deadline().never() ? AddSaturated(now, pool_->config().acquire_timeout)
                               : op.deadline().point();
}

void Dispatcher::Give(SharedStatement& statement, Carrier& carrier, Nanos now) {
  const Deadline deadline = statement.op->deadline();
  statement.due = deadline.never() ? AddSaturated(now, pool_->config().query_timeout) : deadline.point();
  DueAt(statement.due);
  carrier.Take(statement, now);
}

void Dispatcher::OnAnswer(SharedStatement& statement, Nanos now) {
  OneShotOp& op = *statement.op;
  const bool again = !statement.again && !freeing_ && !op.deadline().Passed(now) &&
                     MayRunAgain(statement.outcome, statement.query.read_only);
  if (!again) return op.AnswerShared(std::move(statement.outcome), std::move(statement.rows), now - statement.began);
  statement.again = true;
  statement.outcome = Status::Ok();
  statement.rows.reset();
  statement.notes = {};
  statement.due = WaitsUntil(op, now);
  Queue(first_, statement);
}

void Dispatcher::Abandon(OneShotOp& op, dbpool_status why) {
  try {
    Drop(op, Abandoned(op.statement(), why));
  } catch (const std::bad_alloc&) {
    Drop(op, Status::Bare(why));
  }
}

/// Answers without what the statement gives.
void Dispatcher::Drop(OneShotOp& op, Status status) noexcept {
  SharedStatement& statement = op.statement();
  Delist(statement);
  op.LeaveStatement();
  if (statement.carrier) {
    Carrier& carrier = *statement.carrier;
    carrier.Leave(statement, Now());
    DueAt(carrier.give_up_at());
  } else {
    statement.op = nullptr;  // First() takes it away
    --queued_;
  }
  Wake();
  op.AnswerShared(std::move(status), nullptr, 0);
}

void Dispatcher::Forget(OneShotOp& op) {
  std::erase(acquiring_, &op);
  if (op.has_statement()) Delist(op.statement());
  Wake();
}

// ---- connections

void Dispatcher::Acquire(OneShotOp& op) {
  // Its acquisition looks after the time now.
  const Deadline until = Deadline::At(std::exchange(op.statement().due, kForever));
  try {
    acquiring_.push_back(&op);
    op.AcquireLease(until.Left());
  } catch (const std::bad_alloc&) {
    op.AnswerShared(Status::NoMemory(), nullptr, 0);
  }
}

void Dispatcher::Adopt(OneShotOp& op, dbpool_conn token) {
  std::erase(acquiring_, &op);
  const Nanos now = Now();
  Status status;
  try {
    carriers_.reserve(carriers_.size() + 1);
    auto carrier = std::make_unique<Carrier>(*this, now);
    status = carrier->Begin(loop_, token);
    if (status.ok()) carriers_.push_back(std::move(carrier));
  } catch (const std::bad_alloc&) {
    (void)Pool::Release(token);
    status = Status::NoMemory();
  }
  Wake();
  if (!status.ok()) return op.AnswerShared(std::move(status), nullptr, 0);
  Give(op.statement(), *carriers_.back(), now);
}

/// There is room on a carrier, so that nobody of ours need wait in the pool's queue: they were first here.
void Dispatcher::CallBackAcquirers() {
  for (size_t i = acquiring_.size(); i-- > 0;) acquiring_[i]->CallBack();  // may take itself out
}

void Dispatcher::TakeBack(OneShotOp& op) {
  std::erase(acquiring_, &op);
  op.statement().due = WaitsUntil(op, CoarseNow());
  Queue(first_, op.statement());
  Wake();
}

Carrier* Dispatcher::LeastLoaded(Nanos now, bool others_wait) const {
  Carrier* least = nullptr;
  uint32_t load = pool_->config().pipeline_depth;
  for (const auto& carrier : carriers_) {
    if (carrier->under_way() >= load || !carrier->open(now, others_wait)) continue;
    load = carrier->under_way();
    least = carrier.get();
  }
  return least;
}

// ---- a round

/// A round is to come.
void Dispatcher::Wake() {
  if (!awake_ && !std::exchange(posted_, true)) loop_.reactor().Post(*this);
}

/// The round comes behind what the answers' callbacks submit, and takes that with it.
void Dispatcher::OnReady(Carrier& carrier) {
  awake_ = true;
  (void)carrier.Step();
  awake_ = false;
  Wake();
}

void Dispatcher::Run() {
  posted_ = false;
  awake_ = true;
  if (First() && !freeing_) Intake(Now());
  for (const auto& carrier : carriers_) {
    carrier->EndRound();
    if (carrier->has_unsent()) (void)carrier->Step();
  }
  std::erase_if(carriers_, [](const auto& carrier) { return carrier->over(); });
  awake_ = false;
  if (First()) {
    if (acquiring_.empty() && !freeing_) Wake();  // it was lost, and can be tried again
  } else if (!oldest_ && acquiring_.empty() && carriers_.empty()) {
    Retire();
  }
}

void Dispatcher::Intake(Nanos now) {
  dbpool_statistics stats = {};
  pool_->Stats(&stats);
  const bool others_wait = stats.waiting > acquiring_.size();
  if (!acquiring_.empty() && LeastLoaded(now, others_wait)) CallBackAcquirers();
  while (SharedStatement* statement = First()) {
    Carrier* const carrier = stats.idle == 0 ? LeastLoaded(now, others_wait) : nullptr;
    if (stats.idle == 0 && !carrier && !acquiring_.empty()) break;
    TakeFirst();
    if (carrier) {
      Give(*statement, *carrier, now);
    } else {
      stats.idle -= stats.idle > 0;
      Acquire(*statement->op);
    }
  }
  // The newest of all are the last in the queue.
  while (queued_ > pool_->config().max_waiters && newest_ && newest_->queued) {
    Drop(*newest_->op, QueueIsFull(pool_->config().max_waiters));
  }
}

/// The statement to be taken next. Those that nobody waits for any more go.
SharedStatement* Dispatcher::First() {
  for (PipedList* list : {&first_, &queue_}) {
    while (auto* statement = static_cast<SharedStatement*>(list->first())) {
      if (statement->op) return statement;
      list->Pop();
      SharedStatement::Destroy(statement);
    }
  }
  return nullptr;
}

/// REQUIRES: First().
void Dispatcher::TakeFirst() {
  auto* const taken = static_cast<SharedStatement*>((first_.empty() ? queue_ : first_).Pop());
  taken->queued = false;
  --queued_;
}

void Dispatcher::Queue(PipedList& list, SharedStatement& statement) {
  statement.queued = true;
  list.Push(statement);
  ++queued_;
  DueAt(statement.due);
}

// ---- time

void Dispatcher::DueAt(Nanos when) {
  if (when >= next_due_) return;
  next_due_ = when;
  loop_.reactor().Schedule(*this, when);
}

void Dispatcher::OnDue() {
  const Nanos now = Now();
  Nanos next = kForever;
  next_due_ = 0;  // what is given up sets no timer now
  for (SharedStatement* at = oldest_; at;) {
    SharedStatement& statement = *std::exchange(at, at->newer);
    if (statement.due <= now) {
      Abandon(*statement.op, DBPOOL_ERR_TIMEOUT);
    } else {
      next = std::min(next, statement.due);
    }
  }
  for (const auto& carrier : carriers_) {
    if (carrier->give_up_at() <= now) carrier->GiveUp();
    next = std::min(next, carrier->give_up_at());
  }
  next_due_ = kForever;
  DueAt(next);
}

// ---- the end

/// Each op hears of it, too, and is answered. What nobody waits for is not waited for.
void Dispatcher::OnLoopFree() {
  freeing_ = true;
  for (const auto& carrier : carriers_) {
    if (carrier->give_up_at() != kForever) carrier->GiveUp();
  }
  Wake();
}

void Dispatcher::Retire() {
  loop_.RemoveLocal(*this);
  loop_.reactor().Cancel(*this);
  loop_.Leave(*this);
  delete this;
}

void Dispatcher::Enlist(SharedStatement& statement) {
  statement.older = std::exchange(newest_, &statement);
  statement.newer = nullptr;
  (statement.older ? statement.older->newer : oldest_) = &statement;
  statement.listed = true;
}

void Dispatcher::Delist(SharedStatement& statement) {
  if (!std::exchange(statement.listed, false)) return;
  (statement.older ? statement.older->newer : oldest_) = statement.newer;
  (statement.newer ? statement.newer->older : newest_) = statement.older;
}

}  // namespace dbp
