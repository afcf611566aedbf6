#include "pairs.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace dbp::bench {

namespace {

constexpr int kRounds = 301;

struct Line {
  std::string what;
  double ours, raw, ratio, goal;  ///< nanoseconds a call; raw 0: nothing to compare with
};

std::vector<Line>& Table() {
  static std::vector<Line> table;
  return table;
}

double Median(std::vector<double> samples) {
  std::nth_element(samples.begin(), samples.begin() + samples.size() / 2, samples.end());
  return samples[samples.size() / 2];
}

double TimeRound(const Work& work, int calls) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - began)
             .count() /
         calls;
}

void Register(const std::string& what, std::function<void(benchmark::State&)> body) {
  benchmark::RegisterBenchmark(what.c_str(), std::move(body))
      ->Iterations(kRounds)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

void Finish(benchmark::State& state, const Line& line) {
  Table().push_back(line);
  state.counters["ours_ns"] = line.ours;
  if (line.raw == 0) return;
  state.counters["raw_ns"] = line.raw;
  state.counters["ratio"] = line.ratio;
}

void PrintTable() {
  std::printf("\n%-28s %12s %12s %8s %8s\n", "medians, ns a call", "ours", "raw", "ratio", "goal");
  for (const Line& line : Table()) {
    if (line.raw == 0) {
      std::printf("%-28s %12.1f %12s %8s %8.0f ns\n", line.what.c_str(), line.ours, "", "",
                  line.goal);
      continue;
    }
    char goal[16] = "-";
    if (line.goal > 0) std::snprintf(goal, sizeof goal, "%.2f", line.goal);
    std::printf("%-28s %12.1f %12.1f %8.3f %8s\n", line.what.c_str(), line.ours, line.raw,
                line.ratio, goal);
  }
}

}  // namespace

void Compare(const std::string& what, double goal, int calls, Work raw, Work ours) {
  Register(what, [=](benchmark::State& state) {
    std::vector<double> raws, ourss, ratios;
    bool raw_first = true;
    for (auto _ : state) {
      double a = 0, b = 0;
      if (raw_first) a = TimeRound(raw, calls);
      b = TimeRound(ours, calls);
      if (!raw_first) a = TimeRound(raw, calls);
      raw_first = !raw_first;
      raws.push_back(a);
      ourss.push_back(b);
      ratios.push_back(b / a);
      state.SetIterationTime(b * calls / 1e9);
    }
    Finish(state, {what, Median(ourss), Median(raws), Median(ratios), goal});
  });
}

void Measure(const std::string& what, double goal_ns, int calls, Work ours) {
  Register(what, [=](benchmark::State& state) {
    std::vector<double> samples;
    for (auto _ : state) {
      samples.push_back(TimeRound(ours, calls));
      state.SetIterationTime(samples.back() * calls / 1e9);
    }
    Finish(state, {what, Median(samples), 0, 0, goal_ns});
  });
}

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  PrintTable();
  return 0;
}

}  // namespace dbp::bench
