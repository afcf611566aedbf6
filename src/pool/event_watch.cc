#include "pool/event_watch.h"

#include <atomic>
#include <new>
#include <utility>

namespace dbp {

namespace {

/// Events delivered before others of the loop get their turn.
constexpr int kPerTurn = 64;

Status PoolClosed() { return Status::Error(DBPOOL_ERR_CLOSED, "the pool is closed"); }

}  // namespace

// ---- one of them

EventWatch::EventWatch(uint64_t id, Loop& loop, EventTarget target)
    : id_(id), loop_(*loop.Ref()), target_(target), ring_(kMost) {}

Status EventWatch::Begin(std::shared_ptr<EventWatch> self) {
  self_ = std::move(self);
  Status status = Status::NoMemory();
  try {
    status = loop_.Enroll(*this);
  } catch (const std::bad_alloc&) {  // it is NoMemory() already
  }
  if (!status.ok()) self_.reset();
  return status;
}

/// Whether the caller must post it: at the end, without the mutex.
bool EventWatch::WantsTurn() { return !std::exchange(posted_, true); }

void EventWatch::Announce(const dbpool_event& event) {
  {
    MutexLock lock(mu_);
    if (state_ != State::kOn) return;
    if (waiting_ == kMost) {
      first_ = (first_ + 1) % kMost;
      --waiting_;
      ++missed_;
    }
    ring_[(first_ + waiting_++) % kMost] = event;
    if (!WantsTurn()) return;
  }
  loop_.Post(*this);
}

void EventWatch::End() {
  {
    MutexLock lock(mu_);
    if (state_ != State::kOn) return;
    state_ = State::kEnding;
    if (!WantsTurn()) return;
  }
  loop_.Post(*this);
}

bool EventWatch::Drop() {
  bool post = false;
  {
    MutexLock lock(mu_);
    if (state_ == State::kDropped || state_ == State::kOver) return false;
    state_ = State::kDropped;
    post = WantsTurn();
    while (calling_ && !loop_.OnLoopThread()) called_.Wait(mu_, Deadline::Never());
  }
  if (post) loop_.Post(*this);
  return true;
}

bool EventWatch::ended() {
  MutexLock lock(mu_);
  return state_ == State::kDropped || state_ == State::kOver;
}

EventWatch::Turn EventWatch::Take(dbpool_event* event) {
  MutexLock lock(mu_);
  if (state_ == State::kDropped || (state_ == State::kEnding && waiting_ == 0)) {
    state_ = State::kOver;
    return Turn::kLast;
  }
  if (waiting_ == 0) {
    posted_ = false;
    return Turn::kRest;
  }
  *event = ring_[first_];
  event->missed = std::exchange(missed_, 0);  // those lost were older than the oldest left
  first_ = (first_ + 1) % kMost;
  --waiting_;
  calling_ = true;
  return Turn::kCall;
}

void EventWatch::Called() {
  MutexLock lock(mu_);
  calling_ = false;
  called_.NotifyAll();
}

void EventWatch::Run() {
  dbpool_event event;
  for (int i = 0; i < kPerTurn; ++i) {
    switch (Take(&event)) {
      case Turn::kCall:
        target_.callback(target_.user_data, &event);
        Called();
        break;
      case Turn::kRest:
        return;
      case Turn::kLast:
        return Over();
    }
  }
  loop_.Post(*this);
}

void EventWatch::Over() {
  const std::shared_ptr<EventWatch> self = std::move(self_);
  if (target_.destroy) target_.destroy(target_.user_data);
  loop_.Leave(*this);
}

// ---- all of a pool

std::shared_ptr<const EventHub::List> EventHub::Current() {
  MutexLock lock(mu_);
  return watches_;
}

/// Those that have not ended, with room for `room` more.
std::shared_ptr<EventHub::List> EventHub::CopyLocked(size_t room) {
  auto copy = std::make_shared<List>();
  copy->reserve((watches_ ? watches_->size() : 0) + room);
  if (!watches_) return copy;
  for (const auto& watch : *watches_) {
    if (!watch->ended()) copy->push_back(watch);
  }
  return copy;
}

Status EventHub::Watch(Loop& loop, const EventTarget& target, uint64_t* out_id) {
  static std::atomic<uint64_t> last_id{0};
  auto watch = std::make_shared<EventWatch>(++last_id, loop, target);
  std::shared_ptr<const List> before;  // what ended goes without the mutex: it may be a loop's last reference
  MutexLock lock(mu_);
  if (ended_) return PoolClosed();
  auto with = CopyLocked(1);
  DBP_RETURN_IF_ERROR(watch->Begin(watch));
  *out_id = watch->id();
  with->push_back(std::move(watch));
  before = std::exchange(watches_, std::move(with));
  return Status::Ok();
}

Status EventHub::Unwatch(uint64_t id) {
  const std::shared_ptr<const List> watches = Current();
  if (watches) {
    for (const auto& watch : *watches) {
      if (watch->id() == id && watch->Drop()) return Status::Ok();
    }
  }
  return Status::Bare(DBPOOL_ERR_STALE);
}

void EventHub::Announce(uint32_t kind, uint64_t connection, uint32_t reason) {
  const std::shared_ptr<const List> watches = Current();
  if (!watches) return;
  const dbpool_event event = {sizeof event, kind, reason, connection, 0};
  for (const auto& watch : *watches) watch->Announce(event);
}

void EventHub::EndAll() {
  std::shared_ptr<const List> watches;
  {
    MutexLock lock(mu_);
    ended_ = true;
    watches = std::move(watches_);
    watches_ = nullptr;
  }
  if (!watches) return;
  for (const auto& watch : *watches) watch->End();
}

}  // namespace dbp
