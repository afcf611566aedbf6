#include <gtest/gtest.h>

#include <string_view>
#include <type_traits>

#include "tests/model/idle_set_world.h"
#include "tests/model/walks.h"
#include "tests/support/testing.h"

// The code that passes connections between threads without a lock, as it is compiled into the
// library, under random schedules and with store buffers. The seed is printed;
// DBPOOL_MODEL_SEED replays it, DBPOOL_MODEL_STEPS makes more of them.

namespace dbp::model {
namespace {

/// What goes wrong under the schedule of this seed; empty if nothing does.
template <template <class> class Atomic>
std::string Walk(Simulation& simulation, uint64_t seed) {
  constexpr int kOperations = 12;
  IdleSetWorld<Atomic> world(simulation);
  const bool all = simulation.Run(
      seed, {[&] { world.Live(0, kOperations); }, [&] { world.Live(1, kOperations); },
             [&] { world.Live(2, kOperations); }});
  if (!all) return "lost wake-up: somebody waits for ever";
  world.CheckEnd();
  return world.broken;
}

#ifdef NDEBUG
constexpr uint64_t kSteps = 50'000'000;
#else
constexpr uint64_t kSteps = kSanitized ? 300'000 : 3'000'000;
#endif

TEST(IdleSetModel, KeepsItsInvariantsUnderRandomSchedules) {
  const Walks walks(kSteps);
  Simulation simulation;
  for (uint64_t seed = walks.seed; simulation.steps() < walks.steps; ++seed) {
    ASSERT_EQ(Walk<SimulatedAtomic>(simulation, seed), "") << "DBPOOL_MODEL_SEED=" << seed;
  }
}

/// Nothing is sequentially consistent with it.
template <class T>
class WeakAtomic : public SimulatedAtomic<T> {
  using Base = SimulatedAtomic<T>;

 public:
  using Base::Base;
  T load(std::memory_order = {}) const { return Base::load(std::memory_order_acquire); }
  void store(T value, std::memory_order = {}) { Base::store(value, std::memory_order_release); }
  T exchange(T value, std::memory_order = {}) {
    return Base::exchange(value, std::memory_order_acq_rel);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order = {},
                               std::memory_order = {}) {
    return Base::compare_exchange_strong(expected, desired, std::memory_order_acq_rel);
  }
};

template <class T, class Weak>
using WeakIf = std::conditional_t<std::is_same_v<T, Weak>, WeakAtomic<T>, SimulatedAtomic<T>>;
template <class T>
using WeakWord = WeakIf<T, uint64_t>;
template <class T>
using WeakGate = WeakIf<T, uint32_t>;
template <class T>
using WeakRecalled = WeakIf<T, uint8_t>;

/// Whether some schedule leads to this.
template <template <class> class Atomic>
bool Finds(std::string_view what) {
  Simulation simulation;
  for (uint64_t seed = 1; seed < 100'000; ++seed) {
    if (Walk<Atomic>(simulation, seed).starts_with(what)) return true;
  }
  return false;
}

TEST(IdleSetModel, FindsWhatIsLostIfWordsAreNotSequentiallyConsistent) {
  EXPECT_TRUE(Finds<WeakWord>("lost wake-up"));
  EXPECT_TRUE(Finds<WeakWord>("a recalled connection stays idle"));
}

TEST(IdleSetModel, FindsTheWakeUpThatIsLostIfTheGateIsNotSequentiallyConsistent) {
  EXPECT_TRUE(Finds<WeakGate>("lost wake-up"));
}

TEST(IdleSetModel, FindsTheRecallThatIsLostIfItIsNotSequentiallyConsistent) {
  EXPECT_TRUE(Finds<WeakRecalled>("a recalled connection stays idle"));
}

}  // namespace
}  // namespace dbp::model
