#include <semaphore.h>

#include <deque>
#include <mutex>

#include "tests/bench/client.h"
#include "tests/bench/crowd.h"
#include "tests/bench/figure.h"

// 64 threads on 4 connections that each need for 20 us or 200 us of computing: what the queue costs
// and whether it is fair. Compared with the least a fair queue can be: a list of semaphores, one
// per waiter, and no pool around it.

namespace dbp::bench {
namespace {

constexpr int kThreads = 64;
constexpr int kConnections = 4;
constexpr int kRounds = 5;
constexpr double kRoundSeconds = 2;  ///< five rounds: shares over 10 s

/// So many permits, given to those who wait in the order they came.
class BareFifo {
 public:
  void Acquire() {
    Waiter waiter;
    {
      const std::lock_guard lock(mu_);
      if (free_ > 0) {
        --free_;
        return;
      }
      sem_init(&waiter.given, 0, 0);
      waiters_.push_back(&waiter);
    }
    while (sem_wait(&waiter.given) != 0) {
    }
    sem_destroy(&waiter.given);
  }
  void Release() {
    Waiter* next = nullptr;
    {
      const std::lock_guard lock(mu_);
      if (waiters_.empty()) {
        ++free_;
        return;
      }
      next = waiters_.front();
      waiters_.pop_front();
    }
    sem_post(&next->given);
  }

 private:
  struct Waiter {
    sem_t given;
  };
  std::mutex mu_;
  int free_ = kConnections;
  std::deque<Waiter*> waiters_;
};

using Clock = std::chrono::steady_clock;

/// Work is a number of steps and no time: a thread that was not running has done nothing.
void Compute(int64_t steps) {
  for (int64_t i = 0; i < steps; ++i) benchmark::DoNotOptimize(i);
}

double NanosPerStep() {
  constexpr int64_t kSteps = 1'000'000;
  double best = 1e9;
  for (int i = 0; i < 50; ++i) {
    const auto began = Clock::now();
    Compute(kSteps);
    best = std::min(
        best, std::chrono::duration<double, std::nano>(Clock::now() - began).count() / kSteps);
  }
  return best;
}

struct Side {
  Turnout turnout;
  std::vector<std::vector<float>> waits{kThreads};  ///< microseconds, by thread

  /// One more round. borrow() and give_back() enclose the work.
  template <typename Borrow, typename GiveBack>
  double Round(int64_t steps, const Borrow& borrow, const GiveBack& give_back) {
    const Turnout round = Crowd(kThreads, Seconds(kRoundSeconds), 1, [&](int thread) {
      const auto began = Clock::now();
      const auto lease = borrow();
      const auto waited = Clock::now() - began;
      Compute(steps);
      give_back(lease);
      waits[static_cast<size_t>(thread)].push_back(
          std::chrono::duration<float, std::micro>(waited).count());
    });
    turnout.Add(round);
    return round.per_second();
  }

  double Evenness() const { return turnout.smallest() / turnout.largest(); }
  /// The wait that 1 of 100 exceeds, in mean waits.
  double Tail() const {
    std::vector<float> all;
    for (const auto& of_thread : waits) all.insert(all.end(), of_thread.begin(), of_thread.end());
    double sum = 0;
    for (const float wait : all) sum += wait;
    const auto p99 = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 99 / 100);
    std::nth_element(all.begin(), p99, all.end());
    return *p99 / (sum / static_cast<double>(all.size()));
  }
};

std::vector<Figure> Compete(dbpool* pool, const std::string& name, double work_us) {
  const auto steps = static_cast<int64_t>(work_us * 1000 / NanosPerStep());
  BareFifo fifo;
  Side ours, bare;
  std::vector<double> our_rates, bare_rates, ratios;
  for (int i = 0; i < kRounds; ++i) {
    const auto bare_round = [&] {
      bare_rates.push_back(bare.Round(
          steps, [&] { return fifo.Acquire(), 0; }, [&](int) { fifo.Release(); }));
    };
    if (i % 2 == 0) bare_round();
    our_rates.push_back(ours.Round(
        steps, [&] { return Acquire(pool); }, [](dbpool_conn conn) { dbpool_release(conn); }));
    if (i % 2 != 0) bare_round();
    ratios.push_back(our_rates.back() / bare_rates.back());
  }
  return {
      {name + "_rate", "1/s", Median(our_rates), Median(bare_rates), Median(ratios), AtLeast(0.95)},
      {.what = name + "_smallest_of_largest_share",
       .unit = "",
       .ours = ours.Evenness(),
       .goal = AtLeast(0.9)},
      {.what = name + "_same_of_bare_fifo", .unit = "", .ours = bare.Evenness()},
      {.what = name + "_p99_wait_of_mean", .unit = "", .ours = ours.Tail(), .goal = AtMost(2)},
      {.what = name + "_same_of_bare_fifo_p99", .unit = "", .ours = bare.Tail()}};
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  dbpool* pool = MakePool("sqlite::memory:", {{"pool_size", "4"}, {"acquire_timeout", "60s"}});
  Once("work_20us", [pool] { return Compete(pool, "work_20us", 20); });
  Once("work_200us", [pool] { return Compete(pool, "work_200us", 200); });
  const int status = Main(argc, argv);
  dbpool_unref(pool);
  return status;
}
