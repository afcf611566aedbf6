#include "cli/demo_steps.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "cli/chart.h"
#include "cli/text.h"
#include "cli/workload.h"

namespace dbp::cli {

namespace {

constexpr size_t kGaugeWidth = 24;

double Share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

double PerSecond(const Progress& progress) {
  return static_cast<double>(progress.done) * 1e9 / static_cast<double>(progress.elapsed);
}

std::string Label(const Look& look, const std::string& text) {
  return "   " + Paint(look, Ink::kBold, PadRight(text, 17));
}

}  // namespace

uint32_t ComparisonThreads() {
  return std::clamp(std::thread::hardware_concurrency(), 2u, kDemoConnections);
}

LoadResult RunComparison(const Look& look, const char* label, const Pool& pool,
                         const ScratchTable& table, int64_t duration) {
  LiveLine live(stdout, look);
  LoadPlan plan = {ComparisonThreads(), duration};
  plan.on_tick = [&](const Progress& now) {
    live.Update(fmt::format("{} {} {:>11} requests/s", Label(look, label),
                            Gauge(look, Share(now.elapsed, duration), kGaugeWidth),
                            Grouped(static_cast<uint64_t>(PerSecond(now)))));
  };
  const LoadResult result =
      RunLoad(plan, *BackToBack(), MakeWork(Workload::kPoint, pool, table.name(), table.rows()));
  live.Finish(fmt::format("{} {:>9} requests in {}   p50 {}   p99 {}", Label(look, label),
                          Grouped(result.latency.count()), Duration(result.elapsed),
                          Duration(result.latency.Quantile(0.5)),
                          Duration(result.latency.Quantile(0.99))));
  return result;
}

LoadResult RunBurst(const Look& look, const Pool& pool, const ScratchTable& table,
                    int64_t duration) {
  LiveLine live(stdout, look);
  LoadPlan plan = {kBurstThreads, duration};
  plan.on_tick = [&](const Progress& now) {
    const dbpool_statistics statistics = pool.Statistics();
    live.Update(fmt::format("{} {} {:>3} leased {:>3} waiting", Label(look, "burst"),
                            Gauge(look, Share(now.elapsed, duration), kGaugeWidth),
                            statistics.leased, statistics.waiting));
  };
  const std::string sql = fmt::format("SELECT name, price FROM {} WHERE id = $1", table.name());
  const Work work = [&](Random& random) {
    const dbpool_value key = IntegerValue(random.Between(1, table.rows()));
    const int64_t began = Now();
    const Lease lease(pool);
    const int64_t waited = Now() - began;
    lease.Query(sql, {&key, 1});
    std::this_thread::sleep_for(std::chrono::nanoseconds(kBurstWork));
    return waited;
  };
  const LoadResult result = RunLoad(plan, *BackToBack(), work);
  live.Finish(fmt::format("   {} requests in {}; wait p50 {}, p99 {}, max {}",
                          Grouped(result.latency.count()), Duration(result.elapsed),
                          Duration(result.wait.Quantile(0.5)), Duration(result.wait.Quantile(0.99)),
                          Duration(result.wait.max())));
  return result;
}

}  // namespace dbp::cli
