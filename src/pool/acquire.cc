#include <cstdio>
#include <optional>
#include <string>

#include "base/event.h"
#include "pool/checks.h"
#include "pool/lease.h"
#include "pool/pool.h"

namespace dbp {

/// A thread that waits. What it waits on is made only for those who must: a condition variable
/// costs more than the rest of an acquire that need not wait.
class SyncWaiter final : public Waiter {
 public:
  /// REQUIRES: the pool's mutex, in the same event that queued it: nobody can have called Wake()
  /// yet.
  void Arm() { answered_.emplace(); }
  void Wake() override { answered_->Set(); }
  bool Wait(Deadline deadline) { return answered_->Wait(deadline); }

 private:
  std::optional<Event> answered_;
};

namespace {

/// For a caller that does not wait in the queue: what asking an idle connection may take.
constexpr Nanos kTryLimit = 1 * kSecond;
/// A connection idle for less is lent as it is, without even a look at its socket.
constexpr Nanos kTrusted = 10 * kMillisecond;

std::string Seconds(Nanos span) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", static_cast<double>(span) / kSecond);
  return text;
}

}  // namespace

Status Pool::Acquire(const AcquireRequest& request, dbpool_conn* out) {
  SyncWaiter waiter;
  if (request.tag) waiter.tag = request.tag;
  const bool may_wait = request.timeout > 0;
  dbpool_status answer = DBPOOL_PENDING;
  Nanos began = 0;
  Handle([&](Scheduler& s, Nanos now) {
    began = now;
    answer = s.Acquire(waiter, now, may_wait);
    if (answer == DBPOOL_PENDING) waiter.Arm();
  });
  if (answer == DBPOOL_PENDING) began = Now();
  const Deadline deadline = Deadline::After(may_wait ? request.timeout : kTryLimit, began);
  Status failure;
  for (;;) {
    if (answer == DBPOOL_PENDING) answer = Await(waiter, may_wait ? deadline : Deadline::At(0));
    if (answer != DBPOOL_OK) return AcquireError(answer, may_wait ? Now() - began : 0, failure);
    Prepared prepared = Prepare(*waiter.slot, waiter, request, deadline);
    if (prepared.status.ok()) break;
    failure = std::move(prepared.status);
    if (prepared.reason == kKeep || deadline.Passed()) {
      const bool timed_out = failure.code() == DBPOOL_ERR_TIMEOUT || deadline.Passed();
      Handle([&](Scheduler& s, Nanos now) {
        s.Reject(waiter, prepared.reason, waiter.slot->reset_by, timed_out, now);
      });
      const bool lane = failure.info() && failure.info()->phase == DBPOOL_PHASE_QUEUE;
      if (!timed_out || lane)
        return failure;  // a wait for the writer's turn says all there is to say
      return AcquireError(DBPOOL_ERR_TIMEOUT, Now() - began, failure);
    }
    Handle([&](Scheduler& s, Nanos now) {
      answer = s.Retry(waiter, prepared.reason, now);
      if (answer == DBPOOL_PENDING) waiter.Arm();
    });
  }
  const dbpool_conn token = waiter.slot->Lend();
  if (abandoned_.load(
          std::memory_order_relaxed)) {  // closed meanwhile, perhaps after the cutting off
    (void)Release(token);
    return AcquireError(DBPOOL_ERR_CLOSED, 0, Status::Ok());
  }
  *out = token;
  return Status::Ok();
}

dbpool_status Pool::Await(SyncWaiter& waiter, Deadline deadline) {
  const Nanos began = Now();
  bool withdrawn = false;
  if (!waiter.Wait(deadline)) {
    Handle([&](Scheduler& s, Nanos) { withdrawn = s.Withdraw(waiter); });
    // Not withdrawn: answered at the same moment, and somebody is about to wake us.
    if (!withdrawn) waiter.Wait(Deadline::Never());
  }
  CountWait(static_cast<uint64_t>(Now() - began));
  return withdrawn ? DBPOOL_ERR_TIMEOUT : waiter.status;
}

void Pool::CountWait(uint64_t wait) {
  wait_ns_.fetch_add(wait, std::memory_order_relaxed);
  uint64_t max = wait_max_ns_.load(std::memory_order_relaxed);
  while (wait > max && !wait_max_ns_.compare_exchange_weak(max, wait)) continue;
}

