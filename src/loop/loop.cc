#include "loop/loop.h"

#include <utility>

#include "base/fork.h"
#include "loop/op.h"
#include "loop/thread.h"

namespace dbp {

namespace {

/// Rounds of one Dispatch(): so a host gets its thread back also from those who post without end.
constexpr uint32_t kRounds = 32;
/// How long the shared thread waits for the next who needs it.
constexpr Nanos kLinger = 1 * kSecond;

Status Forked() {
  return Status::Error(DBPOOL_ERR_FORKED, "the loop belongs to the parent process; create one in the child");
}

}  // namespace

/// The process's own loop. A child makes another one; its parent's is left alone.
class SharedLoop final : public ForkAware {
 public:
  static SharedLoop& Get() {
    static SharedLoop& shared = *new SharedLoop;  // never destroyed: its thread outlives main()
    return shared;
  }
  Status Start(Loop** out) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (!loop_) DBP_RETURN_IF_ERROR(Loop::Make(DBPOOL_LOOP_THREAD, true, &loop_));
    *out = loop_;
    return Status::Ok();
  }

 private:
  void InForkedChild() override DBP_REQUIRES(mu_) { loop_ = nullptr; }

  Loop* loop_ DBP_GUARDED_BY(mu_) = nullptr;
};

Loop::Loop(uint32_t kind, bool shared, std::unique_ptr<Reactor> reactor)
    : kind_(kind),
      shared_(shared),
      fork_stamp_(ForkGeneration()),
      reactor_(std::move(reactor)),
      running_(kind == DBPOOL_LOOP_THREAD && !shared) {}

bool Loop::Forked() const { return fork_stamp_ != ForkGeneration(); }

Status Loop::Make(uint32_t kind, bool shared, Loop** out) {
  std::unique_ptr<Reactor> reactor;
  const bool hosts = kind == DBPOOL_LOOP_POLLED;
  DBP_RETURN_IF_ERROR(
      Reactor::Create(&reactor, hosts ? Reactor::Sockets::kHosts : Reactor::Sockets::kOurs));
  *out = new Loop(kind, shared, std::move(reactor));
  return Status::Ok();
}

Status Loop::Create(uint32_t kind, Loop** out) {
  SharedLoop::Get();  // from now on a fork is noticed
  struct Delete {
    void operator()(Loop* made) const { delete made; }
  };
  Loop* loop = nullptr;
  DBP_RETURN_IF_ERROR(Make(kind, false, &loop));
  std::unique_ptr<Loop, Delete> made(loop);
  if (kind == DBPOOL_LOOP_THREAD) {
    loop->Ref();  // the thread's
    DBP_RETURN_IF_ERROR(StartThread(
        "dbpool-loop", [](void* self) { static_cast<Loop*>(self)->ThreadMain(); }, loop));
  }
  *out = made.release();
  return Status::Ok();
}

Status Loop::Default(Loop** out) { return SharedLoop::Get().Start(out); }

void Loop::ThreadMain() {
  while (!ending_.begun) reactor_->RunOnce(Deadline::Never());
  Finish();
  Unref();
}

// ---- the shared thread

void Loop::SharedThreadMain() {
  do {
    reactor_->RunOnce(Deadline::Never());
  } while (!MayRest());
}

bool Loop::MayRest() {
  if (!std::exchange(idle_.due, false)) return false;
  MutexLock lock(mu_);
  if (AnyLocked()) return false;  // the last one to leave sets the timer again
  const Nanos until = idle_since_ + kLinger;
  running_ = Now() < until;
  if (running_) reactor_->Schedule(idle_, until);
  return !running_;
}

// ---- an external loop

dbpool_status Loop::Dispatch(Deadline deadline) {
  if (Forked()) return DBPOOL_ERR_FORKED;
  if (kind_ == DBPOOL_LOOP_THREAD) return DBPOOL_ERR_INVALID;
  return RunHere([&] { return reactor_->Drain(deadline, kRounds); });
}

dbpool_status Loop::Ready(uint64_t socket) {
  if (Forked()) return DBPOOL_ERR_FORKED;
  if (kind_ != DBPOOL_LOOP_POLLED) return DBPOOL_ERR_INVALID;
  return RunHere([&] { return reactor_->RunSocket(socket); });
}

