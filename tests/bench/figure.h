#ifndef DBP_TESTS_BENCH_FIGURE_H_
#define DBP_TESTS_BENCH_FIGURE_H_

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

// What a program found, and how it is shown: a table for people, Google Benchmark's JSON for
// programs.

namespace dbp::bench {

/// What a figure should reach. A machine with other work to do misses it: it is shown, never
/// enforced.
struct Goal {
  enum Kind { kNone, kAtMost, kAtLeast } kind = kNone;
  double bound = 0;

  bool Met(double value) const {
    return kind == kNone || (kind == kAtMost ? value <= bound : value >= bound);
  }
};
inline Goal AtMost(double bound) {
  return {Goal::kAtMost, bound};
}
inline Goal AtLeast(double bound) {
  return {Goal::kAtLeast, bound};
}

struct Figure {
  std::string what;
  std::string unit;  ///< of ours and raw
  double ours = 0;
  double raw = 0;    ///< 0: nothing to compare with, and the goal is one for `ours`
  double ratio = 0;  ///< what the goal speaks of if there is a raw figure
  Goal goal = {};
};

/// The one in the middle; of an even number, the upper one. REQUIRES: there are some.
double Median(std::vector<double> samples);

/// So many rounds or seconds, or few of them with DBPOOL_BENCH_QUICK=1: to see that a program
/// works.
int Rounds(int full);
double Seconds(double full);

/// One benchmark of Google's under that name, for its filter and its JSON: runs body once.
void Once(const std::string& name, std::function<std::vector<Figure>()> body);

/// Shows the figure in the table and in the JSON of the benchmark that runs.
void Add(benchmark::State& state, const Figure& figure);

/// Runs everything and prints the table.
int Main(int argc, char** argv);

}  // namespace dbp::bench

#endif  // DBP_TESTS_BENCH_FIGURE_H_
