#include "loop/reactor.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

// What an epoll event carries: the watch's place in the table (low half) and the place's generation (high
// half). A place gets another generation when it is freed, so an event read before a Remove() finds nobody.
// Generation 0 is the reactor's own: its timerfd and its eventfd. Both are edge-triggered and never read.
//
// Posting and sleeping is Dekker's pattern, all four accesses sequentially consistent:
//
//   poster:  push task ;  read asleep_            sleeper:  asleep_ = true ;  read queue
//
// One of them sees the other. The first poster that finds it asleep sets asleep_ back and writes to the eventfd;
// the others need not.

namespace dbp {

namespace {

constexpr uint64_t kTimerData = 0;
constexpr uint64_t kWakeData = 1;
constexpr int kBatch = 64;
constexpr int kTimersPerRound = 256;  // others get their turn

bool Level(uint32_t events) { return (events & (EPOLLET | EPOLLONESHOT)) == 0; }

uint32_t Generation(uint64_t data) { return static_cast<uint32_t>(data >> 32); }
uint32_t Index(uint64_t data) { return static_cast<uint32_t>(data); }

Status NoDescriptor(const char* what, int why = errno) {
  std::string text = what;
  return Status::Error(DBPOOL_ERR_NOMEM, text.append(": ").append(std::strerror(why)));
}

bool Watched(int epoll, int fd, uint32_t events, uint64_t data, int how = EPOLL_CTL_ADD) {
  epoll_event event = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(epoll, how, fd, &event) == 0;
}

}  // namespace

Reactor::Reactor(Sockets sockets)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      host_polls_(sockets == Sockets::kHosts),
      no_host_(!host_polls_) {}

Reactor::~Reactor() {
  for (int fd : {wake_, timer_, epoll_}) {
    if (fd >= 0) close(fd);
  }
}

Status Reactor::Create(std::unique_ptr<Reactor>* out, Sockets sockets) {
  std::unique_ptr<Reactor> reactor(new Reactor(sockets));
  if (reactor->epoll_ < 0 || reactor->timer_ < 0 || reactor->wake_ < 0 ||
      !Watched(reactor->epoll_, reactor->timer_, EPOLLIN | EPOLLET, kTimerData) ||
      !Watched(reactor->epoll_, reactor->wake_, EPOLLIN | EPOLLET, kWakeData)) {
    return NoDescriptor("no event loop");
  }
  *out = std::move(reactor);
  return Status::Ok();
}

// ---- watches

uint64_t Reactor::TakePlace(Watch& watch) {
  if (free_place_ == kNone) {
    places_.push_back({nullptr, 1, kNone});
    free_place_ = static_cast<uint32_t>(places_.size() - 1);
  }
  const uint32_t index = free_place_;
  Place& place = places_[index];
  free_place_ = place.next_free;
  place.watch = &watch;
  return uint64_t{place.generation} << 32 | index;
}

void Reactor::FreePlace(uint64_t data) {
  Place& place = places_[Index(data)];
  place.watch = nullptr;
  if (++place.generation == 0) place.generation = 1;
  place.next_free = std::exchange(free_place_, Index(data));
}

Watch* Reactor::Find(uint64_t data) const {
  if (Index(data) >= places_.size()) return nullptr;  // of a host's, any number
  const Place& place = places_[Index(data)];
  return place.generation == Generation(data) ? place.watch : nullptr;
}

Status Reactor::Add(Watch& watch, int fd, uint32_t events) {
  uint64_t data = 0;
  {
    MutexLock lock(mu_);
    data = TakePlace(watch);
    watch.data_ = data;
    watch.level_ = Level(events);
    watch.fd_ = fd;  // before the kernel knows it: the first event may come at once
    watch.events_ = events;
    watch.ours_ = no_host_;
    if (!no_host_) {
      Want(watch);
      return Status::Ok();
    }
  }
  if (Watched(epoll_, fd, events, data)) return Status::Ok();
  const int why = errno;
  {
    MutexLock lock(mu_);
    FreePlace(data);
    watch.fd_ = -1;
  }
  return NoDescriptor("a descriptor cannot be watched", why);
}

Status Reactor::Modify(Watch& watch, uint32_t events) {
  if (host_polls_) {
    MutexLock lock(mu_);
    watch.events_ = events;
    if (!watch.ours_) {
      Want(watch);
      return Status::Ok();
    }
  }
  if (Watched(epoll_, watch.fd_, events, watch.data_, EPOLL_CTL_MOD)) return Status::Ok();
  return NoDescriptor("a descriptor cannot be watched");
}

void Reactor::Remove(Watch& watch) {
  if (!watch.watched()) return;
  bool ours = true;
  {
    MutexLock lock(mu_);
    FreePlace(watch.data_);
    AwaitEnd(&watch);  // it may modify the watch yet
    Unwant(watch);
    ours = watch.ours_;
  }
  if (ours) epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd_, nullptr);  // fails only if it is not in, as wished
  watch.fd_ = -1;
}