template <class Run>
dbpool_status Loop::RunHere(Run run) {
  {
    MutexLock lock(mu_);
    if (running_ || freeing_) return DBPOOL_ERR_BUSY;
    running_ = true;
  }
  const bool more = run();
  {
    MutexLock lock(mu_);
    if (!freeing_) {
      running_ = false;
      return more ? DBPOOL_PENDING : DBPOOL_OK;
    }
  }
  Finish();
  return DBPOOL_OK;
}

// ---- who is pending

Status Loop::Admit() {
  if (freeing_) return Status::Error(DBPOOL_ERR_CLOSED, "the loop is being freed");
  if (shared_ && !running_) {
    DBP_RETURN_IF_ERROR(StartThread(
        "dbpool-shared", [](void* self) { static_cast<Loop*>(self)->SharedThreadMain(); }, this));
    running_ = true;
  }
  return Status::Ok();
}

Status Loop::Enroll(Pending& pending) {
  if (Forked()) return dbp::Forked();
  MutexLock lock(mu_);
  DBP_RETURN_IF_ERROR(Admit());
  pending.previous_ = nullptr;
  pending.next_ = std::exchange(pending_, &pending);
  if (pending.next_) pending.next_->previous_ = &pending;
  return Status::Ok();
}

Status Loop::EnrollOp() {
  if (Forked()) return dbp::Forked();
  MutexLock lock(mu_);
  DBP_RETURN_IF_ERROR(Admit());
  ++ops_;
  return Status::Ok();
}

void Loop::Leave(Pending& pending) {
  {
    MutexLock lock(mu_);
    if (untold_ == &pending) untold_ = pending.next_;
    (pending.previous_ ? pending.previous_->next_ : pending_) = pending.next_;
    if (pending.next_) pending.next_->previous_ = pending.previous_;
    Rest();
    if (!freeing_ || OnLoopThread()) return;
    while (telling_ == &pending) changed_.Wait(mu_, Deadline::Never());
    if (AnyLocked()) return;
    Ref();  // Finish() waits for this moment, and would take the loop from under us
  }
  reactor_->Post(nudge_);
  Unref();
}

void Loop::LeaveOp() {
  {
    MutexLock lock(mu_);
    --ops_;
    Rest();
    if (!freeing_ || OnLoopThread() || AnyLocked()) return;
    Ref();
  }
  reactor_->Post(nudge_);
  Unref();
}

/// The shared loop's thread may soon.
void Loop::Rest() {
  if (!shared_ || AnyLocked()) return;
  idle_since_ = CoarseNow();
  reactor_->ScheduleEarlier(idle_, idle_since_ + kLinger);
}

bool Loop::AnyPending() {
  MutexLock lock(mu_);
  return AnyLocked();
}

// ---- the end

Pending* Loop::BeginTelling() {
  MutexLock lock(mu_);
  telling_ = untold_;
  if (untold_) untold_ = untold_->next_;
  return telling_;
}

void Loop::EndTelling() {
  MutexLock lock(mu_);
  telling_ = nullptr;
  changed_.NotifyAll();
}

void Loop::Ending::Run() {
  begun = true;
  while (Pending* pending = loop.BeginTelling()) {
    pending->OnLoopFree();
    loop.EndTelling();
  }
  Op::TellLoopFreed(loop);
}

void Loop::Free() {
  if (Forked()) return;
  bool ours = false, inside = false;
  {
    MutexLock lock(mu_);
    freeing_ = true;
    untold_ = pending_;
    freed_inside_ = inside = OnLoopThread();
    ours = !running_;
    running_ = true;
  }
  reactor_->Post(ending_);
  if (inside) return;
  if (ours) Finish();
  {
    MutexLock lock(mu_);
    while (running_) changed_.Wait(mu_, Deadline::Never());
  }
  Unref();
}

/// By whoever runs the loop, after Free() has begun: everything goes on as ever until nothing is pending.
void Loop::Finish() {
  reactor_->PollAll();
  while (!ending_.begun || AnyPending()) reactor_->RunOnce(Deadline::Never());
  bool drop = false;
  {
    MutexLock lock(mu_);
    running_ = false;
    drop = freed_inside_;
    changed_.NotifyAll();
  }
  if (drop) Unref();
}

}  // namespace dbp
