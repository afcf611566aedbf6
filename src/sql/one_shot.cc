#include "sql/one_shot.h"

#include <algorithm>
#include <new>
#include <utility>

#include "sql/connection.h"
#include "sql/dispatcher.h"

namespace dbp {

Status OneShotOp::Start(Loop& loop, const Query& query, Nanos timeout, dbpool_op* out_op) {
  Status status;
  try {
    statement_ = SharedStatement::Make(query);
    if (timeout != kDefaultTimeout) deadline_ = Deadline::After(timeout);
    status = Enroll(loop);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
  if (!status.ok()) {
    Discard();
    return status;
  }
  *out_op = token();
  Launch();
  return Status::Bare(DBPOOL_PENDING);
}

Deadline OneShotOp::StatementDeadline() const {
  return deadline_.never() ? Deadline::After(pool_->config().query_timeout) : deadline_;
}

void OneShotOp::OnEvents(uint32_t events) {
  if (events & (kCancelled | kFreed)) cancelled_ = true;
  switch (stage_) {
    case Stage::kNew:
      return cancelled_ ? Over(CancelledBefore()) : Begin();
    case Stage::kShared:
      return cancelled_ ? dispatcher_->Abandon(*this, DBPOOL_ERR_CANCELLED) : void();
    case Stage::kAcquiring:
      if (acquisition_->OnEvents(events)) OnAcquired();
      return;
    case Stage::kRunning:
      if (run_->OnEvents(events)) OnRan();
      return;
  }
}

void OneShotOp::Begin() {
  dispatcher_ = Dispatcher::For(pool_, loop(), *statement_);
  if (!dispatcher_) return AcquireAlone();
  stage_ = Stage::kShared;
  dispatcher_->Submit(*this);
}

void OneShotOp::AcquireAlone() {
  AcquireLease(deadline_.never() ? pool_->config().acquire_timeout : deadline_.Left());
}

void OneShotOp::AcquireLease(Nanos timeout) {
  stage_ = Stage::kAcquiring;
  acquisition_ = std::make_unique<LoopAcquisition>(*this, pool_, AcquireRequest{.timeout = timeout});
  if (acquisition_->Begin()) OnAcquired();
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
  stage_ = Stage::kRunning;
  run_ = std::make_unique<LoopRun>(*this, std::make_unique<QueryWork>(statement_->query));
  if (Status pinned = run_->Pin(lease_); !pinned.ok()) return Over(std::move(pinned));
  began_ = Now();
  if (run_->Begin(StatementDeadline())) OnRan();
}

void OneShotOp::OnRan() {
  std::unique_ptr<Rows> rows;
  Status status = run_->Finish(&rows);
  if (status.ok()) {
    Result::Source source = SourceOf(run_->lease(), true, deadline_.never() ? pool_->config().query_timeout : deadline_.Left());
    source.on_loop = true;
    result_->emplace(std::move(rows), Now() - began_, source);
    if (source.lease != 0) {  // the result's, from now on
      lease_ = 0;
    }
    return Over(std::move(status));
  }
  const bool again = !again_ && !cancelled_ && !deadline_.Passed() && MayRunAgain(status, statement_->query.read_only);
  if (!again) return Over(std::move(status));
  again_ = true;
  ReleaseLease();
  AcquireAlone();
}

void OneShotOp::CallBack() {
  if (std::exchange(called_back_, true)) return;
  if (acquisition_->OnEvents(kCancelled)) OnAcquired();
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
