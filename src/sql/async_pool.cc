#include "sql/async_pool.h"

#include <new>
#include <utility>

#include "sql/run.h"

namespace dbp {

Status PoolOp::Start(Loop& loop, dbpool_op* out_op) {
  if (Status enrolled = Enroll(loop); !enrolled.ok()) {
    Discard();
    return enrolled;
  }
  Begin();
  *out_op = token();
  Launch();
  return Status::Bare(DBPOOL_PENDING);
}

bool PoolOp::Await(Pool::Until what, Deadline deadline) {
  deadline_ = deadline;
  waits_ = pool_->Watch(*this, what);
  if (waits_) DueAt(deadline.point());
  return waits_;
}

void PoolOp::OnEvents(uint32_t events) {
  if (events & (kCancelled | kFreed)) unwanted_ = true;
  const bool told = events & kWoken;
  if (waits_ && !told) {
    if (!unwanted_ && !deadline_.Passed()) return;
    if (!pool_->Unwatch(*this)) return;  // told, or about to be: what is certain to come is waited for
  }
  waits_ = false;
  if (!unwanted_) return Proceed(told);
  Status cancelled = Cancelled("cancelled before it was done", DBPOOL_PHASE_NONE);
  GiveUp();
  Over(std::move(cancelled));
}

void PoolOp::OnNoMemory() noexcept {
  GiveUp();
  Over(Status::NoMemory());
}

void PoolOp::Over(Status status) {
  status_ = std::move(status);
  End();
}

// ---- create

void CreateOp::Proceed(bool) {
  if (const std::unique_ptr<Plan> plan = std::move(plan_)) {
    Status made = Pool::Make(std::move(plan->config), std::move(plan->driver), &pool_);
    if (made.failed() || pool_->config().lazy) return Over(std::move(made));
    pool_->Start();
    if (Await(Pool::Until::kOpened, Deadline::After(pool_->OpenLimit()))) return;
  }
  Status opened = pool_->WhyNotOpen();
  if (opened.failed()) GiveUp();
  Over(std::move(opened));
}

/// What was opened is closed in the background, and what is being opened given up.
void CreateOp::GiveUp() {
  if (pool_) (void)pool_->BeginClose();
}

// ---- close

void CloseOp::Proceed(bool drained) {
  if (stage_ == Stage::kBegun) {
    stage_ = Stage::kAwaitsLeases;
    if (Await(Pool::Until::kDrained, leases_until_)) return;
    drained = true;
  }
  if (stage_ == Stage::kAwaitsLeases && !drained) {
    stage_ = Stage::kCutOff;
    answer_ = pool_->CutOff();
    if (Await(Pool::Until::kDrained, Deadline::After(Pool::kCutOffLimit))) return;
  }
  Over(std::move(answer_));
}

}  // namespace dbp
