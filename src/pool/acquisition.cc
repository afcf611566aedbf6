#include "pool/acquisition.h"

#include <algorithm>
#include <new>
#include <utility>

#include "pool/checks.h"

namespace dbp {

namespace {

/// For a caller that does not wait in the queue: what making an idle connection fit may take.
constexpr Nanos kTryLimit = 1 * kSecond;

}  // namespace

Acquisition::Acquisition(Pool& pool, const AcquireRequest& request)
    : access_(static_cast<uint8_t>(request.access)),
      may_wait_(request.timeout > 0),
      pool_(pool),
      began_(Now()),
      deadline_(Deadline::After(may_wait_ ? request.timeout : kTryLimit, began_)),
      queued_at_(began_) {
  if (request.tag) tag = request.tag;
}

// ---- the queue

/// Without memory the connection that was granted is given back, as what it is: in an unknown state.
template <class Body>
Acquisition::Next Acquisition::Protected(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    slot->lane.LeaveForLease();
    failure_ = Status::NoMemory();
    failure_says_all_ = true;
    return Reject(DBPOOL_CLOSED_BROKEN);
  }
}

// Once it is in the queue, and the mutex free, another thread may be driving it already.
Acquisition::Next Acquisition::Begin() {
  dbpool_status answer = DBPOOL_PENDING;
  pool_.Handle([&](Scheduler& s, Nanos now) { answer = s.Acquire(*this, now, may_wait_); });
  return answer == DBPOOL_PENDING ? Next::kQueued : Protected([&] { return Answered(answer); });
}

/// Back to its old place in the queue, without the connection it was granted.
Acquisition::Next Acquisition::Retry(CloseReason reason) {
  dbpool_status answer = DBPOOL_PENDING;
  phase_ = Phase::kQueued;
  queued_at_ = Now();
  pool_.Handle([&](Scheduler& s, Nanos now) { answer = s.Retry(*this, reason, now); });
  return answer == DBPOOL_PENDING ? Next::kQueued : Answered(answer);
}

Acquisition::Next Acquisition::GiveUp(dbpool_status why) {
  if (phase_ != Phase::kQueued) return LetGo(why);
  bool withdrawn = false;
  pool_.Handle([&](Scheduler& s, Nanos) {
    withdrawn = s.Withdraw(*this, why == DBPOOL_ERR_TIMEOUT);
  });
  if (!withdrawn) return Next::kQueued;
  pool_.CountWait(static_cast<uint64_t>(Now() - queued_at_));
  return Done(why);
}

/// A connection on which something was begun for this wish alone is of no use any more; a reset under way is
/// somebody else's as well.
Acquisition::Next Acquisition::LetGo(dbpool_status why) {
  slot->lane.LeaveForLease();
  failure_says_all_ = why == DBPOOL_ERR_NOMEM;
  failure_ = failure_says_all_ ? Status::NoMemory() : Status::Ok();
  const bool half = phase_ == Phase::kPing && stepped_;
  if (half) slot->connection->Abort();
  return GiveBack(half ? CloseReason{DBPOOL_CLOSED_PING} : kKeep, why == DBPOOL_ERR_TIMEOUT, why);
}

Acquisition::Next Acquisition::Answered(dbpool_status answer) {
  return answer == DBPOOL_OK ? Granted() : Done(answer);
}

Acquisition::Next Acquisition::Done(dbpool_status answer) {
  status = answer;
  phase_ = Phase::kDone;
  return Next::kDone;
}

// ---- making a granted connection fit for use; nobody else can see it now

Acquisition::Next Acquisition::Continue() {
  return Protected([&] {
    switch (phase_) {
      case Phase::kQueued:
        pool_.CountWait(static_cast<uint64_t>(Now() - queued_at_));
        return Answered(status);
      case Phase::kReset:
      case Phase::kPing:
        return Step();
      case Phase::kLane:
        return EnterLane();
      case Phase::kDone:
        break;
    }
    return Next::kDone;
  });
}

Acquisition::Next Acquisition::Granted() {
  if (slot->reset_by == kForever) return CheckLife();
  return Enter(Phase::kReset, deadline_.Earlier(Deadline::At(slot->reset_by)));
}

/// The operation under way on the connection is to be stepped; without a socket a step may block.
Acquisition::Next Acquisition::Enter(Phase phase, Deadline limit) {
  phase_ = phase;
  due_ = limit.point();
  stepped_ = false;
  return slot->connection->fd() < 0 ? Next::kWorker : Step();
}

