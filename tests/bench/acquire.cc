#include "tests/bench/client.h"
#include "tests/bench/crowd.h"
#include "tests/bench/pairs.h"

// What borrowing costs when a connection is there for everyone, and when there are more threads
// than that.

namespace dbp::bench {
namespace {

struct Pair {
  dbpool* pool;
  void operator()(int = 0) const { dbpool_release(Acquire(pool)); }
};

/// Time a pair takes, of all threads together, against one thread's in the neighbouring round.
Paired AgainstOne(dbpool* pool, int threads) {
  const Pair pair{pool};
  return InTurns(
      Rounds(41), [&] { return Crowd(threads, Seconds(0.1), 100, pair).ns_each(); },
      [&] { return Crowd(1, Seconds(0.1), 100, pair).ns_each(); });
}

void Register(dbpool* pool) {
  Measure("acquire_release", AtMost(25), 10'000, Each(Pair{pool}));
  Once("threads_2", [pool]() -> std::vector<Figure> {
    const Paired pair = AgainstOne(pool, 2);
    return {{"threads_2_speedup", "ns", pair.ours, pair.raw, 1 / pair.ratio, AtLeast(1.8)}};
  });
  Once("threads_8", [pool]() -> std::vector<Figure> {
    const Paired pair = AgainstOne(pool, 8);
    return {{"threads_8_time_of_a_pair", "ns", pair.ours, pair.raw, pair.ratio, AtMost(1)}};
  });
  Once("threads_64", [pool]() -> std::vector<Figure> {
    const Turnout all = Crowd(64, Seconds(5), 1, Pair{pool});
    return {{.what = "threads_64_pair", .unit = "ns", .ours = all.ns_each()},
            {"threads_64_smallest_share", "pairs", all.smallest(), all.mean(),
             all.smallest() / all.mean(), AtLeast(0.5)}};
  });
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  dbpool* pool = MakePool("sqlite::memory:", {{"pool_size", "8"}});
  Register(pool);
  const int status = Main(argc, argv);
  dbpool_unref(pool);
  return status;
}