/// Whether it may be ready still, and without another event.
bool Reactor::RunWatch(const epoll_event& event) {
  Watch* watch = nullptr;
  bool level = false;
  {
    MutexLock lock(mu_);
    watch = Find(event.data.u64);
    if (!watch) return false;
    Begun(watch);
    level = watch->level_;
  }
  Contained([&] { watch->OnReady(event.events); });
  MutexLock lock(mu_);
  Ended();
  if (host_polls_ && level && Find(event.data.u64) && !watch->ours_) Want(*watch);
  return level;
}

// ---- sockets that the host polls

void Reactor::Want(Watch& watch) {
  if (std::exchange(watch.wanted_, true)) return;
  watch.next_ = nullptr;
  watch.previous_ = std::exchange(last_wanted_, &watch);
  (watch.previous_ ? watch.previous_->next_ : first_wanted_) = &watch;
}

void Reactor::Unwant(Watch& watch) {
  if (!std::exchange(watch.wanted_, false)) return;
  (watch.previous_ ? watch.previous_->next_ : first_wanted_) = watch.next_;
  (watch.next_ ? watch.next_->previous_ : last_wanted_) = watch.previous_;
}

bool Reactor::TakeWanted(Wanted* out) {
  MutexLock lock(mu_);
  Watch* const watch = first_wanted_;
  if (!watch) return false;
  Unwant(*watch);
  *out = {watch->data_, watch->fd_, watch->events_ & uint32_t{EPOLLIN | EPOLLOUT}, watch->lease()};
  return true;
}

/// With the mutex, so that the watch is not removed meanwhile.
Status Reactor::Take(Watch& watch) {
  if (watch.ours_) return Status::Ok();
  if (!Watched(epoll_, watch.fd_, watch.events_, watch.data_)) return NoDescriptor("a descriptor cannot be watched");
  watch.ours_ = true;
  Unwant(watch);
  return Status::Ok();
}

Status Reactor::Poll(uint64_t socket) {
  MutexLock lock(mu_);
  Watch* const watch = Find(socket);
  return watch ? Take(*watch) : Status::Ok();
}

/// What cannot be taken has its deadline.
void Reactor::PollAll() {
  MutexLock lock(mu_);
  if (std::exchange(no_host_, true)) return;
  for (const Place& place : places_) {
    if (place.watch) (void)Take(*place.watch);
  }
}

bool Reactor::RunSocket(uint64_t socket) {
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  asleep_.store(false, std::memory_order_relaxed);
  RunWatch({.events = EPOLLIN, .data = {.u64 = socket}});
  tasks_.RunAll();
  return Rest(false);
}

// ---- timers

