#include "pool/writer_lane.h"

#include "pool/workers.h"

namespace dbp {

uint32_t WriterLane::waiting() const {
  MutexLock lock(mu_);
  return waiting_;
}

Status LaneGate::Enter(Deadline deadline) {
  if (!lane_ || inside_) return Status::Ok();
  DBP_RETURN_IF_ERROR(EnterOrWait(deadline));
  inside_ = true;
  return Status::Ok();
}

Status LaneGate::EnterOrWait(Deadline deadline) {
  {
    MutexLock lock(lane_->mu_);
    if (!lane_->holder_) {
      lane_->holder_ = this;
      place_ = Place::kInside;
      return Status::Ok();
    }
    answered_.Reset();
    place_ = Place::kQueued;
    prev_ = lane_->tail_;
    next_ = nullptr;
    (prev_ ? prev_->next_ : lane_->head_) = this;
    lane_->tail_ = this;
    ++lane_->waiting_;
  }
  {
    BlockedOnStatement blocked;  // whoever is in the lane must find a thread to go on
    answered_.Wait(deadline);
  }
  MutexLock lock(lane_->mu_);
  if (place_ == Place::kInside) return Status::Ok();  // also if it came together with the deadline
  const bool interrupted = place_ == Place::kInterrupted;
  if (!interrupted) PassOn();
  place_ = Place::kOutside;
  if (interrupted) {
    return Status::Error(DBPOOL_ERR_CANCELLED, "cancelled while waiting for the writer's turn",
                         DBPOOL_PHASE_QUEUE, "57014",
                         DBPOOL_FLAG_CANCELLED | DBPOOL_FLAG_NOT_SENT);
  }
  return Status::Error(DBPOOL_ERR_TIMEOUT,
                       "the deadline passed while waiting for the writer's turn: another lease of "
                       "this pool is writing",
                       DBPOOL_PHASE_QUEUE, "57014",
                       DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE);
}

void LaneGate::Leave() {
  if (for_lease_ || !inside_) return;
  inside_ = false;
  MutexLock lock(lane_->mu_);
  PassOn();
}

Status LaneGate::EnterForLease(Deadline deadline) {
  DBP_RETURN_IF_ERROR(Enter(deadline));
  for_lease_ = true;
  return Status::Ok();
}

void LaneGate::LeaveForLease() {
  for_lease_ = false;
  Leave();
}

void LaneGate::Interrupt() {
  if (!lane_) return;
  MutexLock lock(lane_->mu_);
  if (place_ != Place::kQueued) return;
  PassOn();
  place_ = Place::kInterrupted;
  answered_.Set();
}

/// Out of the queue, or out of the lane and the next one in. REQUIRES: the lane's mutex.
void LaneGate::PassOn() {
  if (place_ == Place::kQueued) {
    (prev_ ? prev_->next_ : lane_->head_) = next_;
    (next_ ? next_->prev_ : lane_->tail_) = prev_;
    --lane_->waiting_;
  } else if (LaneGate* heir = lane_->holder_ = lane_->head_) {
    lane_->head_ = heir->next_;
    (lane_->head_ ? lane_->head_->prev_ : lane_->tail_) = nullptr;
    --lane_->waiting_;
    heir->place_ = Place::kInside;
    heir->answered_.Set();
  }
  place_ = Place::kOutside;
}

}  // namespace dbp
