#include "pool/writer_lane.h"

#include <utility>

#include "base/event.h"

namespace dbp {

uint32_t WriterLane::waiting() const {
  MutexLock lock(mu_);
  return waiting_;
}

void WriterLane::InterruptAll() {
  TurnWatcher* told = nullptr;
  {
    MutexLock lock(mu_);
    for (LaneGate* gate = head_; gate; gate = gate->next_) {
      TurnWatcher* watcher = gate->InterruptLocked();
      if (watcher) watcher->next_ = std::exchange(told, watcher);
    }
  }
  while (told) std::exchange(told, told->next_)->OnTurn();
}

bool LaneGate::Enter() {
  if (!lane_ || inside_) return true;
  MutexLock lock(lane_->mu_);
  if (place_ == Place::kOutside) {
    asked_ = true;
    interrupted_ = false;
    if (!lane_->holder_) {
      lane_->holder_ = this;
      place_ = Place::kInside;
    } else {
      place_ = Place::kQueued;
      prev_ = lane_->tail_;
      next_ = nullptr;
      (prev_ ? prev_->next_ : lane_->head_) = this;
      lane_->tail_ = this;
      ++lane_->waiting_;
    }
  }
  return inside_ = place_ == Place::kInside;
}

void LaneGate::Leave() {
  if (for_lease_ || !asked_) return;
  asked_ = inside_ = false;
  TurnWatcher* next = nullptr;
  {
    MutexLock lock(lane_->mu_);
    next = PassOn();
  }
  if (next) next->OnTurn();
}

bool LaneGate::EnterForLease() { return for_lease_ = Enter(); }

void LaneGate::LeaveForLease() {
  for_lease_ = false;
  Leave();
}

bool LaneGate::Watch(TurnWatcher& watcher) {
  MutexLock lock(lane_->mu_);
  if (place_ != Place::kQueued || std::exchange(interrupted_, false)) return false;
  watcher_ = &watcher;
  return true;
}

bool LaneGate::Unwatch() {
  MutexLock lock(lane_->mu_);
  return std::exchange(watcher_, nullptr) != nullptr;
}

void LaneGate::Await(Deadline deadline) {
  struct Sleeper final : TurnWatcher {
    void OnTurn() override { told.Set(); }
    Event told;
  } sleeper;
  if (!Watch(sleeper) || sleeper.told.Wait(deadline)) return;
  if (!Unwatch()) sleeper.told.Wait(Deadline::Never());
}

void LaneGate::Interrupt() {
  if (!lane_) return;
  TurnWatcher* told = nullptr;
  {
    MutexLock lock(lane_->mu_);
    told = InterruptLocked();
  }
  if (told) told->OnTurn();
}

/// Who is to be told. Nobody yet: he is on his way to Watch().
TurnWatcher* LaneGate::InterruptLocked() {
  interrupted_ = place_ == Place::kQueued && !watcher_;
  return std::exchange(watcher_, nullptr);
}

/// Out of the queue, or out of the lane and the next one in, who is to be told.
TurnWatcher* LaneGate::PassOn() {
  TurnWatcher* told = nullptr;
  if (place_ == Place::kQueued) {
    (prev_ ? prev_->next_ : lane_->head_) = next_;
    (next_ ? next_->prev_ : lane_->tail_) = prev_;
    --lane_->waiting_;
  } else if (LaneGate* heir = lane_->holder_ = lane_->head_) {
    lane_->head_ = heir->next_;
    (lane_->head_ ? lane_->head_->prev_ : lane_->tail_) = nullptr;
    --lane_->waiting_;
    heir->place_ = Place::kInside;
    told = std::exchange(heir->watcher_, nullptr);
  }
  place_ = Place::kOutside;
  return told;
}

Status TurnIsLate(uint32_t flags) {
  return Status::Error(DBPOOL_ERR_TIMEOUT,
                       "the deadline passed while waiting for the writer's turn: another lease of "
                       "this pool is writing",
                       DBPOOL_PHASE_QUEUE, "57014", DBPOOL_FLAG_TIMEOUT | flags);
}

}  // namespace dbp
