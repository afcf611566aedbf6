#include "sql/loop_acquisition.h"

#include <algorithm>
#include <new>

namespace dbp {

namespace {

/// How often a socket is looked at that cannot be watched, for want of memory or descriptors.
constexpr Nanos kLook = 1 * kMillisecond;

}  // namespace

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
      if (woken_) {
        woken_ = false;
        return Go(Continue());
      }
      return Wait(Next::kQueued);
    case Next::kSocket:
      // The step under way is that of a connection nobody has: as good as its time limit passed.
      if (events & Op::kFreed) AbortStep();
      if (elsewhere_) elsewhere_->watch.Disarm();  // the connection may be closed in the next step
      return Go(Continue());
    case Next::kWorker:
      return (events & Op::kReturned) ? Go(elsewhere_->next) : false;
  }
  return true;
}

bool LoopAcquisition::Go(Next next) {
  waits_for_ = next;
  return Wait(next);
}

/// Sees to it that an event comes when there is something to continue with.
bool LoopAcquisition::Wait(Next next) {
  if (next == Next::kDone) return true;
  if (next == Next::kQueued) {
    const bool late = Deadline::At(due()).Passed();
    if (!woken_ && (unwanted_ || late)) {
      // kQueued: it has been answered at this moment, and what it was given is not thrown away.
      waits_for_ = GiveUp(unwanted_ ? DBPOOL_ERR_CANCELLED : DBPOOL_ERR_TIMEOUT);
      return waits_for_ == Next::kDone;
    }
    if (woken_) {
      woken_ = false;
      return Go(Continue());
    }
    op_.DueAt(due());
    return false;
  }
  if (!elsewhere_) elsewhere_.reset(new (std::nothrow) Elsewhere(*this));
  if (next == Next::kSocket) {
    const bool armed = elsewhere_ && elsewhere_->watch.Arm(fd(), want()).ok();
    op_.DueAt(armed ? due() : std::min(due(), Now() + kLook));
    return false;
  }
  if (!elsewhere_) return Go(Continue());  // without memory: here, and the loop has to wait
  elsewhere_->run = [](Job& job) {
    Elsewhere& self = static_cast<Elsewhere&>(job);
    self.next = self.acquisition.Continue();
    self.acquisition.op_.Return();
  };
  RunStatement(*elsewhere_);
  return false;
}

}  // namespace dbp
