#include "tests/bench/figure.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace dbp::bench {

namespace {

std::vector<Figure>& Table() {
  static std::vector<Figure> table;
  return table;
}

bool Quick() {
  static const bool quick = std::getenv("DBPOOL_BENCH_QUICK") != nullptr;
  return quick;
}

double Judged(const Figure& figure) {
  return figure.raw == 0 ? figure.ours : figure.ratio;
}

std::string Number(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// Widths that keep three digits of a small figure and all of a large one.
std::string Short(double value) {
  return Number(value, value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f");
}

void PrintTable() {
  std::printf("\n%-40s %11s %11s %-7s %7s %9s\n", "figure (medians of rounds)", "ours", "raw",
              "unit", "ratio", "goal");
  for (const Figure& figure : Table()) {
    const bool compared = figure.raw != 0;
    const char* sign = figure.goal.kind == Goal::kAtMost ? "<= " : ">= ";
    const bool aimed = figure.goal.kind != Goal::kNone;
    std::printf("%-40s %11s %11s %-7s %7s %9s%s\n", figure.what.c_str(), Short(figure.ours).c_str(),
                compared ? Short(figure.raw).c_str() : "", figure.unit.c_str(),
                compared ? Number(figure.ratio, "%.3f").c_str() : "",
                aimed ? (sign + Number(figure.goal.bound, "%.4g")).c_str() : "",
                !aimed                            ? ""
                : figure.goal.Met(Judged(figure)) ? "  met"
                                                  : "  MISSED");
  }
}

}  // namespace

double Median(std::vector<double> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

int Rounds(int full) {
  return Quick() ? std::max(3, full / 20) : full;
}
double Seconds(double full) {
  return Quick() ? full / 10 : full;
}

void Once(const std::string& name, std::function<std::vector<Figure>()> body) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [body = std::move(body)](benchmark::State& state) {
                                 for (auto _ : state) {
                                   for (const Figure& figure : body()) Add(state, figure);
                                 }
                               })
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

void Add(benchmark::State& state, const Figure& figure) {
  Table().push_back(figure);
  const std::string prefix = figure.what + ".";
  state.counters[prefix + "ours_" + figure.unit] = figure.ours;
  if (figure.raw != 0) {
    state.counters[prefix + "raw_" + figure.unit] = figure.raw;
    state.counters[prefix + "ratio"] = figure.ratio;
  }
  if (figure.goal.kind == Goal::kNone) return;
  state.counters[prefix + "goal"] = figure.goal.bound;
  state.counters[prefix + "met"] = figure.goal.Met(Judged(figure)) ? 1 : 0;
}

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  PrintTable();
  return 0;
}

}  // namespace dbp::bench
