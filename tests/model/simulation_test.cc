#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/model/simulated_atomic.h"
#include "tests/support/testing.h"

// The simulation itself: it shows what C++ allows to happen, and nothing else. Each test collects
// the outcomes of many schedules.

namespace dbp::model {
namespace {

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

constexpr uint64_t kRuns = kSanitized ? 2'000 : 20'000;

/// "write mine, read yours": what both read.
template <class Write>
std::set<std::string> StoreBuffering(Write write, std::memory_order read) {
  std::set<std::string> seen;
  Simulation simulation;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    SimulatedAtomic<int> x, y;
    int by_a = -1, by_b = -1;
    EXPECT_TRUE(simulation.Run(seed, {[&] {
                                        write(x);
                                        by_a = y.load(read);
                                      },
                                      [&] {
                                        write(y);
                                        by_b = x.load(read);
                                      }}));
    seen.insert(std::to_string(by_a) + std::to_string(by_b));
  }
  return seen;
}

const std::set<std::string> kSequentialOutcomes = {"01", "10", "11"};
const std::set<std::string> kAllOutcomes = {"00", "01", "10", "11"};

TEST(Simulation, NeverLosesBothSequentialStores) {
  const auto store = [](SimulatedAtomic<int>& x) { x.store(1); };
  EXPECT_EQ(StoreBuffering(store, memory_order_seq_cst), kSequentialOutcomes);
  const auto exchange = [](SimulatedAtomic<int>& x) { x.exchange(1); };
  EXPECT_EQ(StoreBuffering(exchange, memory_order_seq_cst), kSequentialOutcomes);
}

TEST(Simulation, LosesBothStoresIfOneSideIsWeaker) {
  const auto store = [](SimulatedAtomic<int>& x) { x.store(1, memory_order_release); };
  EXPECT_EQ(StoreBuffering(store, memory_order_seq_cst), kAllOutcomes);
  const auto exchange = [](SimulatedAtomic<int>& x) { x.exchange(1, std::memory_order_acq_rel); };
  EXPECT_EQ(StoreBuffering(exchange, memory_order_seq_cst), kAllOutcomes);
  const auto sequential = [](SimulatedAtomic<int>& x) { x.store(1); };
  EXPECT_EQ(StoreBuffering(sequential, memory_order_acquire), kAllOutcomes);
}

TEST(Simulation, ShowsWhatWasStoredBeforeAFlag) {
  Simulation simulation;
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    SimulatedAtomic<int> data, flag;
    int flag_seen = -1, data_seen = -1;
    simulation.Run(seed, {[&] {
                            data.store(1, memory_order_relaxed);
                            flag.store(1, memory_order_release);
                          },
                          [&] {
                            flag_seen = flag.load(memory_order_acquire);
                            data_seen = data.load(memory_order_relaxed);
                          }});
    seen.insert(std::to_string(flag_seen) + std::to_string(data_seen));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"00", "01", "11"}));
}

TEST(Simulation, LosesNoUpdateOfAReadModifyWrite) {
  Simulation simulation;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    SimulatedAtomic<uint32_t> count;
    SimulatedAtomic<bool> claimed;
    int owners = 0;
    const auto body = [&] {
      count.fetch_add(1, memory_order_relaxed);
      bool expected = false;
      owners += claimed.compare_exchange_strong(expected, true, memory_order_acquire);
      count.fetch_add(1, memory_order_relaxed);
    };
    EXPECT_TRUE(simulation.Run(seed, {body, body, body}));
    ASSERT_EQ(count.Peek(), 6u);
    ASSERT_EQ(owners, 1);
  }
}

TEST(Simulation, ShowsUnderAMutexWhatWasStoredUnderIt) {
  Simulation simulation;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    SimulatedMutex mutex;
    SimulatedAtomic<int> count;
    const auto body = [&] {
      mutex.Lock();
      count.store(count.load(memory_order_relaxed) + 1, memory_order_relaxed);
      mutex.Unlock();
    };
    EXPECT_TRUE(simulation.Run(seed, {body, body, body}));
    ASSERT_EQ(count.Peek(), 3);
  }
}

TEST(Simulation, SaysWhenEverybodyWaitsForEver) {
  Simulation simulation;
  SimulatedAtomic<int> never, soon;
  EXPECT_FALSE(simulation.Run(1, {[&] { simulation.Await([&] { return never.Peek() == 1; }); },
                                  [&] { soon.store(1, memory_order_relaxed); },
                                  [&] { simulation.Await([&] { return soon.Peek() == 1; }); }}));
  EXPECT_EQ(soon.Peek(), 1);
}

TEST(Simulation, RepeatsARunFromItsSeed) {
  std::string runs[2];
  for (std::string& run : runs) {
    Simulation simulation;
    SimulatedAtomic<int> x;
    const auto body = [&](char name) {
      for (int i = 0; i < 50; ++i) {
        x.store(i, memory_order_relaxed);
        run += name;
      }
    };
    EXPECT_TRUE(simulation.Run(4711, {[&] { body('a'); }, [&] { body('b'); }}));
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_NE(runs[0].find("ab"), std::string::npos);
}

}  // namespace
}  // namespace dbp::model
