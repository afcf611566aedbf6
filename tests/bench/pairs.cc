#include "tests/bench/pairs.h"

#include <chrono>

namespace dbp::bench {

namespace {

constexpr int kRounds = 301;

double TimeRound(const Work& work, int calls) {
  const auto began = std::chrono::steady_clock::now();
  work(calls);
  const auto took = std::chrono::steady_clock::now() - began;
  return std::chrono::duration<double, std::nano>(took).count() / calls;
}

}  // namespace

Paired InTurns(int rounds, const std::function<double()>& ours,
               const std::function<double()>& raw) {
  std::vector<double> ourss, raws, ratios;
  for (int i = 0; i < rounds; ++i) {
    double a = 0, b = 0;
    if (i % 2 == 0) a = raw();
    b = ours();
    if (i % 2 != 0) a = raw();
    raws.push_back(a);
    ourss.push_back(b);
    ratios.push_back(b / a);
  }
  return {Median(ourss), Median(raws), Median(ratios)};
}

void Compare(const std::string& what, Goal goal, int calls, Work raw, Work ours) {
  Once(what, [=]() -> std::vector<Figure> {
    const Paired pair = InTurns(
        Rounds(kRounds), [&] { return TimeRound(ours, calls); },
        [&] { return TimeRound(raw, calls); });
    const double ratio = goal.kind == Goal::kAtLeast ? 1 / pair.ratio : pair.ratio;
    return {{what, "ns", pair.ours, pair.raw, ratio, goal}};
  });
}

void Measure(const std::string& what, Goal goal, int calls, Work ours) {
  Once(what, [=]() -> std::vector<Figure> {
    std::vector<double> samples;
    for (int i = 0; i < Rounds(kRounds); ++i) samples.push_back(TimeRound(ours, calls));
    return {{.what = what, .unit = "ns", .ours = Median(samples), .goal = goal}};
  });
}

}  // namespace dbp::bench
