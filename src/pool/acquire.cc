#include <sched.h>

#include <cstdio>
#include <string>

#include "base/event.h"
#include "driver/pump.h"
#include "pool/acquisition.h"
#include "pool/checks.h"
#include "pool/lease.h"
#include "pool/pool.h"

namespace dbp {

namespace {

/// What a thread gave back last: it will want one again, and this one is in its cache.
struct Memory {
  const Pool* pool;
  SlotHead* head;
};
constexpr size_t kMemories = 4;  // pools that a thread alternates between

[[gnu::tls_model("initial-exec")]] thread_local Memory memories[kMemories];

Memory& MemoryOf(const Pool& pool) {
  return memories[reinterpret_cast<uintptr_t>(&pool) / 64 % kMemories];
}

/// That one, taken for the caller. NULL if there is none, or it is not idle. The pool may be another one at
/// the same address: then the head says so, or its word has changed.
SlotHead* Remembered(const Pool& pool) {
  const Memory& memory = MemoryOf(pool);
  if (memory.pool != &pool) return nullptr;
  SlotHead& head = *memory.head;
  const uint64_t word = head.word.load(std::memory_order_acquire);
  if (head.pool.load(std::memory_order_relaxed) != &pool) return nullptr;
  return IdleSet::Take(head, word, SlotHead::kLent) ? &head : nullptr;
}

std::string Seconds(Nanos span) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", static_cast<double>(span) / kSecond);
  return text;
}

/// Of a thread that waits.
class BlockingAcquisition final : public Acquisition {
 public:
  using Acquisition::Acquisition;

  void Drive() {
    Next next = Begin();
    while (next != Next::kDone) next = Wait(next) ? Continue() : Next::kDone;
  }

 private:
  void OnWake() override { woken_.Set(); }

  /// False: given up, and out of the queue.
  bool Wait(Next next) {
    if (next == Next::kSocket) {
      AwaitSocket(fd(), want(), Deadline::At(due()));
    } else if (next == Next::kTurn) {
      gate().Await(Deadline::At(due()));
    } else if (next == Next::kQueued) {
      if (!woken_.Wait(Deadline::At(due()))) {
        if (GiveUp(DBPOOL_ERR_TIMEOUT) == Next::kDone) return false;
        woken_.Wait(Deadline::Never());
      }
      woken_.Reset();
    }
    return true;
  }

  Event woken_;
};

}  // namespace

Status Pool::Acquire(const AcquireRequest& request, dbpool_conn* out) {
  const bool plain = request.access == DBPOOL_ACCESS_DEFAULT && !request.tag;
  if (plain && AcquireIdle(out) == Idle::kTaken) return Status::Ok();
  BlockingAcquisition acquisition(*this, request);
  acquisition.Drive();
  return acquisition.Finish(out);
}

Pool::Idle Pool::AcquireIdle(dbpool_conn* out) {
  if (!idle_set_.open()) return Idle::kNone;
  SlotHead* head = Remembered(*this);
  if (!head) head = idle_set_.TakeAny(SlotHead::kLent);
  if (!head) return Idle::kNone;
  const Nanos now = CoarseNow();
  const bool fit = head->plain.load(std::memory_order_relaxed) &&
                   head->recalled.load(std::memory_order_seq_cst) == 0 && !Abandoned() &&
                   now - head->alive_at.load(std::memory_order_relaxed) < config_.ping_after;
  if (!fit) return GiveBackUnfit(*head);
  NoteLease(*head, now, config_.max_uses);
  *out = head->TokenOf(head->word.load(std::memory_order_relaxed));
  return Idle::kTaken;
}

/// Taken, but it must be prepared, or closed: the scheduler will lend it with what that takes. Nobody knows the
/// token; should somebody have guessed it, he is waited for.
Pool::Idle Pool::GiveBackUnfit(SlotHead& lent) {
  Slot& slot = static_cast<Slot&>(lent);
  const dbpool_conn token = lent.TokenOf(lent.word.load(std::memory_order_relaxed));
  while (slot.TakeBack(token) == Slot::Claim::kInUse) sched_yield();
  ReturnClean(slot);
  return Idle::kUnfit;
}

uint32_t Pool::queued() {
  if (idle_set_.open()) return 0;
  MutexLock lock(mu_);
  return scheduler_.waiting();
}

Status Pool::Refuse(dbpool_status why, Nanos waited) {
  {
    MutexLock lock(mu_);
    scheduler_.CountRefused(why);
  }
  return AcquireError(why, waited, Status::Ok());
}

void Pool::Remember(SlotHead& head) const { MemoryOf(*this) = {this, &head}; }

void Pool::CountWait(uint64_t wait) {
  wait_ns_.fetch_add(wait, std::memory_order_relaxed);
  uint64_t max = wait_max_ns_.load(std::memory_order_relaxed);
  while (wait > max && !wait_max_ns_.compare_exchange_weak(max, wait)) continue;
}

bool Pool::AskLentHook(Slot& slot) {
  return !config_.hooks.lent || CallHook(slot, config_.hooks.lent) == DBPOOL_OK;
}

Status Pool::AcquireError(dbpool_status code, Nanos waited, const Status& last_failure) {
  dbpool_statistics now = {};
  Scheduler::Holder holder;
  Status status, cause;
  char tag[64] = "";
  {
    MutexLock lock(mu_);
    scheduler_.Fill(&now);
    now.waiting += one_shots_waiting_.load(std::memory_order_relaxed);
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
          config_.max_waiters == 0
              ? "refused: nobody may wait (option max_waiters)"
              : "refused: " + std::to_string(now.waiting) + " callers wait already (option max_waiters)",
          DBPOOL_PHASE_QUEUE, {}, DBPOOL_FLAG_RETRYABLE | DBPOOL_FLAG_NOT_SENT);
      break;
    case DBPOOL_ERR_CANCELLED:
      return Status::Error(code, "the wait for a connection was cancelled", DBPOOL_PHASE_QUEUE,
                           "57014", DBPOOL_FLAG_CANCELLED | DBPOOL_FLAG_NOT_SENT);
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
