#include "pool/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

// The scheduler alone: time is a number, the server is this file.

namespace dbp {
namespace {

class TestWaiter final : public Waiter {
 public:
  void Wake() override { woken = true; }
  bool woken = false;
};

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() {
    config_.pool_size = config_.min_size = 2;
    config_.max_overflow = 1;
  }
  Scheduler Make() {
    heads_.clear();
    idle_set_.emplace(gate_, IdleHints(config_.idle_order, 100));
    return Scheduler(config_, {"test", false, false}, *idle_set_, 1);
  }

  /// Takes all actions; opens succeed and closes end at once unless held back.
  void Settle(Scheduler& s) {
    Action action;
    while (s.Next(&action)) {
      ++seen_[action.kind];
      if (action.kind == Action::kAnswer) action.waiter->Wake();
      if (action.kind == Action::kOpen && !heads_.contains(action.index)) {
        s.Bind(action.index, nullptr, heads_[action.index]);
      }
      if (action.kind == Action::kOpen && open_) s.Opened(action.index, now_);
      if (action.kind == Action::kClose) s.Closed(action.index, action.reason, now_);
      if (action.kind == Action::kCheck) s.Checked(action.index, kKeep, now_);
      if (action.kind == Action::kOpen && !open_) opening_.push_back(action.index);
      s.CheckInvariants();
    }
  }
  dbpool_statistics Stats(const Scheduler& s) {
    dbpool_statistics stats = {};
    s.Fill(&stats);
    return stats;
  }

