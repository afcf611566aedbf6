#include "sql/loop_run.h"

#include <new>
#include <utility>

#include "pool/cancel_service.h"

namespace dbp {

bool OpWatch::TryArm(int fd, Want want) {
  // Once, and armed anew for each wait: as level-triggered as poll(2), and silent while nobody waits.
  const uint32_t events = EPOLLONESHOT | EPOLLIN | (want == Want::kWrite ? uint32_t{EPOLLOUT} : 0);
  Reactor& reactor = op_.loop().reactor();
  return (watched() ? reactor.Modify(*this, events) : reactor.Add(*this, fd, events)).ok();
}

void OpWatch::Arm(int fd, dbpool_conn lease, Want want, Nanos due) noexcept {
  bool armed = false;
  if (lease_ != lease) lease_ = lease;  // else another thread may be reading it
  try {
    armed = TryArm(fd, want);
  } catch (const std::bad_alloc&) {  // it is not armed
  }
  op_.DueAt(armed ? due : NextLook(due));
}

Status LoopRun::Pin(dbpool_conn token) {
  DBP_RETURN_IF_ERROR(lease_.Pin(token));
  return work_->reads_stream() ? Status::Ok() : NoOpenStream(lease_);
}

bool LoopRun::Begin(Deadline deadline) {
  deadline_ = deadline;
  if (Status started = work_->Start(lease_, deadline); !started.ok()) return Over(std::move(started));
  running_.Begin(lease_, deadline, work_->at_deadline());
  return Go();
}

bool LoopRun::BeginOn(dbpool_conn token, Deadline deadline) {
  Status pinned = Pin(token);
  return pinned.ok() ? Begin(deadline) : Over(std::move(pinned));
}

/// On, where the next step may be made: one that blocks on a worker.
bool LoopRun::Go() { return stopped_ || lease_.connection().fd() >= 0 ? Step() : Send(); }

bool LoopRun::Step() {
  place_ = Place::kSocket;
  return Wait(running_.Step());
}

bool LoopRun::Send() {
  place_ = Place::kWorker;
  run = [](Job& job) { static_cast<LoopRun&>(job).StepOnWorker(); };
  op_.DueAt(deadline_.point());
  if (RunStatement(*this)) return false;
  no_memory_ = true;
  running_.Expire();
  return StepToEnd();
}

/// Cancelled, or expired, without a thread at it.
bool LoopRun::StepToEnd() {
  stopped_ = true;
  return Step();
}

/// The op is the loop's again at the end, and may be gone.
void LoopRun::StepOnWorker() {
  try {
    next_ = running_.Step();
  } catch (const std::bad_alloc&) {
    no_memory_ = true;
  }
  op_.Return();
}

bool LoopRun::OnEvents(uint32_t events) {
  if (place_ == Place::kOver) return true;
  const bool cancelled = events & (Op::kCancelled | Op::kFreed);
  if (cancelled) Cancel(events & Op::kFreed);
  switch (place_) {
    case Place::kWorker:
      if (events & Op::kReturned) {
        if (no_memory_) throw std::bad_alloc();
        place_ = Place::kSocket;
        return Wait(next_);
      }
      // A worker that is at it looks itself whether it is to stop.
      if ((!cancelled && !deadline_.Passed()) || !WithdrawStatement(*this)) return false;
      if (!cancelled) running_.Expire();
      return StepToEnd();
    case Place::kTurn:
      if (events & Op::kWoken) return Go();
      if (!deadline_.Passed() || !lease_.slot().lane.Unwatch()) return false;
      running_.Expire();
      return StepToEnd();
    case Place::kCancels:
      // Told, or about to be: what is certain to come is waited for.
      if (!(events & Op::kWoken) && (!running_.due().Passed() || !UnwatchCancels(*lease_.slot().cancels))) {
        return false;
      }
      return Step();
    default:
      return Step();
  }
}

void LoopRun::Cancel(bool freed) {
  if (place_ == Place::kCancels) return;
  stopped_ = true;
  if (place_ != Place::kSocket) return RequestCancel(lease_.slot());  // whoever waits for his turn is told
  freed ? running_.Hurry() : running_.Ask();
}

/// Sees to it that an event comes when there is something to go on with.
bool LoopRun::Wait(Running::Next next) {
  switch (next) {
    case Running::Next::kDone: {
      Status outcome = running_.Finish(&rows_);
      if (no_memory_) outcome = Status::NoMemory();
      // What the request made the server send; the stream's end will be its error.
      const bool cut_short = stopped_ && work_->reads_stream() && lease_.connection().streaming();
      if (cut_short && outcome.ok()) outcome = Cancelled("cancelled; its stream is over");
      return Over(work_->End(lease_, std::move(outcome)));
    }
    case Running::Next::kSocket:
      watch_.Arm(lease_.connection().fd(), lease_.token(), running_.want(), running_.due().point());
      return false;
    case Running::Next::kTurn:
      if (!lease_.slot().lane.Watch(*this)) return Go();  // inside by now, or cancelled
      place_ = Place::kTurn;
      break;
    case Running::Next::kCancels:
      if (!WatchCancels(*lease_.slot().cancels, *this)) return Step();  // none is left
      place_ = Place::kCancels;
      break;
  }
  op_.DueAt(running_.due().point());
  return false;
}

bool LoopRun::OnNoMemory() noexcept {
  if (place_ == Place::kOver) return true;
  if (place_ == Place::kWorker && !no_memory_) return false;  // still at it
  if (place_ == Place::kTurn && !lease_.slot().lane.Unwatch()) return false;
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