Acquisition::Next Acquisition::Step() {
  if (phase_ == Phase::kPing && !stepped_) StartPing();
  stepped_ = true;
  want_ = slot->connection->Step();
  const bool done = want_ == Want::kDone;
  if (!done && !Deadline::At(due_).Passed()) return Next::kSocket;
  if (phase_ == Phase::kReset) {
    Status reset = done ? ResetOutcome(*slot) : ResetIsLate(*slot);
    if (reset.ok()) return CheckLife();
    const bool over = slot->reset_by == kForever;  // else it may still succeed, for another caller
    return Failed(std::move(reset), over ? CloseReason{DBPOOL_CLOSED_RESET} : kKeep);
  }
  Status ping = done ? PingOutcome(*slot->connection) : PingIsLate(*slot->connection);
  if (!ping.ok()) return Failed(std::move(ping), DBPOOL_CLOSED_PING);
  slot->alive_at.store(CoarseNow(), std::memory_order_relaxed);
  return MakeReady();
}

Acquisition::Next Acquisition::CheckLife() {
  return must_check ? Enter(Phase::kPing, deadline_) : MakeReady();
}

/// At its first step, which may have had to wait for a thread.
void Acquisition::StartPing() {
  pool_.CountPing();
  // A silent connection may take half of the time left, so that another one can still be tried.
  const Nanos now = Now();
  const Nanos limit = std::min(pool_.PingLimit(), std::max(deadline_.Left(now) / 2, kMillisecond));
  due_ = BeginPing(*slot->connection, Deadline::After(limit, now)).point();
}

Acquisition::Next Acquisition::MakeReady() {
  slot->read_only = access_ == DBPOOL_ACCESS_READ;
  slot->read_only_tx = false;
  if (Status s = slot->connection->SetReadOnly(slot->read_only); !s.ok()) {
    return Failed(std::move(s), DBPOOL_CLOSED_BROKEN);
  }
  if (access_ != DBPOOL_ACCESS_WRITE) return AskHook();
  phase_ = Phase::kLane;
  due_ = may_wait_ ? deadline_.point() : began_;
  return EnterLane();
}

/// The last that can fail: to each `lent` there is a `returned`.
Acquisition::Next Acquisition::AskHook() {
  if (pool_.AskLentHook(*slot)) return Done(DBPOOL_OK);
  slot->lane.LeaveForLease();
  return Failed(Status::Error(DBPOOL_ERR_CONNECT, "the `lent` hook refused the connection", DBPOOL_PHASE_PING),
                DBPOOL_CLOSED_HOOK);
}

Acquisition::Next Acquisition::EnterLane() {
  if (slot->lane.EnterForLease()) return AskHook();
  if (pool_.Abandoned()) return LetGo(DBPOOL_ERR_CLOSED);
  if (!Deadline::At(due_).Passed()) return Next::kTurn;
  slot->lane.LeaveForLease();
  failure_ = TurnIsLate(DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE);
  return Reject(kKeep);
}

// ---- failures

Acquisition::Next Acquisition::Failed(Status why, CloseReason reason) {
  failure_ = std::move(why);
  return reason == kKeep || deadline_.Passed() ? Reject(reason) : Retry(reason);
}

/// The end of the wish, because of failure_.
Acquisition::Next Acquisition::Reject(CloseReason reason) {
  const bool timed_out = failure_.code() == DBPOOL_ERR_TIMEOUT || deadline_.Passed();
  // A wait for the writer's turn says all there is to say.
  const bool lane = failure_.info() && failure_.info()->phase == DBPOOL_PHASE_QUEUE;
  failure_says_all_ |= !timed_out || lane;
  return GiveBack(reason, timed_out, DBPOOL_ERR_TIMEOUT);
}

Acquisition::Next Acquisition::GiveBack(CloseReason reason, bool timed_out, dbpool_status answer) {
  pool_.Handle([&](Scheduler& s, Nanos now) {
    s.Reject(*this, reason, slot->reset_by, timed_out, now);
  });
  return Done(answer);
}

Status Acquisition::Finish(dbpool_conn* out) {
  if (failure_says_all_) return std::move(failure_);
  if (status == DBPOOL_OK) {
    slot->plain.store(access_ == DBPOOL_ACCESS_DEFAULT && pool_.plain_, std::memory_order_relaxed);
    const dbpool_conn token = slot->Lend();
    if (!pool_.Abandoned()) {
      *out = token;
      return Status::Ok();
    }
    (void)Pool::Release(token);  // closed meanwhile, perhaps after the cutting off
    status = DBPOOL_ERR_CLOSED;
  }
  return pool_.AcquireError(status, may_wait_ ? Now() - began_ : 0, failure_);
}

}  // namespace dbp