void Reactor::Arm() {
  const Nanos when = timers_.earliest();
  if (when >= armed_) return;  // one that was taken away is left to the kernel: it wakes us for nothing, once
  armed_ = when;
  const Nanos set = std::max<Nanos>(when, 1);  // 0 would be never
  itimerspec spec = {.it_value = {.tv_sec = set / kSecond, .tv_nsec = set % kSecond}};
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Reactor::Schedule(Timer& timer, Nanos when) {
  MutexLock lock(mu_);
  timers_.Put(timer, when);
  Arm();
}

void Reactor::ScheduleEarlier(Timer& timer, Nanos when) {
  MutexLock lock(mu_);
  if (when >= TimerHeap::DueOf(timer)) return;
  timers_.Put(timer, when);
  Arm();
}

bool Reactor::Cancel(Timer& timer) {
  MutexLock lock(mu_);
  const bool was_scheduled = timers_.Take(timer);
  AwaitEnd(&timer);
  return was_scheduled;
}

void Reactor::RunTimers() {
  mu_.Lock();
  armed_ = kForever;
  const Nanos now = Now();
  for (int i = 0; i < kTimersPerRound; ++i) {
    Timer* due = timers_.TakeDue(now);
    if (!due) break;
    Begun(due);
    mu_.Unlock();
    Contained([&] { due->OnDue(); });
    mu_.Lock();
    if (awaited_) timers_.Take(*due);  // it has scheduled itself again, but is not wanted
    Ended();
  }
  Arm();
  mu_.Unlock();
}

// ---- a call under way, and who waits for its end

void Reactor::Begun(const void* what) {
  running_ = what;
  awaited_ = false;
}

void Reactor::Ended() {
  running_ = nullptr;
  if (awaited_) ended_.NotifyAll();
}

void Reactor::AwaitEnd(const void* what) {
  if (OnRunningThread()) return;  // from inside that call, or from another one: it is not under way
  while (running_ == what) {
    awaited_ = true;
    ended_.Wait(mu_, Deadline::Never());
  }
}

// ---- tasks

void Reactor::Signal() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void Reactor::Post(Task& task) {
  tasks_.Push(task);
  if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) Signal();
}

// ---- running

/// Waits, then runs one batch of everything. Whether there may be more of which no new event tells.
bool Reactor::RunRound(Deadline deadline) {
  epoll_event events[kBatch];
  int count = 0;
  for (;;) {
    int timeout = deadline.PollMillis();
    if (timeout != 0) asleep_.store(true, std::memory_order_seq_cst);
    if (timeout != 0 && !tasks_.empty()) timeout = 0;
    count = epoll_wait(epoll_, events, kBatch, timeout);
    asleep_.store(false, std::memory_order_relaxed);
    if (count >= 0 || errno != EINTR) break;
  }
  if (count > 0) wakeups_.fetch_add(1, std::memory_order_relaxed);
  bool due = false, more = count == kBatch;
  for (int i = 0; i < count; ++i) {
    if (Generation(events[i].data.u64) != 0) more |= RunWatch(events[i]);
    due |= events[i].data.u64 == kTimerData;
  }
  if (due) RunTimers();
  const bool had_tasks = tasks_.RunAll();
  return more || due || had_tasks;
}

void Reactor::RunOnce(Deadline deadline) {
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  RunRound(deadline);
  runner_.store({}, std::memory_order_relaxed);
}

bool Reactor::Drain(Deadline deadline, uint32_t rounds) {
  runner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  bool more = RunRound(deadline);
  for (uint32_t i = 1; more && i < rounds; ++i) more = RunRound(Deadline::At(0));
  return Rest(more);
}

/// The host polls again. Whether there is more to run.
bool Reactor::Rest(bool more) {
  runner_.store({}, std::memory_order_relaxed);
  asleep_.store(true, std::memory_order_seq_cst);
  // Whatever stopped us, or was posted since, must show on the descriptor: one may poll it edge-triggered.
  if (more || !tasks_.empty()) {
    more = true;
    if (asleep_.exchange(false)) Signal();
  }
  return more;
}

}  // namespace dbp
