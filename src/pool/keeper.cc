#include "pool/keeper.h"

#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "base/fork.h"
#include "base/mutex.h"

namespace dbp {

/// A binary heap of what is kept, by due time; each knows its place, so that rescheduling and removal are
/// O(log n) and allocate nothing.
class Keeper final : public ForkAware {
 public:
  static Keeper& Get() {
    static Keeper& keeper = *new Keeper;  // never destroyed: its thread may outlive main()
    return keeper;
  }

  Status Add(Kept& kept) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    heap_.push_back(&kept);
    kept.place_ = heap_.size() - 1;
    kept.due_ = kForever;
    if (running_) return Status::Ok();
    try {
      std::thread([this] { Loop(); }).detach();
    } catch (const std::exception&) {
      RemoveLocked(kept);
      return Status::Error(DBPOOL_ERR_NOMEM, "no thread for the pool's keeper");
    }
    running_ = true;
    return Status::Ok();
  }

  void Remove(Kept& kept) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (kept.place_ != Kept::kNotKept) RemoveLocked(kept);
    if (heap_.empty()) changed_.NotifyOne();  // the thread may end
    if (ticking_ == &kept && std::this_thread::get_id() == thread_) ticking_ = nullptr;
    while (ticking_ == &kept) ticked_.Wait(mu_, Deadline::Never());
  }

  void Schedule(Kept& kept, Nanos when) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (kept.place_ != Kept::kNotKept) ScheduleLocked(kept, when);
  }

 private:
  void InForkedChild() override DBP_REQUIRES(mu_) {
    for (Kept* kept : heap_) kept->place_ = Kept::kNotKept;  // the parent's pools are not ours
    heap_.clear();
    running_ = false;
    ticking_ = nullptr;
    changed_.ForgetWaiters();
    ticked_.ForgetWaiters();
  }

  void Loop() DBP_EXCLUDES(mu_) {
    mu_.Lock();
    thread_ = std::this_thread::get_id();
    while (!heap_.empty()) {
      Kept& first = *heap_.front();
      if (first.due_ > Now()) {
        changed_.Wait(mu_, Deadline::At(first.due_));
        continue;
      }
      first.due_ = kForever;
      SiftDown(0);
      ticking_ = &first;
      mu_.Unlock();
      const Nanos due = first.Tick();
      mu_.Lock();
      // Removed in its own Tick(), it may be gone; removed by another thread, that one waits for us.
      if (ticking_ == &first && first.place_ != Kept::kNotKept) ScheduleLocked(first, due);
      ticking_ = nullptr;
      ticked_.NotifyAll();
    }
    running_ = false;
    mu_.Unlock();
  }

  void ScheduleLocked(Kept& kept, Nanos when) DBP_REQUIRES(mu_) {
    if (when >= kept.due_) return;
    kept.due_ = when;
    SiftUp(kept.place_);
    if (heap_.front() == &kept) changed_.NotifyOne();
  }

  void RemoveLocked(Kept& kept) DBP_REQUIRES(mu_) {
    const size_t at = std::exchange(kept.place_, Kept::kNotKept);
    Kept* last = heap_.back();
    heap_.pop_back();
    if (last == &kept) return;
    heap_[at] = last;
    last->place_ = at;
    SiftUp(at);
    SiftDown(last->place_);
  }

  void Swap(size_t a, size_t b) DBP_REQUIRES(mu_) {
    std::swap(heap_[a], heap_[b]);
    heap_[a]->place_ = a;
    heap_[b]->place_ = b;
  }
  void SiftUp(size_t at) DBP_REQUIRES(mu_) {
    for (; at > 0 && heap_[at]->due_ < heap_[(at - 1) / 2]->due_; at = (at - 1) / 2) {
      Swap(at, (at - 1) / 2);
    }
  }
  void SiftDown(size_t at) DBP_REQUIRES(mu_) {
    for (;;) {
      size_t least = at;
      for (size_t child : {2 * at + 1, 2 * at + 2}) {
        if (child < heap_.size() && heap_[child]->due_ < heap_[least]->due_) least = child;
      }
      if (least == at) return;
      Swap(at, least);
      at = least;
    }
  }

  CondVar changed_, ticked_;
  std::vector<Kept*> heap_ DBP_GUARDED_BY(mu_);
  bool running_ DBP_GUARDED_BY(mu_) = false;
  Kept* ticking_ DBP_GUARDED_BY(mu_) = nullptr;
  std::thread::id thread_ DBP_GUARDED_BY(mu_);
};

Status KeeperAdd(Kept& kept) { return Keeper::Get().Add(kept); }
void KeeperRemove(Kept& kept) { Keeper::Get().Remove(kept); }
void KeeperSchedule(Kept& kept, Nanos when) { Keeper::Get().Schedule(kept, when); }

}  // namespace dbp
