#include <gtest/gtest.h>

#include <random>

#include "tests/model/walks.h"
#include "tests/model/world.h"

// Random walks through the scheduler. The model plays everybody: callers, borrowers, the server, the
// keeper; time jumps. Invariants are checked after every step.
// The seed is printed; DBPOOL_MODEL_SEED replays it, DBPOOL_MODEL_STEPS makes the walk longer.

namespace dbp {
namespace {

class RandomWorld : public World {
 public:
  RandomWorld(const Config& config, bool first_alone, uint64_t seed)
      : World(config, first_alone, seed), random_(seed) {}

  void Step() {
    now_ += Pick(20) == 0 ? Nanos(Pick(90)) * kSecond : Nanos(Pick(1000)) * kMicrosecond;
    switch (Pick(22)) {
      case 0: case 1: case 2: case 3:
        Acquire(Pick(8) != 0); break;
      case 4: case 5: case 6: case 7:
        EndAnyLease(); break;
      case 8: case 9:
        EndAnyOpen(); break;
      case 10: case 11:
        if (!closing_.empty()) Closed(Any(closing_));
        break;
      case 12:
        if (!checking_.empty()) {
          Checked(Any(checking_), Pick(4) == 0 ? CloseReason{DBPOOL_CLOSED_PING} : kKeep);
        }
        break;
      case 13:
        if (!waiting_.empty()) GiveUp(Any(waiting_), /*timed_out=*/Pick(2) == 0);
        break;
      case 14:
        if (scheduler_.next_tick() <= now_) Tick();
        break;
      case 15:
        Rarely(); break;
      case 16: case 17:
        AcquireFast(Pick(8)); break;
      case 18: case 19:
        if (!leased_.empty()) ReleaseFast(Any(leased_));
        break;
      case 20:
        if (!publishing_.empty()) Publish(Any(publishing_));
        break;
      case 21:
        if (!published_.empty()) LookAgain(Any(published_));
        break;
    }
    Drain();
    Check();
  }

 private:
  uint32_t Pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  template <class List>
  size_t Any(const List& list) {
    return Pick(static_cast<uint32_t>(list.size()));
  }

  void EndAnyLease() {
    if (leased_.empty()) return;
    const size_t which = Any(leased_);
    const uint32_t dice = Pick(12);
    if (dice == 0) {
      Retry(which);
    } else if (dice == 1) {
      Reject(which);
    } else {
      const CloseReason verdict = dice == 2 ? CloseReason{DBPOOL_CLOSED_BROKEN} : kKeep;
      Release(which, verdict, dice == 3 ? now_ + kSecond : kForever);
    }
  }

  void EndAnyOpen() {
    if (opening_.empty()) return;
    const size_t which = Any(opening_);
    const uint32_t dice = Pick(6);
    if (dice == 0) {
      OpenFailed(which, DBPOOL_ERR_CONNECT, false);
    } else if (dice == 1 && Pick(4) == 0) {
      OpenFailed(which, DBPOOL_ERR_AUTH, true);
    } else {
      Opened(which);
    }
  }

  void Rarely() {
    if (Pick(40) == 0) scheduler_.Invalidate(now_);
    if (Pick(10) == 0 && !heads_.empty()) HungUp(static_cast<uint32_t>(Any(heads_)));
    if (Pick(40) == 0) {
      const uint32_t pool_size = 1 + Pick(6);
      Resize(pool_size, Pick(4));
    }
    if (Pick(300) == 0 && !scheduler_.closed()) scheduler_.Close(now_);  // the walk goes on
  }

  std::mt19937_64 random_;
};

Config AnyConfig(std::mt19937_64& random) {
  Config config;
  config.pool_size = 1 + random() % 4;
  config.max_overflow = random() % 3;
  config.min_size = random() % (config.pool_size + 1);
  config.lazy = random() % 2;
  config.pooling = random() % 8 != 0;
  config.max_waiters = 1 + random() % 12;
  config.idle_order = random() % 2 ? IdleOrder::kLifo : IdleOrder::kFifo;
  config.max_uses = random() % 3 ? 0 : 5;
  config.max_lifetime = random() % 2 ? 100 * kSecond : kForever;
  config.keepalive = random() % 2 ? 20 * kSecond : kForever;
  config.idle_timeout = random() % 2 ? 15 * kSecond : kForever;
  return config;
}

#ifdef NDEBUG
constexpr uint64_t kSteps = 100'000'000;
#else
constexpr uint64_t kSteps = 1'000'000;  // assertions, sanitizers, nothing optimised
#endif

TEST(SchedulerModel, KeepsItsInvariantsOnRandomWalks) {
  const model::Walks walks(kSteps);
  constexpr uint64_t kWalk = 2'000;
  for (uint64_t walk = 0; walk * kWalk < walks.steps; ++walk) {
    const uint64_t seed = walks.seed + walk;
    SCOPED_TRACE("DBPOOL_MODEL_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Config config = AnyConfig(random);
    RandomWorld world(config, random() % 2, random());
    for (uint64_t i = 0; i < kWalk; ++i) {
      world.Step();
      if (testing::Test::HasFailure()) return;
    }
    world.Finish();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace dbp
