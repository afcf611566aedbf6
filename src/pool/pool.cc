#include "pool/pool.h"

#include <random>
#include <utility>

#include "pool/lease.h"

namespace dbp {

namespace {

uint64_t Seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

Pool::Pool(Config config, std::unique_ptr<Driver> driver)
    : config_(std::move(config)),
      driver_(std::move(driver)),
      traits_(driver_->traits()),
      fork_stamp_(ForkGeneration()),
      plain_(!config_.hooks.lent && !config_.hooks.returned),
      gate_(AllocateGate()),
      idle_set_(gate_, IdleHints(config_.idle_order, config_.pool_size + config_.max_overflow)),
      scheduler_(config_, traits_, idle_set_, Seed()) {}

Pool::~Pool() {
  KeeperRemove(*this);
  MutexLock lock(mu_);
  scheduler_.ForEachSlot([](Slot& slot) { FreeSlot(slot); });
  gate_.reasons.store(Gate::kClosed);
  FreeGate(gate_);
}

Status Pool::Make(Config config, std::unique_ptr<Driver> driver, std::shared_ptr<Pool>* out) {
  auto pool = std::make_shared<Pool>(std::move(config), std::move(driver));
  DBP_RETURN_IF_ERROR(KeeperAdd(*pool));
  {
    MutexLock lock(pool->mu_);
    pool->self_ = pool;
  }
  *out = std::move(pool);
  return Status::Ok();
}

Status Pool::Create(Config config, std::unique_ptr<Driver> driver, std::shared_ptr<Pool>* out) {
  std::shared_ptr<Pool> pool;
  DBP_RETURN_IF_ERROR(Make(std::move(config), std::move(driver), &pool));
  Status cause;
  try {
    if (!pool->config_.lazy) {
      pool->Start();
      (void)pool->Await(Until::kOpened, Deadline::After(pool->OpenLimit()));
      cause = pool->WhyNotOpen();
    }
  } catch (const std::bad_alloc&) {
    cause = Status::NoMemory();
  }
  if (cause.failed()) {
    (void)pool->Close(0);  // nothing is lent: the cause is what matters
    return cause;
  }
  *out = std::move(pool);
  return Status::Ok();
}

void Pool::Start() {
  Handle([](Scheduler& s, Nanos now) { s.Start(now); });
}

/// Those who open have the same deadline but for a moment, in which they can say why they failed.
Nanos Pool::OpenLimit() const { return AddSaturated(config_.connect_timeout, 100 * kMillisecond); }

Status Pool::WhyNotOpen() {
  MutexLock lock(mu_);
  if (scheduler_.opened() > 0) return Status::Ok();
  if (last_open_error_.failed()) return last_open_error_.Clone();
  return Status::Error(DBPOOL_ERR_TIMEOUT, "no connection could be opened within connect_timeout",
                       DBPOOL_PHASE_CONNECT, {}, DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_RETRYABLE);
}

/// The last of an event under the mutex: who must be told, and whether the pool is needed further on. True: it is
/// closed and its last connection gone.
bool Pool::Settle(bool more, Nanos* due, std::shared_ptr<Pool>* alive, PoolWatcher** told) {
  if (watchers_) *told = TakeTold();
  if (scheduler_.next_tick() < told_keeper_) told_keeper_ = *due = scheduler_.next_tick();
  const bool over = scheduler_.closed() && scheduler_.used() == 0;
  if (over) {
    if (self_) *alive = std::move(self_);
  } else if (!*alive && (more || *due != kForever)) {
    *alive = self_;
  }
#ifndef NDEBUG
  scheduler_.CheckInvariants();
#endif
  return over;
}

/// Without a thread for it nothing is done that waits: whoever reported the event may be a loop, or the keeper.
void Pool::Perform(const Action& action) {
  switch (action.kind) {
    case Action::kAnswer:
      action.waiter->Wake();
      return;
    case Action::kOpen:
      try {
        Slot& slot = action.slot ? *action.slot : AllocateSlot();
        if (!action.slot) BindSlot(action.index, slot);
        if (!StartJob(slot, &Pool::OpenSlot)) OpenFailed(action.index, Status::NoMemory());
      } catch (const std::bad_alloc&) {
        OpenFailed(action.index, Status::NoMemory());
      }
      return;
    case Action::kCheck:
      if (StartJob(*action.slot, &Pool::CheckSlot)) return;
      return Handle([&](Scheduler& s, Nanos now) { s.Checked(action.slot->index, kKeep, now); });
    case Action::kClose:
      action.slot->close_reason = action.reason;
      if (!StartJob(*action.slot, &Pool::CloseSlot)) CloseSlot(*action.slot);
      return;
  }
}

void Pool::BindSlot(uint32_t index, Slot& slot) {
  slot.pool.store(this, std::memory_order_relaxed);
  slot.lane.Bind(traits_.single_writer ? &lane_ : nullptr);
  MutexLock lock(mu_);
  scheduler_.Bind(index, &slot, slot);
}

void Pool::Stats(dbpool_statistics* out) {
  MutexLock lock(mu_);
  scheduler_.Fill(out);
  out->waiting += one_shots_waiting_.load(std::memory_order_relaxed);
  out->pings = pings_.load(std::memory_order_relaxed);
  out->resets = resets_.load(std::memory_order_relaxed);
  out->wait_ns = wait_ns_.load(std::memory_order_relaxed);
  out->wait_max_ns = wait_max_ns_.load(std::memory_order_relaxed);
  out->write_waiting = lane_.waiting();
}

Status Pool::Invalidate() {
  bool closed = false;
  Handle([&](Scheduler& s, Nanos now) {
    closed = s.closed();
    if (!closed) s.Invalidate(now);
  });
  return closed ? Status::Error(DBPOOL_ERR_CLOSED, "the pool is closed") : Status::Ok();
}

Status Pool::Resize(uint32_t pool_size, uint32_t max_overflow) {
  bool closed = false;
  Handle([&](Scheduler& s, Nanos now) {
    closed = s.closed();
    if (!closed) s.Resize(pool_size, max_overflow, now);
  });
  return closed ? Status::Error(DBPOOL_ERR_CLOSED, "the pool is closed") : Status::Ok();
}

Status Pool::Reconnect(Nanos timeout) {
  DBP_RETURN_IF_ERROR(Invalidate());
  return AcquireAndPing(timeout);
}

Status Pool::Health(Nanos timeout) { return AcquireAndPing(timeout); }

}  // namespace dbp
