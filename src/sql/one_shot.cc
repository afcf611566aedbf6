#include "sql/one_shot.h"

#include <algorithm>
#include <new>
#include <utility>

#include "sql/connection.h"
#include "sql/dispatcher.h"

namespace dbp {

Status OneShotOp::Start(Loop& loop, const Query& query, Nanos timeout, bool alone, dbpool_op* out_op) {
  Status status;
  try {
    statement_ = SharedStatement::Make(query);
    timeout_ = timeout;
    alone_ = alone;
    waits_until_ = Deadline::After(bounded() ? timeout : pool_->config().acquire_timeout).point();
    status = Enroll(loop);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
  if (!status.ok()) {
    Discard();
    return status;
  }
  *out_op = token();
  BeginAtOnce() ? LetGo() : Launch();
  return Status::Bare(DBPOOL_PENDING);
}

/// While the op is held: with an idle connection, one that goes alone is on its way when its caller goes on. False: it
/// begins, or is over, on the loop.
bool OneShotOp::BeginAtOnce() noexcept {
  if (!alone_ || pool_->AcquireIdle(&lease_) != Pool::Idle::kTaken) return false;
  try {
    return !RunOnLease();
  } catch (const std::bad_alloc&) {
    if (run_) return !run_->OnNoMemory();
    ReleaseLease();  // it tries again there
    return false;
  }
}

Nanos OneShotOp::RunsUntil(Nanos now) const {
  return bounded() ? waits_until_ : AddSaturated(now, pool_->config().query_timeout);
}

void OneShotOp::WaitAgain(Nanos ran) {
  if (!bounded()) waits_until_ = AddSaturated(waits_until_, ran);
}

bool OneShotOp::TakeRetry(const Status& outcome, Nanos now) {
  const bool late = bounded() && now >= waits_until_;
  if (again_ || cancelled_ || late || !MayRunAgain(outcome, statement_->query.read_only)) return false;
  return again_ = true;
}

/// The timer is set again only for an earlier time: most are answered before it matters.
void OneShotOp::DueBy(Nanos when) {
  due_ = when;
  if (when < alarm_) DueAt(alarm_ = when);
}

void OneShotOp::OnAlarm() {
  alarm_ = kForever;
  if (Now() < due_) return DueBy(due_);
  dispatcher_->Abandon(*this, DBPOOL_ERR_TIMEOUT);
}

void OneShotOp::OnEvents(uint32_t events) {
  if (events & (kCancelled | kFreed)) cancelled_ = true;
  switch (stage_) {
    case Stage::kNew:
      return cancelled_ ? Over(CancelledBefore()) : Begin();
    case Stage::kShared:
      if (cancelled_) return dispatcher_->Abandon(*this, DBPOOL_ERR_CANCELLED);
      return events & kDue ? OnAlarm() : void();
    case Stage::kAcquiring:
      if (acquisition_->OnEvents(events)) OnAcquired();
      return;
    case Stage::kRunning:
      if (run_->OnEvents(events)) OnRan();
      return;
  }
}

void OneShotOp::Begin() {
  if (!alone_) dispatcher_ = Dispatcher::For(pool_, loop(), *statement_);
  if (!dispatcher_) return Acquire();
  stage_ = Stage::kShared;
  dispatcher_->Submit(*this);
}

void OneShotOp::Acquire() {
  stage_ = Stage::kAcquiring;
  due_ = alarm_ = kForever;  // the acquisition sets the timer
  acquisition_ = std::make_unique<LoopAcquisition>(
      *this, pool_, AcquireRequest{.timeout = Deadline::At(waits_until_).Left()});
  if (acquisition_->Begin()) OnAcquired();
}

void OneShotOp::AcquireLease() noexcept {
  try {
    Acquire();
  } catch (const std::bad_alloc&) {
    OnNoMemory();
  }
}

void OneShotOp::OnAcquired() {
  Status status = acquisition_->Finish(&lease_);
  acquisition_.reset();
  const bool called_back = std::exchange(called_back_, false);
  if (dispatcher_ && !cancelled_) {
    if (status.ok()) {
      stage_ = Stage::kShared;
      return dispatcher_->Adopt(*this, std::exchange(lease_, 0));
    }
    if (called_back && status.code() == DBPOOL_ERR_CANCELLED) {
      stage_ = Stage::kShared;
      return dispatcher_->TakeBack(*this);
    }
  }
  if (!status.ok()) return Over(std::move(status));
  if (cancelled_) return Over(CancelledBefore());
  if (RunOnLease()) OnRan();
}

/// True: over.
bool OneShotOp::RunOnLease() {
  run_ = std::make_unique<LoopRun>(*this, std::make_unique<QueryWork>(statement_->query));
  stage_ = Stage::kRunning;
  began_ = Now();
  return run_->BeginOn(lease_, Deadline::At(RunsUntil(began_)));
}

void OneShotOp::OnRan() {
  std::unique_ptr<Rows> rows;
  Status status = run_->Finish(&rows);
  if (status.ok()) {
    Result::Source source = SourceOf(run_->lease(), true, QueryTimeout(*pool_, timeout_));
    source.on_loop = true;
    result_->emplace(std::move(rows), Now() - began_, source);
    if (source.lease != 0) lease_ = 0;  // the result's, from now on
  }
  Ended(std::move(status));
}

void OneShotOp::Ended(Status status) {
  const Nanos now = Now();
  if (!TakeRetry(status, now)) return Over(std::move(status));
  WaitAgain(now - began_);
  ReleaseLease();
  Acquire();
}

void OneShotOp::CallBack() noexcept {
  if (std::exchange(called_back_, true)) return;
  try {
    if (acquisition_->CallOff()) OnAcquired();
  } catch (const std::bad_alloc&) {
    OnNoMemory();
  }
}

void OneShotOp::AnswerShared(Status status, std::unique_ptr<Rows> rows, Nanos elapsed) {
  if (status.ok()) result_->emplace(std::move(rows), elapsed, Result::Source{});
  Over(std::move(status));
}

void OneShotOp::ReleaseLease() {
  run_.reset();
  if (lease_ != 0) (void)Pool::Release(std::exchange(lease_, 0));  // nobody else has the token
}

void OneShotOp::Over(Status status) {
  ReleaseLease();
  if (dispatcher_) dispatcher_->Forget(*this);
  status_ = std::move(status);
  End();
}

void OneShotOp::OnNoMemory() noexcept {
  if (run_ && !run_->OnNoMemory()) return;
  Over(Status::NoMemory());
}

}  // namespace dbp
