#include "pool/workers.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <thread>

#include "base/fork.h"
#include "base/mutex.h"
#include "loop/thread.h"

namespace dbp {

namespace {

class Workers;
thread_local Workers* my_workers = nullptr;  ///< whose thread this is

// Threads are detached and the object is never destroyed: a worker that hangs in getaddrinfo must not
// hold up exit(), and one that ends late must find its mutex.
class Workers final : public ForkAware {
 public:
  static constexpr Nanos kLinger = 1 * kSecond;
  static constexpr uint32_t kMaxThreads = 256;

  explicit Workers(uint32_t most) : most_(most) {}

  void Run(Job& job) DBP_EXCLUDES(mu_) {
    job.next = nullptr;
    {
      MutexLock lock(mu_);
      (tail_ ? tail_->next : head_) = &job;
      tail_ = &job;
      ++queued_;
      if (queued_ <= idle_ || Enough() || SpawnLocked()) {
        wanted_.NotifyOne();
        return;
      }
      if (threads_ > 0) return;  // one of them will come by
      head_ = tail_ = nullptr;
      queued_ = 0;
    }
    job.run(job);
  }

  void Blocked() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    ++blocked_;
    if (queued_ > idle_ && !Enough()) SpawnLocked();
  }
  void Unblocked() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    --blocked_;
  }

 private:
  void InForkedChild() override DBP_REQUIRES(mu_) {
    head_ = tail_ = nullptr;
    queued_ = idle_ = threads_ = blocked_ = 0;
    wanted_.ForgetWaiters();
  }

  bool Enough() const DBP_REQUIRES(mu_) {
    return threads_ >= std::min(most_ + blocked_, kMaxThreads);
  }

  bool SpawnLocked() DBP_REQUIRES(mu_) {
    const bool started =
        StartThread("dbpool-worker", [](void* self) { static_cast<Workers*>(self)->Loop(); }, this).ok();
    threads_ += started;
    return started;
  }

  void Loop() DBP_EXCLUDES(mu_) {
    my_workers = this;
    while (Job* job = Take()) job->run(*job);
  }

  Job* Take() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    const Deadline deadline = Deadline::After(kLinger);
    ++idle_;
    while (!head_ && !deadline.Passed()) wanted_.Wait(mu_, deadline);
    --idle_;
    Job* job = head_;
    if (!job) {
      --threads_;
      return nullptr;
    }
    head_ = job->next;
    if (!head_) tail_ = nullptr;
    --queued_;
    return job;
  }

  const uint32_t most_;
  CondVar wanted_;
  Job* head_ DBP_GUARDED_BY(mu_) = nullptr;
  Job* tail_ DBP_GUARDED_BY(mu_) = nullptr;
  uint32_t queued_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t idle_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t threads_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t blocked_ DBP_GUARDED_BY(mu_) = 0;  ///< of them: wait for a statement
};

/// Never destroyed, and made without memory: to hand over a job cannot fail.
template <class Tag>
Workers& Only(uint32_t most) {
  alignas(Workers) static std::byte room[sizeof(Workers)];
  static Workers& workers = *new (room) Workers(most);
  return workers;
}

}  // namespace

void RunOnWorker(Job& job) { Only<struct ForAll>(Workers::kMaxThreads).Run(job); }

void RunStatement(Job& job) {
  // More than there are processors: a statement may wait for a disk.
  Only<struct ForStatements>(std::clamp(std::thread::hardware_concurrency(), 4u, 8u)).Run(job);
}

BlockedOnStatement::BlockedOnStatement() {
  if (my_workers) my_workers->Blocked();
}

BlockedOnStatement::~BlockedOnStatement() {
  if (my_workers) my_workers->Unblocked();
}

}  // namespace dbp
