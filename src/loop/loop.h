#ifndef DBP_LOOP_LOOP_H_
#define DBP_LOOP_LOOP_H_

#include <dbpool/loop.h>
#include <dbpool/types.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/ref_count.h"
#include "base/status.h"
#include "loop/reactor.h"

namespace dbp {

/// Something that owes its caller a callback on a loop. Lives in its owner.
class Pending {
 public:
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  /// The loop is being freed: come to an end soon, as by a cancel, and then Leave(). On the loop's thread,
  /// without a lock, at most once. It may Leave() at once.
  virtual void OnLoopFree() = 0;

 protected:
  Pending() = default;
  /// REQUIRES: it has left its loop.
  ~Pending() = default;

 private:
  friend class Loop;
  Pending *next_ = nullptr, *previous_ = nullptr;
};

/// Something that serves one loop, found by what it is about. It is the loop's thread's alone.
class LoopLocal {
 public:
  explicit LoopLocal(const void* key) : key_(key) {}
  LoopLocal(const LoopLocal&) = delete;
  LoopLocal& operator=(const LoopLocal&) = delete;

 protected:
  ~LoopLocal() = default;

 private:
  friend class Loop;
  const void* const key_;
  LoopLocal* next_local_ = nullptr;
};

/// What the ABI calls dbpool_loop: a reactor that runs the callbacks of asynchronous calls, on a thread of
/// its own or on whoever calls Dispatch().
///
/// Its memory is counted. Who is enrolled may use the reactor until it leaves; Free() waits for that, and
/// nothing runs on the loop after it. So a task is posted, a timer set, a descriptor watched only between
/// Enroll() and Leave(), and all is taken back before the latter. Who posts from another thread holds a
/// reference meanwhile: the task may run, and leave, before Post() has returned.
class Loop {
 public:
  /// `kind`: DBPOOL_LOOP_THREAD, _EXTERNAL or _POLLED. One reference, the caller's, which Free() takes.
  static Status Create(uint32_t kind, Loop** out);
  /// The one loop that the process shares. Lives for ever, not to be freed; its thread starts when somebody
  /// enrolls, and ends when nobody has been for a second.
  static Status Default(Loop** out);

  Loop* Ref() {
    refs_.Add();
    return this;
  }
  void Unref() {
    if (refs_.Drop()) delete this;
  }

  /// DBPOOL_ERR_FORKED in a forked child, DBPOOL_ERR_CLOSED once Free() has begun, DBPOOL_ERR_NOMEM if the
  /// shared loop finds no thread. The caller owes Leave().
  Status Enroll(Pending& pending) DBP_EXCLUDES(mu_);
  /// From any thread, once nothing of its is watched, scheduled or posted. Waits for an OnLoopFree() that has
  /// begun on another thread. The loop may be gone afterwards for who holds no reference.
  void Leave(Pending& pending) DBP_EXCLUDES(mu_);

  /// The same for an Op, of which there may be very many: counted here, found in the table of ops.
  Status EnrollOp() DBP_EXCLUDES(mu_);
  void LeaveOp() DBP_EXCLUDES(mu_);

  /// Reactor::Post() by who is enrolled: that may have left, and the loop have ended, before this returns.
  void Post(Task& task) {
    if (OnLoopThread()) return reactor_->Post(task);
    Ref();
    reactor_->Post(task);
    Unref();
  }

  /// Cancels what is pending, runs its callbacks, ends the thread, and drops the creator's reference. Of a
  /// thread loop the callbacks come on its thread, of an external one on the caller's, unless a Dispatch()
  /// is under way: that one then does it before it returns. Called from inside the loop it only begins
  /// all this; else it returns when nothing is left. In a forked child it does nothing.
  void Free() DBP_EXCLUDES(mu_);

  /// Waits by the deadline for something to run, and runs all of it on the calling thread.
  /// DBPOOL_OK: everything that was ready has run. DBPOOL_PENDING: stopped early, call again.
  /// DBPOOL_ERR_INVALID: it has a thread. DBPOOL_ERR_BUSY: under way already, on this thread or another, or
  /// the loop is being freed. DBPOOL_ERR_FORKED.
  dbpool_status Dispatch(Deadline deadline) DBP_EXCLUDES(mu_);
  /// The same for one socket that the host polls, and without a look at anything else. DBPOOL_ERR_INVALID: not _POLLED.
  dbpool_status Ready(uint64_t socket) DBP_EXCLUDES(mu_);

