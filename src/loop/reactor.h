#ifndef DBP_LOOP_REACTOR_H_
#define DBP_LOOP_REACTOR_H_

#include <dbpool/types.h>
#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "base/time.h"
#include "loop/task_queue.h"
#include "loop/timer_heap.h"

namespace dbp {

/// Interest in a file descriptor. Lives in its owner, who removes it before it is destroyed.
class Watch {
 public:
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// On the reactor's thread, without a lock. `events`: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
  /// The watch may be modified, removed or destroyed in it.
  virtual void OnReady(uint32_t events) = 0;
  /// The lease whose connection it is, for a host that polls it; 0: none. Under the reactor's mutex.
  virtual dbpool_conn lease() const { return 0; }

  bool watched() const { return fd_ >= 0; }

 protected:
  Watch() = default;
  /// REQUIRES: not watched.
  ~Watch() = default;

 private:
  friend class Reactor;
  int fd_ = -1;
  bool level_ = false;  ///< triggered: it may be ready still after its call
  uint64_t data_ = 0;   ///< place in the reactor's table, and that place's generation

  // Where the host polls; the reactor's mutex guards these.
  uint32_t events_ = 0;
  bool ours_ = false;    ///< the host leaves this one to the epoll
  bool wanted_ = false;  ///< in the list of what the host has not been told
  Watch *next_ = nullptr, *previous_ = nullptr;
};

/// One epoll, its timers and its tasks: everything that waits, on one descriptor. An event allocates nothing.
///
/// One thread at a time runs it (RunOnce, Drain), not always the same. All else is legal from any thread at any time,
/// also from inside OnReady, OnDue and Task::Run. These are called on the running thread, one after the other,
/// never with a lock held.
///
/// Taking away. After Remove(watch) or Cancel(timer) its call does not begin any more, also if its event is
/// already read from the kernel. From another thread than the running one they wait as well for a call of
/// that very watch or timer that has begun: so do not hold a lock then which that call takes. A posted
/// task cannot be taken back.
///
/// Sockets. Who makes a reactor says who polls what is watched: the epoll, or the host, which asks TakeWanted() after
/// each run and each call that may have watched something, and says RunSocket() when it is ready. The rest (timers,
/// tasks, and what the host leaves to us by Poll()) shows on fd() in either case.
///
/// A reactor belongs to the process that made it: an epoll is shared with forked children, so these must
/// leave it alone altogether. Its owner sees to that.
class Reactor {
 public:
  enum class Sockets : uint8_t { kOurs, kHosts };
  /// DBPOOL_ERR_NOMEM if the process has no descriptor to spare.
  static Status Create(std::unique_ptr<Reactor>* out, Sockets sockets = Sockets::kOurs);
  /// REQUIRES: nobody runs it; nothing watched, scheduled or posted.
  ~Reactor();

  /// `events` as of epoll_ctl: level unless EPOLLET; EPOLLONESHOT is armed again by Modify().
  /// An epoll holds a descriptor once.
  Status Add(Watch& watch, int fd, uint32_t events) DBP_EXCLUDES(mu_);
  /// REQUIRES: watched, the descriptor still open; triggered as it was added. By one thread at a time per watch.
  Status Modify(Watch& watch, uint32_t events) DBP_EXCLUDES(mu_);
  /// Harmless twice. REQUIRES: the descriptor is open, and still what was added: a number may be used again.
  void Remove(Watch& watch) DBP_EXCLUDES(mu_);

  /// Due at `when`, earlier or later than it was; kForever is never. Cannot fail. O(log n).
  void Schedule(Timer& timer, Nanos when) DBP_EXCLUDES(mu_);
  /// Due at `when` if that is earlier than it was.
  void ScheduleEarlier(Timer& timer, Nanos when) DBP_EXCLUDES(mu_);
  /// Whether it was scheduled: if so, OnDue() has not been called for it. Harmless twice. O(log n).
  bool Cancel(Timer& timer) DBP_EXCLUDES(mu_);

