#include "sql/carrier.h"

#include <algorithm>
#include <new>

#include "pool/pool.h"
#include "sql/dispatcher.h"

namespace dbp {

namespace {

/// For all requests that it takes to get rid of what nobody waits for.
constexpr Nanos kCancelLimit = 2 * kSecond;
/// The same if the loop is being freed.
constexpr Nanos kFreeGrace = 40 * kMillisecond;

}  // namespace

Status Carrier::Begin() {
  try {
    DBP_RETURN_IF_ERROR(lease_.Pin(token_));
    connection().StartPipeline(/*ordered=*/false, Deadline::Never());
    started_ = true;
    return loop_.reactor().Add(*this, connection().fd(), EPOLLIN);
  } catch (const std::bad_alloc&) {
    return Status::NoMemory();
  }
}

Carrier::~Carrier() {
  loop_.reactor().Cancel(*this);
  if (started_) {
    loop_.reactor().Remove(*this);
    connection().EndPipeline();
    if (connection().Step() != Want::kDone) connection().Abort();
    (void)connection().Finish(nullptr);  // the pool looks itself whether it is broken
  }
  lease_.Unpin();
  (void)Pool::Release(token_);  // nobody else has it
}

void Carrier::Take(SharedStatement& statement, Nanos now) {
  statement.carrier = this;
  statement.began = now;
  ++under_way_;
  ++wanted_;
  has_unsent_ = true;
  connection().Pipe(statement);
}

void Carrier::Step() {
  try {
    Move();
  } catch (const std::bad_alloc&) {
    GiveUp();
  }
}

void Carrier::Move() {
  has_unsent_ = false;
  const Want want = connection().Step();
  Nanos now = 0;
  while (PipedStatement* answered = connection().TakeAnswered()) {
    auto& statement = static_cast<SharedStatement&>(*answered);  // it was given no others
    statement.carrier = nullptr;
    --under_way_;
    if (now == 0) now = Now();
    if (!statement.op) {
      SharedStatement::Destroy(&statement);
      continue;
    }
    --wanted_;
    dispatcher_.OnAnswer(statement, now);
  }
  if (want == Want::kDone) {
    over_ = true;
    return;
  }
  if (now != 0 && unwanted()) CancelRest(now);
  if (want != want_) {
    const uint32_t events = EPOLLIN | (want == Want::kWrite ? uint32_t{EPOLLOUT} : 0);
    want_ = want;
    if (!loop_.reactor().Modify(*this, events).ok()) GiveUp();
  }
}

void Carrier::OnReady(uint32_t) { dispatcher_.OnReady(*this); }

void Carrier::Leave(SharedStatement& statement, Nanos now) {
  statement.op = nullptr;
  closed_ = true;
  --wanted_;
  GiveBackUnsent(now);
  if (!unwanted()) return;
  if (dispatcher_.freeing()) limit_ = std::min(limit_, now + kFreeGrace);
  CancelRest(now);
}

void Carrier::Hurry(Nanos now) {
  if (!unwanted()) return;
  limit_ = std::min(limit_, now + kFreeGrace);
  loop_.reactor().ScheduleEarlier(*this, limit_);
}

void Carrier::GiveBackUnsent(Nanos now) {
  while (PipedStatement* unsent = connection().TakeUnsent()) {
    auto& statement = static_cast<SharedStatement&>(*unsent);
    statement.carrier = nullptr;
    --under_way_;
    if (!statement.op) {
      SharedStatement::Destroy(&statement);
      continue;
    }
    --wanted_;
    dispatcher_.Requeue(statement, now);
  }
}

void Carrier::OnDue() {
  const Nanos now = Now();
  now < limit_ ? CancelRest(now) : GiveUp();
}

/// A request ends the statement that is running, and the next one begins: hence one for each that is answered. A
/// server that ignores one, or needs too long for all, loses its connection.
void Carrier::CancelRest(Nanos now) {
  if (limit_ == kForever) limit_ = now + kCancelLimit;
  loop_.reactor().Schedule(*this, std::min(now + kCancelAgain, limit_));
  try {
    RequestCancel(lease_.slot());
  } catch (const std::bad_alloc&) {
    GiveUp();
  }
}

/// The socket shows it at once, and then all are answered.
void Carrier::GiveUp() {
  closed_ = true;
  connection().Abort();
}

}  // namespace dbp