  // On the loop's thread. Locals live in their owners; who adds one is enrolled until it has been removed.
  LoopLocal* FindLocal(const void* key) const {
    LoopLocal* local = locals_;
    while (local && local->key_ != key) local = local->next_local_;
    return local;
  }
  void AddLocal(LoopLocal& local) { local.next_local_ = std::exchange(locals_, &local); }
  void RemoveLocal(LoopLocal& local) {
    LoopLocal** at = &locals_;
    while (*at != &local) at = &(*at)->next_local_;
    *at = local.next_local_;
  }

  Reactor& reactor() { return *reactor_; }
  uint32_t kind() const { return kind_; }
  /// What an external loop's host polls; -1 for one with a thread.
  int fd() const { return kind_ != DBPOOL_LOOP_THREAD ? reactor_->fd() : -1; }
  bool OnLoopThread() const { return reactor_->OnRunningThread(); }
  bool Forked() const;

 private:
  friend class SharedLoop;
  /// The first task of the end.
  struct Ending final : Task {
    explicit Ending(Loop& owner) : loop(owner) {}
    void Run() override;
    Loop& loop;
    bool begun = false;  ///< the running thread's
  };
  /// Lets the running thread look whether anything is pending still.
  struct Nudge final : Task {
    void Run() override {}
  };

  /// Time for the shared loop's thread to look whether it is needed.
  struct Idle final : Timer {
    void OnDue() override { due = true; }
    bool due = false;  ///< the running thread's
  };

  Loop(uint32_t kind, bool shared, std::unique_ptr<Reactor> reactor);
  ~Loop() = default;

  template <class Run>
  dbpool_status RunHere(Run run) DBP_EXCLUDES(mu_);
  static Status Make(uint32_t kind, bool shared, Loop** out);
  void ThreadMain();
  void SharedThreadMain() DBP_EXCLUDES(mu_);
  bool MayRest() DBP_EXCLUDES(mu_);
  void Finish() DBP_EXCLUDES(mu_);
  Status Admit() DBP_REQUIRES(mu_);
  void Rest() DBP_REQUIRES(mu_);
  bool AnyLocked() const DBP_REQUIRES(mu_) { return pending_ || ops_ > 0; }
  Pending* BeginTelling() DBP_EXCLUDES(mu_);
  void EndTelling() DBP_EXCLUDES(mu_);
  bool AnyPending() DBP_EXCLUDES(mu_);

  // Constant after construction.
  const uint32_t kind_;
  const bool shared_;
  const uint32_t fork_stamp_;
  const std::unique_ptr<Reactor> reactor_;

  RefCount refs_;
  LoopLocal* locals_ = nullptr;  ///< the running thread's
  Ending ending_{*this};
  Nudge nudge_;
  Idle idle_;

  Mutex mu_;
  CondVar changed_;  ///< running_ ended, telling_ ended
  Pending* pending_ DBP_GUARDED_BY(mu_) = nullptr;  ///< the newest first
  Pending* untold_ DBP_GUARDED_BY(mu_) = nullptr;   ///< while freeing: the first of the list that is to be told
  Pending* telling_ DBP_GUARDED_BY(mu_) = nullptr;
  uint32_t ops_ DBP_GUARDED_BY(mu_) = 0;
  bool running_ DBP_GUARDED_BY(mu_);               ///< by its thread, a Dispatch() or Free()
  Nanos idle_since_ DBP_GUARDED_BY(mu_) = 0;       ///< of the shared one
  bool freeing_ DBP_GUARDED_BY(mu_) = false;       ///< nobody enrolls any more
  bool freed_inside_ DBP_GUARDED_BY(mu_) = false;  ///< the creator's reference is the running thread's to drop
};

}  // namespace dbp

#endif  // DBP_LOOP_LOOP_H_
