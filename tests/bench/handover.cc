#include <sched.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"

// A released connection passes to a thread that sleeps for it. Compared with the least that two
// threads can do to wake each other in turns: a mutex, a flag and a condition variable.

namespace dbp::bench {
namespace {

constexpr int kRounds = 31;
constexpr int kPasses = 1000;  ///< of each thread in a round

/// Where a thread wakes decides more than what woke it: both threads on one core, or each on its
/// own.
void Pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) == 0) return;
  std::perror("sched_setaffinity");
  std::exit(1);
}

/// Nanoseconds of a pass when two threads pass to and fro. give(i) passes to thread i, take(i) is
/// how that one waits for it. A taker is asleep, or, where its waking came first, on its way back:
/// alike for all that are compared.
template <typename Give, typename Take>
double Rally(bool two_cores, const Give& give, const Take& take) {
  const auto began = std::chrono::steady_clock::now();
  std::thread players[2];
  for (int me = 0; me < 2; ++me) {
    players[me] = std::thread([&, me] {
      Pin(two_cores ? me : 0);
      for (int i = 0; i < kPasses; ++i) {
        if (me == 0) give(1);
        take(me);
        if (me == 1) give(0);
      }
    });
  }
  for (std::thread& player : players) player.join();
  const auto took = std::chrono::steady_clock::now() - began;
  return std::chrono::duration<double, std::nano>(took).count() / (2 * kPasses);
}

struct Mailbox {
  std::mutex mu;
  std::condition_variable filled;
  bool full = false;

  void Give() {
    {
      const std::lock_guard lock(mu);
      full = true;
    }
    filled.notify_one();
  }
  void Take() {
    std::unique_lock lock(mu);
    filled.wait(lock, [this] { return full; });
    full = false;
  }
};

double BareHandOver(bool two_cores) {
  Mailbox box[2];
  return Rally(
      two_cores, [&](int to) { box[to].Give(); }, [&](int me) { box[me].Take(); });
}

/// pools[i] has one connection, for which thread i waits; whoever has the turn holds both and gives
/// the other's back.
double PoolHandOver(dbpool* const (&pools)[2], bool two_cores) {
  dbpool_conn lease[2] = {Acquire(pools[0]), Acquire(pools[1])};
  const double took = Rally(
      two_cores, [&](int to) { dbpool_release(lease[to]); },
      [&](int me) { lease[me] = Acquire(pools[me]); });
  for (const dbpool_conn conn : lease) dbpool_release(conn);
  return took;
}

void Register(const std::string& name, bool two_cores) {
  Once(name, [=]() -> std::vector<Figure> {
    dbpool* const pools[2] = {MakePool("sqlite::memory:"), MakePool("sqlite::memory:")};
    const Paired pair = InTurns(
        Rounds(kRounds), [&] { return PoolHandOver(pools, two_cores); },
        [&] { return BareHandOver(two_cores); });
    for (dbpool* pool : pools) dbpool_unref(pool);
    return {{name, "ns", pair.ours, pair.raw, pair.ratio, AtMost(1.3)}};
  });
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  Register("hand_over_one_core", false);
  if (std::thread::hardware_concurrency() > 1) Register("hand_over_two_cores", true);
  return Main(argc, argv);
}
