#include "cli/arrivals.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>
#include <queue>
#include <vector>

namespace dbp::cli {

int64_t Now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

namespace {

class BackToBackArrivals : public Arrivals {
 public:
  void Start(int64_t) override {}
  Request Next() override { return {Now(), 0}; }
  void Done(const Request&, Random&) override {}
  uint64_t Overdue(int64_t) override { return 0; }
};

class RateArrivals : public Arrivals {
 public:
  explicit RateArrivals(double per_second) : gap_(1e9 / per_second) {}

  void Start(int64_t start) override { start_ = start; }
  Request Next() override {
    const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
    return {start_ + static_cast<int64_t>(gap_ * static_cast<double>(number)), 0};
  }
  void Done(const Request&, Random&) override {}
  uint64_t Overdue(int64_t end) override {
    const auto due = static_cast<uint64_t>(static_cast<double>(end - start_) / gap_);
    return due - std::min<uint64_t>(due, next_);
  }

 private:
  const double gap_;
  int64_t start_ = 0;
  std::atomic<uint64_t> next_ = 0;
};

// The user who is due first is served first. A thread that has just put a user back takes the first
// one itself, so no user waits behind threads that sleep for later ones.
class UserArrivals : public Arrivals {
 public:
  UserArrivals(uint32_t users, int64_t think_min, int64_t think_max)
      : users_(users), think_min_(think_min), think_max_(think_max) {}

  void Start(int64_t start) override {
    Random random(users_);
    for (uint32_t user = 0; user < users_; ++user)
      queue_.push({start + random.Between(0, think_max_), user});
  }

  Request Next() override {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) return {INT64_MAX, 0};  // more threads than users
    const Request first = queue_.top();
    queue_.pop();
    return first;
  }

  void Done(const Request& request, Random& random) override {
    const Request next = {Now() + random.Between(think_min_, think_max_), request.user};
    const std::lock_guard lock(mutex_);
    queue_.push(next);
  }

  uint64_t Overdue(int64_t end) override {
    uint64_t count = 0;
    const std::lock_guard lock(mutex_);
    for (; !queue_.empty() && queue_.top().due < end; queue_.pop()) ++count;
    return count;
  }

 private:
  struct Later {
    bool operator()(const Request& a, const Request& b) const { return a.due > b.due; }
  };

  const uint32_t users_;
  const int64_t think_min_, think_max_;
  std::mutex mutex_;
  std::priority_queue<Request, std::vector<Request>, Later> queue_;  // GUARDED_BY(mutex_)
};

}  // namespace

std::unique_ptr<Arrivals> BackToBack() {
  return std::make_unique<BackToBackArrivals>();
}

std::unique_ptr<Arrivals> AtRate(double per_second) {
  return std::make_unique<RateArrivals>(per_second);
}

std::unique_ptr<Arrivals> Users(uint32_t users, int64_t think_min, int64_t think_max) {
  return std::make_unique<UserArrivals>(users, think_min, think_max);
}

}  // namespace dbp::cli
