#include <string>
#include <utility>

#include "driver/pump.h"
#include "pool/checks.h"
#include "pool/pool.h"

namespace dbp {

// What a pool does on other threads than its callers'. A job owns its slot: the scheduler has it in a
// state that nobody else touches, until the event at the job's end.

void Pool::StartJob(Slot& slot, void (Pool::*todo)(Slot&)) {
  slot.todo = todo;
  slot.run = [](Job& job) {
    Slot& mine = static_cast<Slot&>(job);
    (mine.pool->*mine.todo)(mine);
  };
  RunOnWorker(slot);
}

void Pool::OpenSlot(Slot& slot) {
  Status status;
  try {
    status = Connect(slot);
  } catch (const std::bad_alloc&) {
    slot.connection.reset();
    status = Status::NoMemory();
  }
  if (!status.ok()) return OpenFailed(slot.index, std::move(status));
  Handle([&](Scheduler& s, Nanos now) { s.Opened(slot.index, now); });
}

Status Pool::Connect(Slot& slot) {
  slot.reset_by = kForever;
  DBP_RETURN_IF_ERROR(driver_->Connect(Deadline::After(config_.connect_timeout), &abandoned_,
                                       &slot.connection));
  slot.cancels = std::make_shared<CancelLine>(slot.connection->canceller());
  if (traits_.single_writer) slot.connection->SetWriteGate(&slot.gate);
  if (!config_.hooks.opened) return Status::Ok();
  const dbpool_status verdict = CallHook(slot, config_.hooks.opened);
  slot.gate.LeaveForLease();
  if (verdict == DBPOOL_OK && !slot.connection->broken()) return Status::Ok();
  slot.connection.reset();
  return Status::Error(DBPOOL_ERR_CONNECT,
                       std::string("the `opened` hook refused the connection: ") + StatusName(verdict),
                       DBPOOL_PHASE_CONNECT, {}, DBPOOL_FLAG_RETRYABLE);
}

void Pool::OpenFailed(uint32_t index, Status status) {
  const dbpool_status code = status.code();
  // A wrong password or a missing database is not mended by waiting; a server that is down may be.
  const bool permanent = code != DBPOOL_ERR_TIMEOUT && code != DBPOOL_ERR_NOMEM &&
                         !status.has_flag(DBPOOL_FLAG_RETRYABLE);
  Status previous;  // freed without the mutex
  Handle([&](Scheduler& s, Nanos now) DBP_REQUIRES(mu_) {
    previous = std::exchange(last_open_error_, std::move(status));
    s.OpenFailed(index, code, permanent, now);
  });
}

void Pool::CheckSlot(Slot& slot) {
  CloseReason verdict = kKeep;
  try {
    if (!FinishReset(slot, Deadline::Never()).ok()) {
      verdict = DBPOOL_CLOSED_RESET;
    } else {
      pings_.fetch_add(1, std::memory_order_relaxed);
      if (!Ping(*slot.connection, Deadline::After(PingLimit())).ok()) verdict = DBPOOL_CLOSED_PING;
    }
  } catch (const std::bad_alloc&) {
    verdict = DBPOOL_CLOSED_BROKEN;
  }
  Handle([&](Scheduler& s, Nanos now) { s.Checked(slot.index, verdict, now); });
}

void Pool::CloseSlot(Slot& slot) {
  slot.connection.reset();
  slot.cancels.reset();
  slot.reset_by = kForever;
  const CloseReason reason = slot.close_reason;
  if (config_.hooks.closed) config_.hooks.closed(config_.hooks.user_data, reason);
  Handle([&](Scheduler& s, Nanos now) { s.Closed(slot.index, reason, now); });
}

/// After a release that found a cancel request or rows on their way: waits for both, then cleans.
void Pool::SettleSlot(Slot& slot) {
  Connection& connection = *slot.connection;
  const Deadline deadline = Deadline::After(config_.reset_timeout);
  CloseReason verdict = DBPOOL_CLOSED_RESET;
  Nanos check_by = kForever;
  try {
    bool settled = true;
    if (connection.streaming()) {
      SendCancel(slot.cancels);
      connection.StartCloseStream(deadline);
      settled = Pump(connection, deadline) && connection.Finish(nullptr).ok();
    }
    if (settled && AwaitCancels(*slot.cancels, deadline) && !connection.broken()) {
      verdict = CleanUp(slot, &check_by);
    }
  } catch (const std::bad_alloc&) {
    verdict = DBPOOL_CLOSED_RESET;
  }
  Handle([&](Scheduler& s, Nanos now) { s.Release(slot.index, verdict, check_by, now); });
}

dbpool_status Pool::CallHook(Slot& slot, dbpool_status (*hook)(void*, dbpool_conn)) {
  const dbpool_conn token = slot.Lend(Slot::kLent | Slot::kHook);
  const dbpool_status verdict = hook(config_.hooks.user_data, token);
  slot.TakeBackFromHook(token);
  if (verdict != DBPOOL_OK) return verdict;
  const Connection& connection = *slot.connection;
  const bool unfinished = connection.streaming() || connection.tx_state() != TxState::kNone;
  return unfinished ? dbpool_status{DBPOOL_ERR_INVALID} : verdict;  // not what a borrower may find
}

Nanos Pool::Tick() {
  Nanos due = kForever;
  Handle([&](Scheduler& s, Nanos) DBP_REQUIRES(mu_) {
    s.Tick(Now());
    due = told_keeper_ = s.next_tick();
  });
  return due;
}

}  // namespace dbp
