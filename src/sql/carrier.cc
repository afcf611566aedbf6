#include "sql/carrier.h"

#include <algorithm>
#include <new>

#include "pool/pool.h"
#include "sql/dispatcher.h"

namespace dbp {

namespace {

/// What a server in good health needs to answer a cancel request.
constexpr Nanos kCancelGrace = 40 * kMillisecond;

}  // namespace

Status Carrier::Begin(Loop& loop, dbpool_conn token) {
  token_ = token;
  DBP_RETURN_IF_ERROR(lease_.Pin(token));
  connection().StartPipeline(/*ordered=*/false, Deadline::Never());
  loop_ = &loop;
  return loop.reactor().Add(*this, connection().fd(), EPOLLIN);
}

Carrier::~Carrier() {
  if (loop_) {
    loop_->reactor().Remove(*this);
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
  last_due_ = std::max(last_due_, statement.due);
  ++under_way_;
  ++wanted_;
  has_unsent_ = true;
  connection().Pipe(statement);
}

bool Carrier::Step() {
  has_unsent_ = false;
  const Want want = connection().Step();
  Nanos now = 0;
  while (PipedStatement* answered = connection().TakeAnswered()) {
    auto& statement = static_cast<SharedStatement&>(*answered);  // it was given no others
    statement.carrier = nullptr;
    --under_way_;
    if (!statement.op) {
      SharedStatement::Destroy(&statement);
      continue;
    }
    --wanted_;
    if (now == 0) now = Now();
    dispatcher_.OnAnswer(statement, now);
  }
  if (want == Want::kDone) {
    over_ = true;
    return false;
  }
  if (want != want_) {
    const uint32_t events = EPOLLIN | (want == Want::kWrite ? uint32_t{EPOLLOUT} : 0);
    want_ = want;
    if (!loop_->reactor().Modify(*this, events).ok()) GiveUp();
  }
  return true;
}

void Carrier::OnReady(uint32_t) { dispatcher_.OnReady(*this); }

void Carrier::Leave(SharedStatement& statement, Nanos now) {
  statement.op = nullptr;
  closed_ = true;
  if (--wanted_ > 0) return;
  if (dispatcher_.freeing()) return GiveUp();
  give_up_at_ = AddSaturated(std::max(last_due_, now), kCancelGrace);
  try {
    RequestCancel(lease_.slot());
  } catch (const std::bad_alloc&) {
    GiveUp();
  }
}

/// The socket shows it at once, and then all are answered.
void Carrier::GiveUp() {
  give_up_at_ = kForever;
  closed_ = true;
  connection().Abort();
}

}  // namespace dbp
