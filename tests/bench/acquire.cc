#include <memory>

#include "tests/bench/client.h"
#include "tests/bench/crowd.h"
#include "tests/bench/pairs.h"

// What borrowing costs when a connection is there for everyone, and when there are more threads
// than that.

namespace dbp::bench {
namespace {

struct Pair {
  dbpool* pool;
  void operator()(int = 0) const { Release(Acquire(pool)); }
};

/// What any claim and release must do: two compare-and-swaps on a cache line of one's own. The machine's yardstick.
struct TwoSwaps {
  struct alignas(64) Word {
    std::atomic<uint64_t> value{0};
  };
  std::shared_ptr<Word> word = std::make_shared<Word>();
  void operator()() {
    uint64_t now = word->value.load(std::memory_order_relaxed);
    word->value.compare_exchange_strong(now, now + 1);
    word->value.compare_exchange_strong(++now, now + 1);
  }
};

/// What a pair costs `threads` threads and one thread, in neighbouring rounds.
struct Rivals {
  Paired time;  ///< by the clock, of all threads together
  Paired cpu;   ///< that a thread spends running: the same on a busy machine, and blind to waiting
};
Rivals AgainstOne(dbpool* pool, int threads) {
  std::vector<Turnout> many, one;
  for (int i = 0; i < Rounds(41); ++i) {
    many.push_back(Crowd(threads, Seconds(0.1), 100, Pair{pool}));
    one.push_back(Crowd(1, Seconds(0.1), 100, Pair{pool}));
  }
  const auto by = [&](double (Turnout::*cost)() const) {
    size_t m = 0, o = 0;
    return InTurns(
        Rounds(41), [&] { return (many[m++].*cost)(); }, [&] { return (one[o++].*cost)(); });
  };
  return {by(&Turnout::ns_each), by(&Turnout::cpu_ns_each)};
}

/// Every pair was counted by the pool, or what was measured was something else.
void Accounted(dbpool* pool, uint64_t before, const Turnout& turnout) {
  const uint64_t counted = Stats(pool).acquired - before;
  if (counted == static_cast<uint64_t>(turnout.total())) return;
  std::fprintf(stderr, "%.0f pairs, and the pool counted %llu\n", turnout.total(),
               static_cast<unsigned long long>(counted));
  std::exit(1);
}

void Register(dbpool* pool) {
  Measure("acquire_release", AtMost(25), 10'000, Each(Pair{pool}));
  Compare("acquire_release_to_two_swaps", {}, 10'000, Each(TwoSwaps{}), Each(Pair{pool}));
  Once("threads_2", [pool]() -> std::vector<Figure> {
    const auto [time, cpu] = AgainstOne(pool, 2);
    return {{"threads_2_speedup", "ns", time.ours, time.raw, 1 / time.ratio, AtLeast(1.8)},
            {"threads_2_cpu_of_a_pair", "ns", cpu.ours, cpu.raw, cpu.ratio, {}}};
  });
  Once("threads_8", [pool]() -> std::vector<Figure> {
    const auto [time, cpu] = AgainstOne(pool, 8);
    return {{"threads_8_time_of_a_pair", "ns", time.ours, time.raw, time.ratio, AtMost(1)},
            {"threads_8_cpu_of_a_pair", "ns", cpu.ours, cpu.raw, cpu.ratio, {}}};
  });
  Once("threads_64", [pool]() -> std::vector<Figure> {
    const uint64_t before = Stats(pool).acquired;
    const Turnout all = Crowd(64, Seconds(5), 1, Pair{pool});
    Accounted(pool, before, all);
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
