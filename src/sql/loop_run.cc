#include "sql/loop_run.h"

#include <new>
#include <utility>

#include "pool/cancel_service.h"

namespace dbp {

Status OpWatch::Arm(int fd, Want want) {
  // Once, and armed anew for each wait: as level-triggered as poll(2), and silent while nobody waits.
  const uint32_t events = EPOLLONESHOT | EPOLLIN | (want == Want::kWrite ? uint32_t{EPOLLOUT} : 0);
  Reactor& reactor = op_.loop().reactor();
  return watched() ? reactor.Modify(*this, events) : reactor.Add(*this, fd, events);
}

Status LoopRun::Pin(dbpool_conn token) {
  DBP_RETURN_IF_ERROR(lease_.Pin(token));
  return work_->reads_stream() ? Status::Ok() : NoOpenStream(lease_);
}

bool LoopRun::Begin(Deadline deadline) {
  if (Status started = work_->Start(lease_, deadline); !started.ok()) return Over(std::move(started));
  running_.Begin(lease_, deadline, work_->at_deadline());
  if (lease_.connection().fd() >= 0) {
    place_ = Place::kSocket;
    return Move();
  }
  place_ = Place::kWorker;
  run = [](Job& job) { static_cast<LoopRun&>(job).StepOnWorker(); };
  RunStatement(*this);
  return false;
}

/// Holds the deadline itself. The op is the loop's again at the end, and may be gone.
void LoopRun::StepOnWorker() {
  try {
    (void)running_.Step();
  } catch (const std::bad_alloc&) {
    no_memory_ = true;
  }
  op_.Return();
}

bool LoopRun::OnEvents(uint32_t events) {
  if (place_ == Place::kOver) return true;
  if (events & (Op::kCancelled | Op::kFreed)) Cancel();
  if (place_ == Place::kWorker) {
    if (!(events & Op::kReturned)) {
      return false;
    }
    if (no_memory_) throw std::bad_alloc();
    place_ = Place::kSocket;
  } else if (place_ == Place::kSocket && (events & Op::kFreed)) {
    running_.Hurry();
  } else if (place_ == Place::kCancels) {
    // Told, or about to be: what is certain to come is waited for.
    if (!(events & Op::kWoken) && (!running_.due().Passed() || !UnwatchCancels(*lease_.slot().cancels))) {
      return false;
    }
    place_ = Place::kSocket;
  }
  return Move();
}

void LoopRun::Cancel() {
  if (place_ == Place::kSocket || place_ == Place::kWorker) RequestCancel(lease_.slot());
}

bool LoopRun::Move() {
  for (;;) {
    switch (running_.Step()) {
      case Running::Next::kDone: {
        Status outcome = running_.Finish(&rows_);
        return Over(work_->End(lease_, std::move(outcome)));
      }
      case Running::Next::kSocket:
        if (Status armed = watch_.Arm(lease_.connection().fd(), running_.want()); !armed.ok()) {
          running_.Abort();
          return Over(std::move(armed));
        }
        op_.DueAt(running_.due().point());
        return false;
      case Running::Next::kCancels:
        if (!WatchCancels(*lease_.slot().cancels, *this)) break;  // none is left
        place_ = Place::kCancels;
        op_.DueAt(running_.due().point());
        return false;
    }
  }
}

bool LoopRun::OnNoMemory() noexcept {
  if (place_ == Place::kOver) return true;
  if (place_ == Place::kWorker && !no_memory_) return false;  // still at it
  if (place_ == Place::kCancels && !UnwatchCancels(*lease_.slot().cancels)) return false;
  if (place_ != Place::kNowhere) running_.Abort();  // half an answer has been read
  return Over(Status::NoMemory());
}

bool LoopRun::Over(Status outcome) {
  watch_.Disarm();
  outcome_ = std::move(outcome);
  place_ = Place::kOver;
  return true;
}

Status LoopRun::Finish(std::unique_ptr<Rows>* rows) {
  if (rows && outcome_.ok()) *rows = std::move(rows_);
  return std::move(outcome_);
}

}  // namespace dbp
