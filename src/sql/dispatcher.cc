#include "sql/dispatcher.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "driver/sql_text.h"
#include "sql/connection.h"
#include "sql/run.h"

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

/// What is told to him who does not wait for a statement on its way.
Status LeftBehind(const SharedStatement& statement, dbpool_status why) {
  const bool harmless = statement.reads || statement.query.read_only;
  const uint32_t flags = harmless ? 0 : DBPOOL_FLAG_OUTCOME_UNKNOWN;
  if (why == DBPOOL_ERR_TIMEOUT) return StatementIsLate(flags);
  return std::move(Cancelled("cancelled; its connection was shared, so it may run on").add_flags(flags));
}

}  // namespace

Dispatcher::Dispatcher(std::shared_ptr<Pool> pool, Loop& loop)
    : LoopLocal(pool.get()), pool_(std::move(pool)), loop_(loop), scans_(kScansKept) {}

Dispatcher* Dispatcher::For(const std::shared_ptr<Pool>& pool, Loop& loop, SharedStatement& statement) {
  const Config& config = pool->config();
  const bool waits = config.acquire_timeout > 0;  // if only for a round of the loop
  const bool may = config.pipeline_depth > 0 && config.prepare_threshold > 0 && config.pooling && waits &&
                   pool->driver().traits().pipelines && !statement.query.stream;
  if (!may) return nullptr;
  auto* const found = static_cast<Dispatcher*>(loop.FindLocal(pool.get()));
  const std::string_view sql = statement.query.sql;
  const uint8_t scan = found ? found->ScanOnce(sql) : uint8_t{ScanToShare(sql)};
  if (scan == kAlone || (found && found->freeing_)) return nullptr;
  statement.reads = scan == kReads;
  if (found) return found;
  auto made = std::make_unique<Dispatcher>(pool, loop);
  if (!loop.Enroll(*made).ok()) return nullptr;
  loop.AddLocal(*made);
  return made.release();
}

uint8_t Dispatcher::ScanOnce(std::string_view sql) {
  if (sql.size() > kLongestKept) return ScanToShare(sql);
  const uint8_t* const known = scans_.Find(sql);
  return known ? *known : *scans_.Insert(sql, ScanToShare(sql));
}

// ---- a statement's way

void Dispatcher::Submit(OneShotOp& op) {
  SharedStatement& statement = op.statement();
  statement.op = &op;
  statement.began = CoarseNow();
  queue_.Append(statement);
  op.DueBy(op.waits_until());
  Wake();
}

void Dispatcher::Give(SharedStatement& statement, Carrier& carrier, Nanos now) {
  statement.op->DueBy(statement.op->RunsUntil(now));
  carrier.Take(statement, now);
}

void Dispatcher::OnAnswer(SharedStatement& statement, Nanos now) {
  OneShotOp& op = *statement.op;
  if (!freeing_ && op.TakeRetry(statement.outcome, now)) return Requeue(statement, now);
  op.AnswerShared(std::move(statement.outcome), std::move(statement.rows), now - statement.began);
}

void Dispatcher::Requeue(SharedStatement& statement, Nanos now) {
  statement.outcome = Status::Ok();
  statement.rows.reset();
  statement.notes = {};
  OneShotOp& op = *statement.op;
  op.WaitAgain(now - std::exchange(statement.began, now));
  queue_.PutBack(statement);
  op.DueBy(op.waits_until());
  Wake();
}

void Dispatcher::Abandon(OneShotOp& op, dbpool_status why) {
  SharedStatement& statement = op.statement();
  const Nanos now = Now();
  Status status;
  try {
    if (statement.carrier) status = LeftBehind(statement, why);
    else if (why == DBPOOL_ERR_CANCELLED) status = CancelledBefore();
    else status = pool_->Refuse(why, now - statement.began);
  } catch (const std::bad_alloc&) {
    status = Status::Bare(why);
  }
  if (Carrier* carrier = statement.carrier) {
    op.LeaveStatement();
    carrier->Leave(statement, now);
  } else {
    queue_.Remove(statement);
  }
  Wake();
  op.AnswerShared(std::move(status), nullptr, 0);
}

void Dispatcher::Forget(OneShotOp& op) {
  std::erase(acquiring_, &op);
  Wake();
}

// ---- connections

void Dispatcher::Acquire(OneShotOp& op) {
  try {
    acquiring_.push_back(&op);
  } catch (const std::bad_alloc&) {
    return op.AnswerShared(Status::NoMemory(), nullptr, 0);
  }
  op.AcquireLease();
}

