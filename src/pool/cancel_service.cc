#include "pool/cancel_service.h"

#include <list>
#include <utility>

#include "base/fork.h"
#include "base/mutex.h"
#include "loop/thread.h"

namespace dbp {

namespace {

class CancelService final : public ForkAware {
 public:
  static constexpr uint32_t kThreads = 2;
  static constexpr Nanos kLinger = 1 * kSecond;

  static CancelService& Get() {
    static CancelService& service = *new CancelService;
    return service;
  }

  void Send(std::shared_ptr<CancelLine> line) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (line->queued) return;
    // Announced first, looked at second; AwaitCancels() does the opposite.
    ++line->in_flight;
    if (line->draining) {
      --line->in_flight;
      return;
    }
    try {
      queue_.push_back(line);
    } catch (...) {
      --line->in_flight;
      throw;
    }
    line->queued = true;
    if (idle_ >= queue_.size()) {
      wanted_.NotifyOne();
    } else if (threads_ < kThreads && !SpawnLocked() && threads_ == 0) {
      --line->in_flight;
      line->queued = false;
      queue_.pop_back();  // no thread to be had: the statement runs into its deadline
    }
  }

  bool Await(CancelLine& line, Deadline deadline) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    while (line.in_flight > 0 && !deadline.Passed()) done_.Wait(mu_, deadline);
    return line.in_flight == 0;
  }

  bool Watch(CancelLine& line, CancelWatcher& watcher) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (line.in_flight == 0) return false;
    line.watcher = &watcher;
    line.draining = true;
    return true;
  }

  bool Unwatch(CancelLine& line) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    line.draining = false;
    return std::exchange(line.watcher, nullptr) != nullptr;
  }

 private:
  void InForkedChild() override DBP_REQUIRES(mu_) {
    queue_.clear();  // they meant the parent's statements
    threads_ = idle_ = 0;
    wanted_.ForgetWaiters();
    done_.ForgetWaiters();
  }

  bool SpawnLocked() DBP_REQUIRES(mu_) {
    const bool started =
        StartThread("dbpool-cancel", [](void* self) { static_cast<CancelService*>(self)->Loop(); }, this).ok();
    threads_ += started;
    return started;
  }

  void Loop() DBP_EXCLUDES(mu_) {
    mu_.Lock();
    for (;;) {
      const Deadline deadline = Deadline::After(kLinger);
      ++idle_;
      while (queue_.empty() && !deadline.Passed()) wanted_.Wait(mu_, deadline);
      --idle_;
      if (queue_.empty()) break;
      std::shared_ptr<CancelLine> line = std::move(queue_.front());
      queue_.pop_front();
      line->queued = false;
      mu_.Unlock();
      line->canceller->Cancel();
      mu_.Lock();
      CancelWatcher* watcher = nullptr;
      if (--line->in_flight == 0) {
        watcher = std::exchange(line->watcher, nullptr);
        if (watcher) line->draining = false;
      }
      done_.NotifyAll();
      mu_.Unlock();
      if (watcher) watcher->OnNoneInFlight();
      line.reset();  // perhaps the last one: not under the lock
      mu_.Lock();
    }
    --threads_;
    mu_.Unlock();
  }

  CondVar wanted_, done_;
  std::list<std::shared_ptr<CancelLine>> queue_ DBP_GUARDED_BY(mu_);
  uint32_t threads_ DBP_GUARDED_BY(mu_) = 0;
  uint32_t idle_ DBP_GUARDED_BY(mu_) = 0;
};

}  // namespace

void SendCancel(std::shared_ptr<CancelLine> line) {
  if (line->canceller->may_block()) {
    CancelService::Get().Send(std::move(line));
  } else {
    line->canceller->Cancel();
  }
}

bool WatchCancels(CancelLine& line, CancelWatcher& watcher) {
  return line.in_flight > 0 && CancelService::Get().Watch(line, watcher);
}

bool UnwatchCancels(CancelLine& line) { return CancelService::Get().Unwatch(line); }

bool AwaitCancels(CancelLine& line, Deadline deadline) {
  if (line.in_flight == 0) return true;
  line.draining = true;
  const bool none = CancelService::Get().Await(line, deadline);
  line.draining = false;
  return none;
}

}  // namespace dbp
