#ifndef DBP_TESTS_BENCH_PAIRS_H_
#define DBP_TESTS_BENCH_PAIRS_H_

#include <functional>
#include <string>
#include <utility>

#include "tests/bench/figure.h"

// Figures on a shared machine drift, and a round trip over a socket has two speeds, by where the
// scheduler puts the peer. So things are compared in pairs: short rounds of the one and the other
// in turns, and the ratio is the median of the ratios of neighbouring rounds.

namespace dbp::bench {

/// Does its thing so many times.
using Work = std::function<void(int calls)>;

/// The loop is the work's own, so that a call of 20 ns is not measured with that of a
/// std::function.
template <typename F>
Work Each(F f) {
  return [f = std::move(f)](int calls) mutable {
    for (int i = 0; i < calls; ++i) f();
  };
}

/// Compares ours with raw, `calls` calls a round, in nanoseconds a call. The ratio is ours / raw,
/// or, for a goal AtLeast, how many times faster we are: raw / ours.
void Compare(const std::string& what, Goal goal, int calls, Work raw, Work ours);

/// The same without anything to compare with.
void Measure(const std::string& what, Goal goal, int calls, Work ours);

/// Medians of two figures taken in turns, a pair a round, and of their ratios.
struct Paired {
  double ours, raw, ratio;  ///< ratio: ours / raw
};
Paired InTurns(int rounds, const std::function<double()>& ours, const std::function<double()>& raw);

}  // namespace dbp::bench

#endif  // DBP_TESTS_BENCH_PAIRS_H_
