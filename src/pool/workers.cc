#include "pool/workers.h"

#include <system_error>
#include <thread>

#include "base/fork.h"
#include "base/mutex.h"

namespace dbp {

namespace {

// Threads are detached and the object is never destroyed: a worker that hangs in getaddrinfo must not
// hold up exit(), and one that ends late must find its mutex.
class Workers final : public ForkAware {
 public:
  static constexpr Nanos kLinger = 1 * kSecond;
  static constexpr uint32_t kMaxThreads = 256;

  void Run(Job& job) DBP_EXCLUDES(mu_) {
    job.next = nullptr;
    {
      MutexLock lock(mu_);
      (tail_ ? tail_->next : head_) = &job;
      tail_ = &job;
      ++queued_;
      if (queued_ <= idle_ || threads_ >= kMaxThreads || SpawnLocked()) {
        wanted_.NotifyOne();
        return;
      }
      if (threads_ > 0) return;  // one of them will come by
      head_ = tail_ = nullptr;
      queued_ = 0;
    }
    job.run(job);
  }

 private:
  void InForkedChild() override DBP_REQUIRES(mu_) {
    head_ = tail_ = nullptr;
    queued_ = idle_ = threads_ = 0;
    wanted_.ForgetWaiters();
  }

  bool SpawnLocked() DBP_REQUIRES(mu_) {
    try {
      std::thread([this] { Loop(); }).detach();
      ++threads_;
      return true;
    } catch (const std::exception&) {  // no thread, or no memory for one
      return false;
    }
  }

  void Loop() DBP_EXCLUDES(mu_) {
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

  CondVar wanted_;
  Job* head_ DBP_GUARDED_BY(mu_) = nullptr;
  Job* tail_ DBP_GUARDED_BY(mu_) = nullptr;
  uint32_t queued_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t idle_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t threads_ DBP_GUARDED_BY(mu_) = 0;
};

}  // namespace

void RunOnWorker(Job& job) {
  static Workers& workers = *new Workers;
  workers.Run(job);
}

}  // namespace dbp
