#ifndef DBP_TESTS_BENCH_CROWD_H_
#define DBP_TESTS_BENCH_CROWD_H_

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

// Many threads that do one thing until time is over.

namespace dbp::bench {

struct Turnout {
  double seconds = 0;
  std::vector<uint64_t> counts;  ///< of each thread
  double cpu_seconds = 0;        ///< that all of them were running

  double total() const {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
  }
  double ns_each() const { return seconds * 1e9 / total(); }
  double cpu_ns_each() const { return cpu_seconds * 1e9 / total(); }
  double per_second() const { return total() / seconds; }
  double smallest() const {
    return static_cast<double>(*std::min_element(counts.begin(), counts.end()));
  }
  double largest() const {
    return static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  }
  double mean() const { return total() / static_cast<double>(counts.size()); }
  void Add(const Turnout& other) {
    seconds += other.seconds;
    cpu_seconds += other.cpu_seconds;
    counts.resize(other.counts.size());
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  }
};

/// That the calling thread was running so far.
inline double CpuSeconds() {
  timespec spent = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

/// `threads` threads call work(thread), `batch` times between two looks at the clock, from one
/// moment on until `seconds` later. The last of them may be at its batch for longer: so much the
/// longer it is said to have taken.
template <typename F>
Turnout Crowd(int threads, double seconds, int batch, const F& work) {
  using Clock = std::chrono::steady_clock;
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  Clock::time_point end;  // by go
  Turnout turnout;
  turnout.counts.resize(static_cast<size_t>(threads));
  std::vector<double> spent(turnout.counts.size());
  std::vector<std::thread> crowd;
  for (int t = 0; t < threads; ++t) {
    crowd.emplace_back([&, t] {
      uint64_t count = 0;
      ++ready;
      go.wait(false);
      const double spent_before = CpuSeconds();
      while (Clock::now() < end) {
        for (int i = 0; i < batch; ++i) work(t);
        count += static_cast<uint64_t>(batch);
      }
      turnout.counts[static_cast<size_t>(t)] = count;
      spent[static_cast<size_t>(t)] = CpuSeconds() - spent_before;
    });
  }
  while (ready != threads) std::this_thread::yield();
  const auto began = Clock::now();
  end = began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  go = true;
  go.notify_all();
  for (std::thread& thread : crowd) thread.join();
  turnout.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  turnout.cpu_seconds = std::accumulate(spent.begin(), spent.end(), 0.0);
  return turnout;
}

}  // namespace dbp::bench

#endif  // DBP_TESTS_BENCH_CROWD_H_