  /// Runs it on the running thread, in the order of posting. Cannot fail. Costs a system call at most if
  /// the reactor sleeps, and then once for all that is posted until it wakes.
  void Post(Task& task);
  /// Waits until something is ready or the deadline has passed, then runs what is ready. For a thread that does
  /// nothing else, again and again. REQUIRES: nobody runs it.
  void RunOnce(Deadline deadline);
  /// The same for who polls fd(), and then runs also what became ready meanwhile: `rounds` times at most,
  /// at least one. True: there may be more, and fd() is readable. REQUIRES: nobody runs it.
  bool Drain(Deadline deadline, uint32_t rounds);

  // For a host that polls.
  struct Wanted {
    uint64_t socket;  ///< names it, once
    int fd;
    uint32_t events;  ///< EPOLLIN, EPOLLOUT
    dbpool_conn lease;
  };
  /// A socket that is to be polled and has not been told yet, oldest first; false: none.
  bool TakeWanted(Wanted* out) DBP_EXCLUDES(mu_);
  /// It is ready, or not wanted any more, which is harmless: its watch's call, and tasks. As Drain() otherwise.
  bool RunSocket(uint64_t socket) DBP_EXCLUDES(mu_);
  /// The host cannot poll it: the epoll does, from now on and until its watch is removed.
  Status Poll(uint64_t socket) DBP_EXCLUDES(mu_);
  /// The host is gone: the epoll has all of them, and those to come.
  void PollAll() DBP_EXCLUDES(mu_);

  /// The epoll: readable when there is something to run. Only to poll it.
  int fd() const { return epoll_; }
  /// Whether the caller is run by this reactor.
  bool OnRunningThread() const {
    return runner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// How often a wait ended because something was ready.
  uint64_t wakeups() const { return wakeups_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Place {
    Watch* watch;  ///< NULL: free
    uint32_t generation;
    uint32_t next_free;
  };

  explicit Reactor(Sockets sockets);
  bool RunRound(Deadline deadline);
  bool RunWatch(const epoll_event& event) DBP_EXCLUDES(mu_);
  bool Rest(bool more);
  void RunTimers() DBP_EXCLUDES(mu_);
  void Signal();
  void Arm() DBP_REQUIRES(mu_);
  void Begun(const void* what) DBP_REQUIRES(mu_);
  void Ended() DBP_REQUIRES(mu_);
  void AwaitEnd(const void* what) DBP_REQUIRES(mu_);
  uint64_t TakePlace(Watch& watch) DBP_REQUIRES(mu_);
  void FreePlace(uint64_t data) DBP_REQUIRES(mu_);
  Watch* Find(uint64_t data) const DBP_REQUIRES(mu_);
  Status Take(Watch& watch) DBP_REQUIRES(mu_);
  void Want(Watch& watch) DBP_REQUIRES(mu_);
  void Unwant(Watch& watch) DBP_REQUIRES(mu_);

  const int epoll_, timer_, wake_;
  const bool host_polls_;

  // Own synchronization. See the .cc for asleep_.
  TaskQueue tasks_;
  std::atomic<bool> asleep_{true};
  std::atomic<std::thread::id> runner_{};
  std::atomic<uint64_t> wakeups_{0};

  /// Of all system calls only timerfd_settime, and Take()'s epoll_ctl, are made under it; neither blocks.
  Mutex mu_;
  CondVar ended_;
  std::vector<Place> places_ DBP_GUARDED_BY(mu_);
  uint32_t free_place_ DBP_GUARDED_BY(mu_) = kNone;
  bool no_host_ DBP_GUARDED_BY(mu_);  ///< or none any more
  Watch *first_wanted_ DBP_GUARDED_BY(mu_) = nullptr, *last_wanted_ DBP_GUARDED_BY(mu_) = nullptr;
  TimerHeap timers_ DBP_GUARDED_BY(mu_);
  Nanos armed_ DBP_GUARDED_BY(mu_) = kForever;  ///< what the kernel's timer is set to
  const void* running_ DBP_GUARDED_BY(mu_) = nullptr;  ///< the watch or timer whose call has begun
  bool awaited_ DBP_GUARDED_BY(mu_) = false;           ///< somebody waits for its end, who took it away
};

}  // namespace dbp

#endif  // DBP_LOOP_REACTOR_H_
