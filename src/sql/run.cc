#include "sql/run.h"

#include <algorithm>
#include <string>
#include <utility>

#include "driver/pump.h"
#include "pool/checks.h"

namespace dbp {

namespace {

/// What a server in good health needs to answer a cancel request; the promise is deadline + 50 ms.
constexpr Nanos kCancelGrace = 40 * kMillisecond;
/// For a request that somebody else sent and that is still on its way when the statement has ended.
constexpr Nanos kCancelLimit = 1 * kSecond;

}  // namespace

void Running::Begin(Lease& lease, Deadline deadline, AtDeadline at_deadline) {
  slot_ = &lease.slot();
  connection_ = slot_->connection.get();
  due_ = deadline;
  stage_ = Stage::kRunning;
  at_deadline_ = at_deadline;
  hurried_ = wanted_turn_ = false;
  fetches_ = connection_->streaming();
  ask_at_ = kForever;
  ask_every_ = 0;
}

Running::Next Running::Step() {
  if (stage_ >= Stage::kSettling) return Settle();
  want_ = connection_->Step();
  if (want_ != Want::kDone) {
    // Looked at each time: a peer that never stops sending must not keep us beyond it.
    stepped_at_ = Now();
    wanted_turn_ = want_ == Want::kTurn;
    if (stepped_at_ >= ask_at_) Ask();
    const Next next = wanted_turn_ ? Next::kTurn : Next::kSocket;
    if (!due_.Passed(stepped_at_)) return next;
    if (stage_ == Stage::kRunning && at_deadline_ == AtDeadline::kCancel) {
      Expire();
      return next;
    }
    GiveUp();
    return Settle();
  }
  ask_at_ = kForever;
  outcome_ = connection_->Finish(&rows_);  // which may be a result that won the race
  if (stage_ == Stage::kCancelling && !hurried_ && (outcome_.code() == DBPOOL_ERR_CANCELLED || IsCutShort())) {
    outcome_ = TooLate();
  }
  stage_ = Stage::kSettling;
  due_ = Deadline::Never();
  return Settle();
}

void Running::Expire() {
  stage_ = Stage::kCancelling;
  due_ = Deadline::After(kCancelGrace);
  RequestCancel(*slot_);
}

/// The request made the server send the rows it had; the stream's end will be its error.
bool Running::IsCutShort() const { return fetches_ && outcome_.ok() && connection_->streaming(); }

/// Cancelled at the deadline; perhaps before it began, and then it can be tried again.
Status Running::TooLate() const {
  const bool unsent = outcome_.has_flag(DBPOOL_FLAG_NOT_SENT);
  const uint32_t flags = unsent ? DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE : 0u;
  return wanted_turn_ ? TurnIsLate(flags) : StatementIsLate(flags);
}

void Running::Ask() {
  ask_every_ = ask_every_ == 0 ? kCancelAgain : std::min(2 * ask_every_, kSecond);
  ask_at_ = AddSaturated(Now(), ask_every_);
  RequestCancel(*slot_);
}

void Running::Hurry() {
  if (stage_ >= Stage::kSettling) return;
  hurried_ = true;
  if (stage_ == Stage::kRunning) {
    stage_ = Stage::kCancelling;
    due_ = due_.Earlier(Deadline::After(kCancelGrace));
    RequestCancel(*slot_);
  }
}

void Running::GiveUp() {
  ask_at_ = kForever;
  if (at_deadline_ == AtDeadline::kGiveUp && !hurried_) {
    outcome_ = PingIsLate(*connection_);
  } else {
    connection_->Abort();
    outcome_ = Late(DBPOOL_FLAG_CONN_BROKEN | DBPOOL_FLAG_OUTCOME_UNKNOWN);
  }
  stage_ = Stage::kSettling;
  due_ = Deadline::Never();
}

Status Running::Late(uint32_t flags) const {
  if (hurried_) {
    return std::move(Cancelled("cancelled; the server did not answer to that").add_flags(flags));
  }
  return StatementIsLate(flags);
}

/// The operation is over; a cancel request may be on its way still.
Running::Next Running::Settle() {
  if (stage_ == Stage::kSettling && slot_->cancels->in_flight > 0) {
    if (due_.never()) due_ = Deadline::After(kCancelLimit);
    if (!due_.Passed()) return Next::kCancels;
    connection_->Abort();
    outcome_.add_flags(DBPOOL_FLAG_CONN_BROKEN);
  }
  stage_ = Stage::kDone;
  return Next::kDone;
}

Status Running::Finish(std::unique_ptr<Rows>* rows) {
  if (rows) *rows = std::move(rows_);
  rows_.reset();
  if (outcome_.info() && outcome_.info()->phase == DBPOOL_PHASE_NONE) {
    outcome_.set_phase(DBPOOL_PHASE_QUERY);
  }
  return std::exchange(outcome_, Status::Ok());
}

Status Cancelled(std::string message, uint32_t phase) {
  return Status::Error(DBPOOL_ERR_CANCELLED, std::move(message), phase, "57014", DBPOOL_FLAG_CANCELLED);
}

Status StatementIsLate(uint32_t flags) {
  return Status::Error(DBPOOL_ERR_TIMEOUT, "the statement did not end before its deadline",
                       DBPOOL_PHASE_QUERY, "57014", DBPOOL_FLAG_TIMEOUT | flags);
}

Status Run(Lease& lease, Deadline deadline, std::unique_ptr<Rows>* rows,
           Running::AtDeadline at_deadline) {
  Running running;
  running.Begin(lease, deadline, at_deadline);
  try {
    for (;;) {
      switch (running.Step()) {
        case Running::Next::kDone:
          return running.Finish(rows);
        case Running::Next::kSocket:
          AwaitSocket(lease.connection().fd(), running.want(), running.due(), running.stepped_at());
          break;
        case Running::Next::kTurn:
          lease.slot().lane.Await(running.due());
          break;
        case Running::Next::kCancels:
          (void)AwaitCancels(*lease.slot().cancels, running.due());
          break;
      }
    }
  } catch (const std::bad_alloc&) {
    running.Abort();
    throw;
  }
}

Status NoOpenStream(const Lease& lease) {
  if (!lease.connection().streaming()) return Status::Ok();
  return Status::Error(DBPOOL_ERR_BUSY,
                       "a streamed result of this lease is still open; read it to its end or free it");
}

}  // namespace dbp
