#include "pool/workers.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <thread>

#include "base/fork.h"
#include "base/mutex.h"
#include "loop/thread.h"

namespace dbp {

/// First come, first served; anyone may step out.
class JobQueue {
 public:
  Job* first() const { return head_; }
  void Push(Job& job) {
    job.prev_ = tail_;
    job.next_ = nullptr;
    (tail_ ? tail_->next_ : head_) = &job;
    tail_ = &job;
    job.queued_ = true;
    ++size_;
  }
  /// Whether it was in.
  bool Remove(Job& job) {
    if (!job.queued_) return false;
    (job.prev_ ? job.prev_->next_ : head_) = job.next_;
    (job.next_ ? job.next_->prev_ : tail_) = job.prev_;
    job.queued_ = false;
    --size_;
    return true;
  }
  uint32_t size() const { return size_; }

 private:
  Job *head_ = nullptr, *tail_ = nullptr;
  uint32_t size_ = 0;
};

namespace {

// Threads are detached and the object is never destroyed: a worker that hangs in getaddrinfo must not
// hold up exit(), and one that ends late must find its mutex.
class Workers final : public ForkAware {
 public:
  static constexpr Nanos kLinger = 1 * kSecond;
  static constexpr uint32_t kMaxThreads = 256;

  explicit Workers(uint32_t most) : most_(most) {}

  bool Run(Job& job) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    queue_.Push(job);
    if (queue_.size() > idle_ && threads_ < most_ && !SpawnLocked() && threads_ == 0) {
      queue_.Remove(job);  // else one of them will come by
      return false;
    }
    wanted_.NotifyOne();
    return true;
  }

  bool Withdraw(Job& job) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return queue_.Remove(job);
  }

 private:
  void InForkedChild() override DBP_REQUIRES(mu_) {
    queue_ = {};
    idle_ = threads_ = 0;
    wanted_.ForgetWaiters();
  }

  bool SpawnLocked() DBP_REQUIRES(mu_) {
    const bool started =
        StartThread("dbpool-worker", [](void* self) { static_cast<Workers*>(self)->Loop(); }, this).ok();
    threads_ += started;
    return started;
  }

  void Loop() DBP_EXCLUDES(mu_) {
    while (Job* job = Take()) job->run(*job);
  }

  Job* Take() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    const Deadline deadline = Deadline::After(kLinger);
    ++idle_;
    while (!queue_.first() && !deadline.Passed()) wanted_.Wait(mu_, deadline);
    --idle_;
    Job* job = queue_.first();
    if (job) {
      queue_.Remove(*job);
    } else {
      --threads_;
    }
    return job;
  }

  const uint32_t most_;
  CondVar wanted_;
  JobQueue queue_ DBP_GUARDED_BY(mu_);
  uint32_t idle_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t threads_ DBP_GUARDED_BY(mu_) = 0;
};

/// Never destroyed, and made without memory: to hand over a job cannot fail.
template <class Tag>
Workers& Only(uint32_t most) {
  alignas(Workers) static std::byte room[sizeof(Workers)];
  static Workers& workers = *new (room) Workers(most);
  return workers;
}

Workers& ForAll() { return Only<struct All>(Workers::kMaxThreads); }
// More than there are processors: a statement may wait for a disk.
Workers& ForStatements() {
  return Only<struct Statements>(std::clamp(std::thread::hardware_concurrency(), 4u, 8u));
}

}  // namespace

bool RunOnWorker(Job& job) { return ForAll().Run(job); }
bool RunStatement(Job& job) { return ForStatements().Run(job); }
bool WithdrawStatement(Job& job) { return ForStatements().Withdraw(job); }

}  // namespace dbp
