#include "sql/loop_acquisition.h"

#include <new>

namespace dbp {

// Once it stands in the queue another thread may wake it; that is an event like others, so while the op is
// held, or its events are handled, nobody else drives the acquisition.

bool LoopAcquisition::Begin() { return Go(Acquisition::Begin()); }

bool LoopAcquisition::OnEvents(uint32_t events) {
  if (events & Op::kWoken) woken_ = true;
  if (events & (Op::kCancelled | Op::kFreed)) unwanted_ = true;
  switch (waits_for_) {
    case Next::kDone:
      return true;
    case Next::kQueued:
      return WaitInQueue();
    case Next::kWorker:
      if (events & Op::kReturned) return Go(elsewhere_->next);
      break;
    case Next::kSocket:
    case Next::kTurn:
      break;
  }
  // A worker may be writing what due() reads.
  if (waits_for_ == Next::kWorker && !unwanted_ && !deadline().Passed()) return false;
  if (!StopWaiting()) return false;
  if (unwanted_) return Go(GiveUp(DBPOOL_ERR_CANCELLED));
  return Go(waits_for_ == Next::kWorker ? GiveUp(DBPOOL_ERR_TIMEOUT) : Continue());
}

bool LoopAcquisition::CallOff() {
  called_off_ = true;
  return waits_for_ == Next::kQueued && WaitInQueue();
}

bool LoopAcquisition::StopWaiting() {
  switch (waits_for_) {
    case Next::kSocket:
      if (elsewhere_) elsewhere_->watch.Disarm();  // the connection may be closed in the next step
      return true;
    case Next::kTurn:
      // Told, or about to be: what is certain to come is waited for.
      if (watches_ && !woken_ && !gate().Unwatch()) return false;
      watches_ = woken_ = false;
      return true;
    case Next::kWorker:
      return WithdrawStatement(*elsewhere_);
    default:
      return true;
  }
}

bool LoopAcquisition::Go(Next next) {
  waits_for_ = next;
  return Wait(next);
}

/// Sees to it that an event comes when there is something to continue with.
bool LoopAcquisition::Wait(Next next) {
  if (next == Next::kDone) return true;
  if (next == Next::kQueued) return WaitInQueue();
  if (unwanted_) return Go(GiveUp(DBPOOL_ERR_CANCELLED));
  if (!elsewhere_) elsewhere_.reset(new (std::nothrow) Elsewhere(*this));
  if (next == Next::kWorker) return SendToWorker();
  if (next == Next::kTurn) return WaitForTurn();
  if (elsewhere_) {
    elsewhere_->watch.Arm(fd(), 0, want(), due());
  } else {
    op_.DueAt(NextLook(due()));
  }
  return false;
}

bool LoopAcquisition::WaitInQueue() {
  if (woken_) {
    woken_ = false;
    return Go(Continue());
  }
  const bool unwanted = unwanted_ || called_off_;
  if (unwanted || late()) {
    // kQueued: it has been answered at this moment, and what it was given is not thrown away.
    waits_for_ = GiveUp(unwanted ? DBPOOL_ERR_CANCELLED : DBPOOL_ERR_TIMEOUT);
    return waits_for_ == Next::kDone;
  }
  op_.DueAt(due());
  return false;
}

bool LoopAcquisition::WaitForTurn() {
  watches_ = elsewhere_ != nullptr;
  if (watches_ && !gate().Watch(*elsewhere_)) {
    watches_ = false;
    return Go(Continue());
  }
  op_.DueAt(watches_ ? due() : NextLook(due()));
  return false;
}

bool LoopAcquisition::SendToWorker() {
  if (!elsewhere_) return Go(GiveUp(DBPOOL_ERR_NOMEM));
  elsewhere_->run = [](Job& job) {
    Elsewhere& self = static_cast<Elsewhere&>(job);
    self.next = self.acquisition.Continue();
    self.acquisition.op_.Return();
  };
  if (!RunStatement(*elsewhere_)) return Go(GiveUp(DBPOOL_ERR_NOMEM));
  op_.DueAt(deadline().point());  // last: an op that is over has no timer
  return false;
}

}  // namespace dbp
