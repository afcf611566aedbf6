#include "cli/load.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <exception>
#include <memory>
#include <sys/prctl.h>
#include <thread>
#include <vector>

#include "cli/api.h"
#include "cli/interrupt.h"

namespace dbp::cli {

namespace {

constexpr int64_t kPauseAfterFailure = 10'000'000;
constexpr int64_t kLongestSleep = 20'000'000;  // how late a stop may be noticed

void SleepUntil(int64_t time) {
  const timespec until = {time / 1'000'000'000, time % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

struct Shared {
  Arrivals& arrivals;
  const Work& work;
  int64_t end;
  std::atomic<bool> stop = false;  // interrupted, or one of us cannot go on

  bool Over() const { return stop.load(std::memory_order_relaxed) || Now() >= end; }
};

// What one thread does and counts. Its own cache lines: the counters are read by the ticker only.
class alignas(64) Worker {
 public:
  Worker(Shared& shared, uint64_t seed) : shared_(shared), random_(seed) {}

  void Run() {
    // Sleeps end when asked, not up to 50 us later: that would be counted as the database's time.
    prctl(PR_SET_TIMERSLACK, 1UL);
    try {
      do {
        const Request request = shared_.arrivals.Next();
        if (!WaitUntilDue(request)) return;
        Serve(request);
        shared_.arrivals.Done(request, random_);
      } while (!shared_.Over());
    } catch (...) {
      fatal_ = std::current_exception();
      shared_.stop = true;
    }
  }

  void AddTo(LoadResult* result) const {
    if (fatal_) std::rethrow_exception(fatal_);
    result->latency.Merge(latency_);
    result->wait.Merge(wait_);
    for (const auto& [status, error] : errors_) {
      ErrorCount& total = result->errors[status];
      if (total.count == 0) total.first = error.first;
      total.count += error.count;
    }
  }

  uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  // False: the time was over first, or the run was stopped.
  bool WaitUntilDue(const Request& request) {
    for (;;) {
      const int64_t now = Now();
      if (shared_.stop) return false;
      if (now >= request.due) return true;
      if (now >= shared_.end) return false;
      SleepUntil(std::min({request.due, now + kLongestSleep, shared_.end}));
    }
  }

  void Serve(const Request& request) {
    try {
      const int64_t waited = shared_.work(random_);
      latency_.Add(Now() - request.due);
      wait_.Add(waited);
      done_.store(done() + 1, std::memory_order_relaxed);
    } catch (const Failure& failure) {
      ErrorCount& error = errors_[failure.status()];
      if (error.count++ == 0) error.first = failure.what();
      failed_.store(failed() + 1, std::memory_order_relaxed);
      SleepUntil(Now() + kPauseAfterFailure);
    }
  }

  Shared& shared_;
  Random random_;
  Histogram latency_, wait_;
  std::map<dbpool_status, ErrorCount> errors_;
  std::exception_ptr fatal_;
  std::atomic<uint64_t> done_ = 0, failed_ = 0;
};

using Workers = std::vector<std::unique_ptr<Worker>>;

void TickUntilOver(const LoadPlan& plan, int64_t start, Shared* shared, const Workers& workers) {
  for (int64_t next = start + plan.tick; !shared->Over();) {
    SleepUntil(std::min({next, shared->end, Now() + kLongestSleep}));
    if (InterruptGuard::Requested()) shared->stop = true;
    const int64_t now = Now();
    if (now < next) continue;
    next += plan.tick;
    Progress progress = {now - start, 0, 0};
    for (const auto& worker : workers) {
      progress.done += worker->done();
      progress.failed += worker->failed();
    }
    plan.on_tick(progress);
  }
}

}  // namespace

uint64_t LoadResult::failed() const {
  uint64_t count = 0;
  for (const auto& [status, error] : errors) count += error.count;
  return count;
}

double LoadResult::per_second() const {
  return elapsed > 0 ? static_cast<double>(latency.count()) * 1e9 / static_cast<double>(elapsed)
                     : 0;
}

LoadResult RunLoad(const LoadPlan& plan, Arrivals& arrivals, const Work& work) {
  const int64_t start = Now();
  Shared shared = {arrivals, work, start + plan.duration};
  Workers workers;
  for (uint32_t i = 0; i < plan.threads; ++i)
    workers.push_back(std::make_unique<Worker>(shared, start + i));
  arrivals.Start(start);
  {
    std::vector<std::jthread> threads;  // joined, whatever way this is left by
    try {
      for (const auto& worker : workers) threads.emplace_back([&worker] { worker->Run(); });
      TickUntilOver(plan, start, &shared, workers);
    } catch (...) {
      shared.stop = true;
      throw;
    }
  }
  LoadResult result;
  result.elapsed = Now() - start;
  result.overdue = arrivals.Overdue(std::min(shared.end, start + result.elapsed));
  for (const auto& worker : workers) worker->AddTo(&result);
  return result;
}

}  // namespace dbp::cli
