#ifndef DBP_BASE_MUTEX_H_
#define DBP_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>

#include "base/time.h"

// std::mutex and std::condition_variable with clang's thread-safety annotations, and waits on the
// monotonic clock (pthread_cond_clockwait: glibc 2.30, gcc 10).

#if defined(__clang__)
#define DBP_TSA(x) __attribute__((x))
#else
#define DBP_TSA(x)
#endif
#define DBP_GUARDED_BY(x) DBP_TSA(guarded_by(x))
#define DBP_REQUIRES(...) DBP_TSA(requires_capability(__VA_ARGS__))
#define DBP_EXCLUDES(...) DBP_TSA(locks_excluded(__VA_ARGS__))

namespace dbp {

class DBP_TSA(capability("mutex")) Mutex {
 public:
  void Lock() DBP_TSA(acquire_capability()) { mu_.lock(); }
  void Unlock() DBP_TSA(release_capability()) { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

class DBP_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mu) DBP_TSA(acquire_capability(mu)) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() DBP_TSA(release_capability()) { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

class CondVar {
 public:
  /// Returns when signalled, at the deadline, or for no reason: callers loop over their condition.
  void Wait(Mutex& mu, Deadline deadline) DBP_REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    if (deadline.never()) {
      cv_.wait(lock);
    } else {
      using Clock = std::chrono::steady_clock;
      cv_.wait_until(lock, Clock::time_point(std::chrono::nanoseconds(deadline.point())));
    }
    lock.release();
  }
  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }
  /// In a forked child: glibc counts the threads that wait, and would wait for them, who are no more.
  void ForgetWaiters() { new (&cv_) std::condition_variable; }

 private:
  std::condition_variable cv_;
};

}  // namespace dbp

#endif  // DBP_BASE_MUTEX_H_
