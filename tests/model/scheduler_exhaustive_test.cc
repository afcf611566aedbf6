#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/model/world.h"
#include "tests/support/testing.h"

// Every sequence of events up to a depth, in a world so small that this is possible: two slots, three
// waiters. What a random walk has to be lucky to meet is here for certain. A Scheduler cannot be copied, so
// each sequence is replayed from its start; the invariants are checked after every event of it.

namespace dbp {
namespace {

enum class Move : uint8_t {
  kAcquire, kRelease, kReleaseBroken, kRetry, kGiveUp, kGiveUpLast, kOpened, kOpenFailed, kOpenRefused,
  kClosed, kCheckedGood, kCheckedBad, kTick, kInvalidate, kClose, kAcquireFast, kReleaseFast, kPublish,
  kLookAgain, kHungUp, kEnd
};
constexpr const char* kNames[] = {
    "Acquire", "Release", "ReleaseBroken", "Retry", "GiveUp", "GiveUpLast", "Opened", "OpenFailed",
    "OpenRefused", "Closed", "CheckedGood", "CheckedBad", "Tick", "Invalidate", "Close", "AcquireFast",
    "ReleaseFast", "Publish", "LookAgain", "HungUp"};
using Moves = std::vector<Move>;

class SmallWorld : public World {
 public:
  static constexpr size_t kMostWaiters = 3;
  using World::World;

  bool Possible(Move move) const {
    switch (move) {
      case Move::kAcquire: return waiting_.size() < kMostWaiters;
      case Move::kRelease: case Move::kReleaseBroken: case Move::kRetry: case Move::kReleaseFast:
        return !leased_.empty();
      case Move::kAcquireFast: return idle_set_.open() && scheduler_.idle() > 0;
      case Move::kPublish: return !publishing_.empty();
      case Move::kLookAgain: return !published_.empty();
      case Move::kHungUp: return scheduler_.count(SlotState::kLive) > 0 && !hung_up_;
      case Move::kGiveUp: return !waiting_.empty();
      case Move::kGiveUpLast: return waiting_.size() > 1;
      case Move::kOpened: case Move::kOpenFailed: case Move::kOpenRefused: return !opening_.empty();
      case Move::kClosed: return !closing_.empty();
      case Move::kCheckedGood: case Move::kCheckedBad: return !checking_.empty();
      case Move::kTick: return scheduler_.next_tick() != kForever;
      case Move::kInvalidate: case Move::kClose: return !scheduler_.closed();
      case Move::kEnd: break;
    }
    return false;
  }

  void Make(Move move) {
    now_ += kMillisecond;
    switch (move) {
      case Move::kAcquire: Acquire(true); break;
      case Move::kRelease: Release(0, kKeep, kForever); break;
      case Move::kReleaseBroken: Release(0, DBPOOL_CLOSED_BROKEN, kForever); break;
      case Move::kRetry: Retry(0); break;
      case Move::kGiveUp: GiveUp(0); break;
      case Move::kGiveUpLast: GiveUp(waiting_.size() - 1); break;
      case Move::kOpened: Opened(0); break;
      case Move::kOpenFailed: OpenFailed(0, DBPOOL_ERR_CONNECT, false); break;
      case Move::kOpenRefused: OpenFailed(0, DBPOOL_ERR_AUTH, true); break;
      case Move::kClosed: Closed(0); break;
      case Move::kCheckedGood: Checked(0, kKeep); break;
      case Move::kCheckedBad: Checked(0, DBPOOL_CLOSED_PING); break;
      case Move::kTick:
        now_ = std::max(now_, scheduler_.next_tick());
        Tick();
        break;
      case Move::kInvalidate: scheduler_.Invalidate(now_); break;
      case Move::kClose: scheduler_.Close(now_); break;
      case Move::kAcquireFast: AcquireFast(0); break;
      case Move::kReleaseFast: ReleaseFast(0); break;
      case Move::kPublish: Publish(0); break;
      case Move::kLookAgain: LookAgain(0); break;
      case Move::kHungUp:
        hung_up_ = true;
        HungUp(0);
        break;
      case Move::kEnd: break;
    }
    Drain();
    Check();
    if (!waiting_.empty() && scheduler_.used() == 0) {
      ASSERT_NE(scheduler_.next_tick(), kForever) << "waiters, and nothing will ever happen";
    }
  }

 private:
  bool hung_up_ = false;  ///< once in a sequence is enough
};

std::string Text(const Moves& moves) {
  std::string text;
  for (Move move : moves) text += std::string(" ") + kNames[int(move)];
  return text;
}

/// Depth first over all sequences; each maximal one ends with everybody going home.
class Search {
 public:
  Search(Config config, bool first_alone, size_t depth)
      : config_(std::move(config)), first_alone_(first_alone), depth_(depth) {}

  void Run() {
    SmallWorld world(config_, first_alone_, 1);
    Visit(world);
  }
  uint64_t sequences() const { return sequences_; }

 private:
  /// REQUIRES: path_ led to world. Uses it up.
  void Visit(SmallWorld& world) {
    if (path_.size() == depth_) {
      ++sequences_;
      world.Finish();
      EXPECT_FALSE(testing::Test::HasFailure()) << "after" << Text(path_);
      return;
    }
    Moves possible;
    for (int move = 0; move < int(Move::kEnd); ++move) {
      if (world.Possible(Move(move))) possible.push_back(Move(move));
    }
    for (size_t i = 0; i < possible.size() && !testing::Test::HasFailure(); ++i) {
      path_.push_back(possible[i]);
      if (i + 1 == possible.size()) {  // the last may have the world itself
        Make(world);
      } else {
        SmallWorld copy(config_, first_alone_, 1);
        for (size_t step = 0; step + 1 < path_.size(); ++step) copy.Make(path_[step]);
        Make(copy);
      }
      path_.pop_back();
    }
  }
  void Make(SmallWorld& world) {
    world.Make(path_.back());
    EXPECT_FALSE(testing::Test::HasFailure()) << "after" << Text(path_);
    if (!testing::Test::HasFailure()) Visit(world);
  }

  const Config config_;
  const bool first_alone_;
  const size_t depth_;
  Moves path_;
  uint64_t sequences_ = 0;
};

Config Small(bool lazy) {
  Config config;
  config.pool_size = 1;
  config.max_overflow = 1;
  config.min_size = lazy ? 0 : 1;
  config.lazy = lazy;
  config.keepalive = 20 * kSecond;
  config.idle_timeout = 15 * kSecond;
  config.max_lifetime = 100 * kSecond;
  return config;
}

constexpr size_t kDepth = kSanitized ? 6 : 7;

TEST(SchedulerExhaustive, KeepsItsInvariantsInEverySequenceOfAPoolThatOpensAtOnce) {
  Search search(Small(false), false, kDepth);
  search.Run();
  EXPECT_GT(search.sequences(), 10'000u);
  RecordProperty("sequences", std::to_string(search.sequences()));
}

TEST(SchedulerExhaustive, KeepsItsInvariantsInEverySequenceOfALazyPool) {
  Search search(Small(true), false, kDepth);
  search.Run();
  EXPECT_GT(search.sequences(), 10'000u);
  RecordProperty("sequences", std::to_string(search.sequences()));
}

TEST(SchedulerExhaustive, KeepsItsInvariantsInEverySequenceOfAPoolWhoseFirstOpensAlone) {
  Search search(Small(false), true, kDepth);
  search.Run();
  EXPECT_GT(search.sequences(), 10'000u);
  RecordProperty("sequences", std::to_string(search.sequences()));
}

}  // namespace
}  // namespace dbp
