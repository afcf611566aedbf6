#include <string>
#include <utility>

#include "driver/pump.h"
#include "pool/checks.h"
#include "pool/pool.h"

namespace dbp {

// What a pool does on other threads than its callers'. A job owns its slot: the scheduler has it in a
// state that nobody else touches, until the event at the job's end.

/// False: no thread is to be had, and it will not run.
bool Pool::StartJob(Slot& slot, void (Pool::*todo)(Slot&)) {
  slot.todo = todo;
  slot.run = [](Job& job) {
    Slot& mine = static_cast<Slot&>(job);
    (mine.pool.load(std::memory_order_relaxed)->*mine.todo)(mine);
  };
  return RunOnWorker(slot);
}

void Pool::OpenSlot(Slot& slot) {
  Status status;
  try {
    status = Connect(slot);
  } catch (const std::bad_alloc&) {
    slot.DropConnection();
    status = Status::NoMemory();
  }
  if (!status.ok()) return OpenFailed(slot.index, std::move(status));
  Handle([&](Scheduler& s, Nanos now) { s.Opened(slot.index, now); });
}

Status Pool::Connect(Slot& slot) {
  slot.reset_by = kForever;
  slot.read_only = false;
  slot.plain.store(plain_, std::memory_order_relaxed);
  DBP_RETURN_IF_ERROR(driver_->Connect(Deadline::After(config_.connect_timeout), &abandoned_,
                                       &slot.connection));
  slot.cancels = std::make_shared<CancelLine>(slot.connection->canceller());
  if (traits_.single_writer) slot.connection->SetWriteGate(&slot.lane);
  if (config_.hooks.opened) DBP_RETURN_IF_ERROR(AskOpenedHook(slot));
  return Announce(slot);
}

/// From here on the pool has the connection: it is watched, and whoever watches the pool hears of it.
Status Pool::Announce(Slot& slot) {
  static std::atomic<uint64_t> last_id{0};
  slot.connection_id = ++last_id;
  slot.told_broken = false;
  events_.Announce(DBPOOL_EVENT_OPENED, slot.connection_id);
  Status watched = Status::NoMemory();
  try {
    watched = slot.liveness.Begin(slot.connection->fd());
  } catch (const std::bad_alloc&) {  // it is NoMemory() already
  }
  if (watched.ok()) return watched;
  slot.DropConnection();
  events_.Announce(DBPOOL_EVENT_CLOSED, slot.connection_id, DBPOOL_CLOSED_BROKEN);
  return watched;
}

Status Pool::AskOpenedHook(Slot& slot) {
  const dbpool_status verdict = CallHook(slot, config_.hooks.opened);
  slot.lane.LeaveForLease();
  if (verdict == DBPOOL_OK && !slot.connection->broken()) return Status::Ok();
  slot.DropConnection();
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
  slot.AwaitVisitors();  // an unused lease is released without waiting for them
  slot.DropConnection();
  slot.cancels.reset();
  slot.reset_by = kForever;
  const CloseReason reason = slot.close_reason;
  if (reason == DBPOOL_CLOSED_BROKEN && !slot.told_broken) {
    events_.Announce(DBPOOL_EVENT_BROKEN, slot.connection_id);
  }
  events_.Announce(DBPOOL_EVENT_CLOSED, slot.connection_id, reason);
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
  if (!slot.connection || slot.connection->broken()) return DBPOOL_ERR_BROKEN;  // cut off meanwhile, or lost
  const Connection& connection = *slot.connection;
  const bool unfinished = connection.streaming() || connection.tx_state() != TxState::kNone;
  return unfinished ? dbpool_status{DBPOOL_ERR_INVALID} : verdict;  // not what a borrower may find
}

/// The peer has closed the connection: an idle one is gone at once, a lent one when it is released.
void Pool::OnHangUp(Slot& slot) {
  if (Abandoned()) return;  // our own doing, and closed in any case
  if (!std::exchange(slot.told_broken, true)) {
    events_.Announce(DBPOOL_EVENT_BROKEN, slot.connection_id);
  }
  Handle([&](Scheduler& s, Nanos now) { s.HungUp(slot.index, now); });
}

void Pool::Tick() {
  Handle([this](Scheduler& s, Nanos) DBP_REQUIRES(mu_) {
    s.Tick(Now());
    told_keeper_ = kForever;  // whatever is due next is news to the keeper
  });
}

}  // namespace dbp