  Config config_;
  Gate gate_;
  std::optional<IdleSet> idle_set_;
  std::map<uint32_t, SlotHead> heads_;
  Nanos now_ = kSecond;
  bool open_ = true;
  std::vector<uint32_t> opening_;
  std::map<Action::Kind, int> seen_;
};

TEST_F(SchedulerTest, LendsTheConnectionUsedLastOrTheOneIdleLongest) {
  for (IdleOrder order : {IdleOrder::kLifo, IdleOrder::kFifo}) {
    config_.idle_order = order;
    Scheduler s = Make();
    s.Start(now_);
    Settle(s);
    TestWaiter a, b, c;
    ASSERT_EQ(s.Acquire(a, now_, true), DBPOOL_OK);
    ASSERT_EQ(s.Acquire(b, now_, true), DBPOOL_OK);
    s.Release(a.index, kKeep, kForever, now_);
    s.Release(b.index, kKeep, kForever, now_);
    ASSERT_EQ(s.Acquire(c, now_, true), DBPOOL_OK);
    EXPECT_EQ(c.index, order == IdleOrder::kLifo ? b.index : a.index);
  }
}

TEST_F(SchedulerTest, APingIsAskedForOnlyAfterPingAfter) {
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  TestWaiter soon, late;
  now_ += config_.ping_after - 1;
  ASSERT_EQ(s.Acquire(soon, now_, true), DBPOOL_OK);
  EXPECT_FALSE(soon.must_check);
  s.Release(soon.index, kKeep, kForever, now_);
  now_ += config_.ping_after;
  ASSERT_EQ(s.Acquire(late, now_, true), DBPOOL_OK);
  EXPECT_TRUE(late.must_check);
}

TEST_F(SchedulerTest, OverflowGoesAfterThirtySecondsAtTheMost) {
  config_.idle_timeout = 3600 * kSecond;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  TestWaiter w[3];
  for (TestWaiter& waiter : w) {
    if (s.Acquire(waiter, now_, true) == DBPOOL_PENDING) Settle(s);
    ASSERT_EQ(waiter.status, DBPOOL_OK);
  }
  for (TestWaiter& waiter : w) s.Release(waiter.index, kKeep, kForever, now_);
  EXPECT_EQ(s.open(), 3u);
  now_ += 29 * kSecond;
  s.Tick(now_);
  Settle(s);
  EXPECT_EQ(s.open(), 3u);
  EXPECT_LE(s.next_tick(), now_ + kSecond);
  now_ += kSecond;
  s.Tick(now_);
  Settle(s);
  EXPECT_EQ(s.open(), 2u);
}

TEST_F(SchedulerTest, LifetimesAreSpreadByTheJitter) {
  config_.pool_size = config_.min_size = 100;
  config_.max_lifetime = 1000 * kSecond;
  config_.idle_timeout = config_.keepalive = kForever;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  uint64_t before = 0;
  for (int tenth = 0; tenth < 10; ++tenth) {
    now_ = kSecond + 900 * kSecond + (tenth + 1) * 10 * kSecond;
    s.Tick(now_);
    open_ = false;  // count, do not replace
    Settle(s);
    const uint64_t closed = Stats(s).closed_lifetime;
    EXPECT_LE(closed - before, 30u) << "too many at once";
    before = closed;
  }
  EXPECT_GE(before, 99u);
}

TEST_F(SchedulerTest, WhileTheServerRefusesOneConnectAtATimeIsTried) {
  open_ = false;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  ASSERT_EQ(opening_.size(), 2u);
  for (uint32_t index : opening_) s.OpenFailed(index, DBPOOL_ERR_CONNECT, false, now_);
  opening_.clear();
  TestWaiter w[3];
  for (TestWaiter& waiter : w) ASSERT_EQ(s.Acquire(waiter, now_, true), DBPOOL_PENDING);
  for (int tries = 0; tries < 20; ++tries) {
    now_ = std::max(now_, s.next_tick());
    s.Tick(now_);
    Settle(s);
    ASSERT_LE(opening_.size(), 1u);
    for (uint32_t index : opening_) s.OpenFailed(index, DBPOOL_ERR_CONNECT, false, now_);
    opening_.clear();
  }
  EXPECT_LE(now_, kSecond + 25 * kSecond) << "with waiters the pause is a second at the most";
}

TEST_F(SchedulerTest, AServerThatIsBackIsMetByOneThenTwoThenFourConnects) {
  config_.pool_size = config_.min_size = 20;
  config_.max_connecting = 6;
  open_ = false;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  ASSERT_EQ(opening_.size(), 6u) << "all that may be, as long as nothing has failed";
  for (uint32_t index : std::exchange(opening_, {})) {
    s.OpenFailed(index, DBPOOL_ERR_CONNECT, false, now_);
  }
  for (int ticks = 0; opening_.empty() && ticks < 20; ++ticks) {
    now_ = std::max(now_, s.next_tick());
    s.Tick(now_);
    Settle(s);
  }
  for (size_t at_a_time : {1, 2, 4, 6, 6}) {
    Settle(s);
    ASSERT_EQ(opening_.size(), at_a_time);
    for (uint32_t index : std::exchange(opening_, {})) s.Opened(index, now_);
  }
  Settle(s);
  EXPECT_EQ(opening_.size(), 1u) << "20 are enough";
}

TEST_F(SchedulerTest, AConnectThatFailsAfterTheOutageBeginsTheSlowStartAnew) {
  config_.pool_size = config_.min_size = 20;
  open_ = false;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  for (uint32_t index : std::exchange(opening_, {})) s.Opened(index, now_);
  Settle(s);
  ASSERT_EQ(opening_.size(), 4u);
  const std::vector<uint32_t> four = std::exchange(opening_, {});
  s.OpenFailed(four[0], DBPOOL_ERR_CONNECT, false, now_);
  s.Opened(four[1], now_);  // was under way when the other failed
  Settle(s);
  EXPECT_TRUE(opening_.empty()) << "two are under way, and two at a time may be";
  s.Opened(four[2], now_);
  Settle(s);
  EXPECT_EQ(opening_.size(), 2u) << "with the fourth of before, three";
}

TEST_F(SchedulerTest, AConnectionRecalledWhileItsReleaserPublishesItIsNotLent) {
  config_.pool_size = config_.min_size = 1;
  config_.max_overflow = 0;
  for (bool may_wait : {true, false}) {
    open_ = true;
    Scheduler s = Make();
    s.Start(now_);
    Settle(s);
    TestWaiter before, after;
    ASSERT_EQ(s.Acquire(before, now_, true), DBPOOL_OK);
    s.Invalidate(now_);
    idle_set_->PublishScheduled(heads_[before.index]);  // its releaser's second look is still to come
    EXPECT_EQ(s.Acquire(after, now_, may_wait), may_wait ? DBPOOL_PENDING : DBPOOL_ERR_TIMEOUT);
    Settle(s);
    EXPECT_EQ(Stats(s).closed_invalidated, 1u);
    EXPECT_EQ(after.woken, may_wait) << "by the connection opened instead";
    EXPECT_EQ(s.open(), 1u);
  }
}

TEST_F(SchedulerTest, APermanentFailureAnswersAllWhoWait) {
  open_ = false;
  config_.lazy = true;
  Scheduler s = Make();
  TestWaiter a, b;
  ASSERT_EQ(s.Acquire(a, now_, true), DBPOOL_PENDING);
  ASSERT_EQ(s.Acquire(b, now_, true), DBPOOL_PENDING);
  Settle(s);
  s.OpenFailed(opening_[0], DBPOOL_ERR_AUTH, true, now_);
  Settle(s);
  EXPECT_TRUE(a.woken && b.woken);
  EXPECT_EQ(a.status, DBPOOL_ERR_AUTH);
  TestWaiter c;
  EXPECT_EQ(s.Acquire(c, now_, true), DBPOOL_ERR_AUTH) << "within the pause nobody tries again";
}

TEST_F(SchedulerTest, ARefusalIsRememberedForASecondAtTheMost) {
  open_ = false;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  for (int failures = 0; failures < 12; ++failures) {  // in the background: the pauses grow
    for (uint32_t index : std::exchange(opening_, {})) s.OpenFailed(index, DBPOOL_ERR_AUTH, true, now_);
    now_ = std::max(now_, s.next_tick());
    s.Tick(now_);
    Settle(s);
  }
  for (uint32_t index : std::exchange(opening_, {})) s.OpenFailed(index, DBPOOL_ERR_AUTH, true, now_);
  TestWaiter early, late;
  ASSERT_EQ(s.Acquire(early, now_, true), DBPOOL_ERR_AUTH);
  EXPECT_LE(s.next_tick(), now_ + kSecond);
  now_ += kSecond;
  EXPECT_EQ(s.Acquire(late, now_, true), DBPOOL_PENDING) << "a new attempt is due";
  Settle(s);
  EXPECT_EQ(opening_.size(), 1u);
}

TEST_F(SchedulerTest, ARetryGoesBackToItsOldPlaceInTheQueue) {
  config_.pool_size = config_.min_size = 1;
  config_.max_overflow = 0;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  TestWaiter first, second;
  ASSERT_EQ(s.Acquire(first, now_, true), DBPOOL_OK);
  ASSERT_EQ(s.Acquire(second, now_, true), DBPOOL_PENDING);
  ASSERT_EQ(s.Retry(first, DBPOOL_CLOSED_PING, now_), DBPOOL_PENDING);
  Settle(s);
  EXPECT_TRUE(first.woken);
  EXPECT_FALSE(second.woken);
}

TEST_F(SchedulerTest, NothingIsDueInAPoolThatOnlyKeepsItsMinimum) {
  config_.max_lifetime = config_.keepalive = kForever;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  s.Tick(now_);
  EXPECT_EQ(s.next_tick(), kForever);
}

TEST_F(SchedulerTest, NothingIsDueOfALeaseThatIsOlderThanItsConnectionMayGet) {
  config_.pool_size = config_.min_size = 1;
  config_.max_lifetime = 10 * kSecond;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  TestWaiter holder;
  ASSERT_EQ(s.Acquire(holder, now_, true), DBPOOL_OK);
  now_ += 20 * kSecond;
  s.Tick(now_);
  Settle(s);
  EXPECT_GT(s.next_tick(), now_) << "it is recalled, and tells of its release";
  s.Release(holder.index, kKeep, kForever, now_);
  Settle(s);
  EXPECT_EQ(Stats(s).closed_lifetime, 1u);
}

TEST_F(SchedulerTest, NothingIsDueOfAResetOnceItsConnectionIsLent) {
  config_.pool_size = config_.min_size = 1;
  config_.max_overflow = 0;
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  TestWaiter first, second;
  ASSERT_EQ(s.Acquire(first, now_, true), DBPOOL_OK);
  s.Release(first.index, kKeep, now_ + kSecond, now_);
  ASSERT_EQ(s.Acquire(second, now_, true), DBPOOL_OK);
  now_ += 2 * kSecond;
  s.Tick(now_);
  EXPECT_GT(s.next_tick(), now_);
}

TEST_F(SchedulerTest, TimeJumpsRetireNothingTwice) {
  Scheduler s = Make();
  s.Start(now_);
  Settle(s);
  now_ += 8 * 3600 * kSecond;
  s.Tick(now_);
  Settle(s);
  EXPECT_EQ(s.open(), 2u);
  EXPECT_EQ(Stats(s).closed_lifetime, 2u);
}

}  // namespace
}  // namespace dbp