/// Makes a granted connection fit for use, without the mutex: nobody else can see it now.
Pool::Prepared Pool::Prepare(Slot& slot, const Waiter& waiter, const AcquireRequest& request,
                             Deadline deadline) {
  try {
    if (Status s = FinishReset(slot, deadline); !s.ok()) {
      const bool over = slot.reset_by == kForever;  // else it may still succeed, for another caller
      return {std::move(s), over ? CloseReason{DBPOOL_CLOSED_RESET} : kKeep};
    }
    if (Status s = CheckBeforeUse(slot, waiter, deadline); !s.ok()) {
      return {std::move(s), DBPOOL_CLOSED_PING};
    }
    slot.read_only = request.access == DBPOOL_ACCESS_READ;
    slot.read_only_tx = false;
    if (Status s = slot.connection->SetReadOnly(slot.read_only); !s.ok()) {
      return {std::move(s), DBPOOL_CLOSED_BROKEN};
    }
    if (config_.hooks.lent && CallHook(slot, config_.hooks.lent) != DBPOOL_OK) {
      return {Status::Error(DBPOOL_ERR_CONNECT, "the `lent` hook refused the connection",
                            DBPOOL_PHASE_PING),
              DBPOOL_CLOSED_HOOK};
    }
    if (request.access == DBPOOL_ACCESS_WRITE) {
      const Deadline turn = request.timeout > 0 ? deadline : Deadline::At(0);
      if (Status s = slot.gate.EnterForLease(turn); !s.ok()) return {std::move(s), kKeep};
    }
    return {};
  } catch (const std::bad_alloc&) {
    slot.gate.LeaveForLease();
    return {Status::NoMemory(), DBPOOL_CLOSED_BROKEN};
  }
}

Status Pool::CheckBeforeUse(Slot& slot, const Waiter& waiter, Deadline deadline) {
  Connection& connection = *slot.connection;
  bool ask = waiter.must_check;
  if (!ask && waiter.unused_for >= kTrusted) ask = SocketIsReadable(connection);
  if (!ask) return Status::Ok();
  pings_.fetch_add(1, std::memory_order_relaxed);
  // A silent connection may take half of the time left, so that another one can still be tried.
  const Nanos now = Now();
  const Nanos limit = std::min(PingLimit(), std::max(deadline.Left(now) / 2, kMillisecond));
  return Ping(connection, Deadline::After(limit, now));
}

Status Pool::AcquireError(dbpool_status code, Nanos waited, const Status& last_failure) {
  dbpool_statistics now = {};
  Scheduler::Holder holder;
  Status status, cause;
  char tag[64] = "";
  {
    MutexLock lock(mu_);
    scheduler_.Fill(&now);
    holder = scheduler_.LongestHeld(Now());
    if (holder.tag) std::snprintf(tag, sizeof tag, "%s", holder.tag);
    if (scheduler_.failures() > 0) cause = last_open_error_.Clone();
  }
  switch (code) {
    case DBPOOL_ERR_TIMEOUT: {
      std::string text = (waited > 0 ? "no connection within " + Seconds(waited) : "none is idle") +
                         ": " + std::to_string(now.leased) + " of at most " +
                         std::to_string(now.limit) + " are lent, " + std::to_string(now.opening) +
                         " are being opened, " + std::to_string(now.waiting) +
                         " other callers wait";
      if (cause.failed()) text += "; opening failed: " + std::string(cause.message());
      if (last_failure.failed()) text += "; " + std::string(last_failure.message());
      status = Status::Error(code, std::move(text), DBPOOL_PHASE_QUEUE, {},
                             DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_RETRYABLE | DBPOOL_FLAG_NOT_SENT);
      if (last_failure.info()) status.set_phase(last_failure.info()->phase);
      break;
    }
    case DBPOOL_ERR_FULL:
      status = Status::Error(
          code,
          "refused: " + std::to_string(now.waiting) + " callers wait already (option max_waiters)",
          DBPOOL_PHASE_QUEUE, {}, DBPOOL_FLAG_RETRYABLE | DBPOOL_FLAG_NOT_SENT);
      break;
    case DBPOOL_ERR_CLOSED:
      return Status::Error(code, "the pool is closed", DBPOOL_PHASE_QUEUE, {},
                           DBPOOL_FLAG_NOT_SENT);
    default:
      status = cause.failed()
                   ? cause.Clone()
                   : Status::Error(code, "no connection could be opened", DBPOOL_PHASE_CONNECT);
  }
  ErrorInfo& info = status.mutable_info();
  info.has_counts = true;
  info.open = now.open;
  info.idle = now.idle;
  info.leased = now.leased;
  info.waiting = now.waiting + (code == DBPOOL_ERR_TIMEOUT ? 1 : 0);
  if (cause.failed() && cause.message() != info.message) info.cause = cause.message();
  if (holder.tag && info.hint.empty()) {
    info.hint = "held longest: " + (*tag ? "'" + std::string(tag) + "', " : std::string()) +
                Seconds(holder.held_for) +
                "; release leases sooner, or raise pool_size or max_overflow";
  }
  return status;
}

Status Pool::AcquireAndPing(Nanos timeout) {
  const Deadline deadline = Deadline::After(timeout);
  dbpool_conn token = 0;
  DBP_RETURN_IF_ERROR(Acquire({.timeout = timeout, .tag = "dbpool health"}, &token));
  Status status;
  try {
    Lease lease;
    status = lease.Pin(token);
    if (status.ok()) status = Ping(lease.connection(), deadline);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
  Status released = Release(token);
  return status.ok() ? std::move(released) : std::move(status);
}

}  // namespace dbp