void Dispatcher::Adopt(OneShotOp& op, dbpool_conn token) {
  std::erase(acquiring_, &op);
  Wake();
  const Nanos now = Now();
  std::unique_ptr<Carrier> carrier;
  try {
    carriers_.reserve(carriers_.size() + 1);
    carrier = std::make_unique<Carrier>(*this, loop_, token, now);
  } catch (const std::bad_alloc&) {
    (void)Pool::Release(token);
    return op.AnswerShared(Status::NoMemory(), nullptr, 0);
  }
  SharedStatement& statement = op.statement();
  if (Status begun = carrier->Begin(); begun.failed()) {
    carrier.reset();
    statement.began = now;
    statement.outcome = std::move(begun);
    return OnAnswer(statement, now);
  }
  carriers_.push_back(std::move(carrier));
  Give(statement, *carriers_.back(), now);
}

/// There is room on a carrier, so that nobody of ours need wait in the pool's queue.
void Dispatcher::CallBackAcquirers() {
  for (size_t i = acquiring_.size(); i-- > 0;) acquiring_[i]->CallBack();  // may take itself out
}

void Dispatcher::TakeBack(OneShotOp& op) {
  std::erase(acquiring_, &op);
  queue_.PutBack(op.statement());
  op.DueBy(op.waits_until());
  Wake();
}

Carrier* Dispatcher::LeastLoaded(Nanos now, bool others_wait) const {
  if (pool_->Abandoned()) return nullptr;  // acquiring, they are told so
  Carrier* least = nullptr;
  uint32_t load = pool_->config().pipeline_depth;
  for (const auto& carrier : carriers_) {
    const uint32_t most = carrier->shareable() ? load : std::min(load, 1U);
    if (carrier->under_way() >= most || !carrier->open(now, others_wait)) continue;
    load = carrier->under_way();
    least = carrier.get();
  }
  return least;
}

// ---- a round

/// A round is to come.
void Dispatcher::Wake() {
  if (awake_) {
    again_ = true;
  } else if (!std::exchange(posted_, true)) {
    loop_.reactor().Post(*this);
  }
}

/// The round comes behind what the answers' callbacks submit, and takes that with it.
void Dispatcher::OnReady(Carrier& carrier) {
  awake_ = true;
  carrier.Step();
  awake_ = false;
  Wake();
}

void Dispatcher::Run() {
  posted_ = again_ = false;
  awake_ = true;
  if (!freeing_) Intake(Now());
  for (const auto& carrier : carriers_) {
    carrier->EndRound();
    if (carrier->has_unsent()) carrier->Step();
  }
  std::erase_if(carriers_, [](const auto& carrier) { return carrier->over(); });
  TellPool(queue_.size());
  awake_ = false;
  if (again_) return Wake();
  if (queue_.empty() && acquiring_.empty() && carriers_.empty()) Retire();
}

/// Those that find no place stay in the queue behind one that waits in the pool's.
void Dispatcher::Intake(Nanos now) {
  const bool others_wait = OthersWait();
  if (!acquiring_.empty() && LeastLoaded(now, others_wait)) CallBackAcquirers();
  while (SharedStatement* statement = queue_.oldest()) {
    OneShotOp& op = *statement->op;
    dbpool_conn token = 0;
    const Pool::Idle idle = pool_->AcquireIdle(&token);
    Carrier* const carrier = idle == Pool::Idle::kNone ? LeastLoaded(now, others_wait) : nullptr;
    if (idle == Pool::Idle::kNone && !carrier && !acquiring_.empty()) break;
    queue_.Remove(*statement);
    if (idle == Pool::Idle::kTaken) {
      Adopt(op, token);
    } else if (carrier) {
      Give(*statement, *carrier, now);
    } else {
      Acquire(op);
    }
  }
  RefuseNewest();
}

/// For connections, but for our own.
bool Dispatcher::OthersWait() const {
  const auto ours = std::ranges::count_if(acquiring_, [](const OneShotOp* op) { return op->queued(); });
  return pool_->queued() > static_cast<uint32_t>(ours);
}

void Dispatcher::RefuseNewest() {
  if (queue_.empty()) return;
  const uint32_t others = pool_->waiting() - told_, most = pool_->config().max_waiters;
  const uint32_t room = others < most ? most - others : 0;
  if (queue_.size() <= room) return;
  TellPool(room);
  // Not until there is room: a callback may submit the next one at once.
  for (uint32_t excess = queue_.size() - room; excess > 0 && !queue_.empty(); --excess) {
    Abandon(*queue_.newest()->op, DBPOOL_ERR_FULL);
  }
}

void Dispatcher::TellPool(uint32_t waiting) {
  if (waiting != told_) pool_->CountOneShots(int64_t{waiting} - std::exchange(told_, waiting));
}

// ---- the end

/// Each op hears of it, too, and is answered.
void Dispatcher::OnLoopFree() {
  freeing_ = true;
  const Nanos now = Now();
  for (const auto& carrier : carriers_) carrier->Hurry(now);
  Wake();
}

void Dispatcher::Retire() {
  loop_.RemoveLocal(*this);
  loop_.Leave(*this);
  delete this;
}

}  // namespace dbp
