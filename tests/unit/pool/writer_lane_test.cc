#include <gtest/gtest.h>

#include <thread>

#include "pool/writer_lane.h"
#include "tests/support/testing.h"

namespace dbp {
namespace {

class WriterLaneTest : public testing::Test {
 protected:
  struct Watcher final : TurnWatcher {
    void OnTurn() override { ++told; }
    int told = 0;
  };

  void SetUp() override {
    for (LaneGate& gate : gates_) gate.Bind(&lane_);
  }
  WriterLane lane_;
  LaneGate gates_[6];
  Watcher watchers_[6];
};

TEST_F(WriterLaneTest, LetsOneInAtATimeInTheOrderOfArrival) {
  ASSERT_TRUE(gates_[0].Enter());
  for (int i = 1; i < 6; ++i) {
    EXPECT_FALSE(gates_[i].Enter());
    EXPECT_TRUE(gates_[i].Watch(watchers_[i]));
  }
  EXPECT_EQ(lane_.waiting(), 5u);
  for (int i = 1; i < 6; ++i) {
    gates_[i - 1].Leave();
    for (int k = 1; k < 6; ++k) EXPECT_EQ(watchers_[k].told, k <= i) << k << " when " << i << " is in";
    EXPECT_TRUE(gates_[i].Enter());
  }
  EXPECT_EQ(lane_.waiting(), 0u);
}

TEST_F(WriterLaneTest, WhoLeavesTheQueueIsNotToldAndFreesItsPlace) {
  ASSERT_TRUE(gates_[0].Enter());
  EXPECT_FALSE(gates_[1].Enter());
  EXPECT_FALSE(gates_[2].Enter());
  ASSERT_TRUE(gates_[1].Watch(watchers_[1]));
  EXPECT_TRUE(gates_[1].Unwatch());
  gates_[1].Leave();
  EXPECT_EQ(lane_.waiting(), 1u);
  gates_[0].Leave();
  EXPECT_TRUE(gates_[2].Enter());
  EXPECT_EQ(watchers_[1].told, 0);
}

TEST_F(WriterLaneTest, AnInterruptTellsAndKeepsThePlace) {
  ASSERT_TRUE(gates_[0].Enter());
  EXPECT_FALSE(gates_[1].Enter());
  EXPECT_FALSE(gates_[2].Enter());
  ASSERT_TRUE(gates_[1].Watch(watchers_[1]));
  gates_[1].Interrupt();
  EXPECT_EQ(watchers_[1].told, 1);
  EXPECT_FALSE(gates_[1].Unwatch());
  EXPECT_FALSE(gates_[1].Enter()) << "whoever is in stays in";
  gates_[0].Leave();
  EXPECT_TRUE(gates_[1].Enter());
}

TEST_F(WriterLaneTest, AnInterruptOfSomebodyOnHisWayToWaitIsNotLost) {
  ASSERT_TRUE(gates_[0].Enter());
  EXPECT_FALSE(gates_[1].Enter());
  gates_[1].Interrupt();
  EXPECT_FALSE(gates_[1].Watch(watchers_[1])) << "there is something to look at";
  EXPECT_TRUE(gates_[1].Watch(watchers_[1])) << "once";
  EXPECT_TRUE(gates_[1].Unwatch());
}

TEST_F(WriterLaneTest, AnInterruptFromBeforeTheQueueIsNotOfThisWait) {
  ASSERT_TRUE(gates_[0].Enter());
  gates_[1].Interrupt();
  EXPECT_FALSE(gates_[1].Enter());
  EXPECT_TRUE(gates_[1].Watch(watchers_[1]));
  EXPECT_TRUE(gates_[1].Unwatch());
}

TEST_F(WriterLaneTest, AllWhoWaitCanBeInterruptedAtOnce) {
  ASSERT_TRUE(gates_[0].Enter());
  for (int i = 1; i < 6; ++i) {
    EXPECT_FALSE(gates_[i].Enter());
    if (i == 3) continue;
    ASSERT_TRUE(gates_[i].Watch(watchers_[i]));
  }
  lane_.InterruptAll();
  for (int i = 1; i < 6; ++i) EXPECT_EQ(watchers_[i].told, i != 3);
  EXPECT_FALSE(gates_[3].Watch(watchers_[3])) << "he was on his way";
}

TEST_F(WriterLaneTest, AThreadAwaitsItsTurnUntilItsDeadline) {
  ASSERT_TRUE(gates_[0].Enter());
  EXPECT_FALSE(gates_[1].Enter());
  gates_[1].Await(Deadline::After(kMillisecond));
  EXPECT_FALSE(gates_[1].Enter()) << "in the queue still";
  std::thread leaves([&] { gates_[0].Leave(); });
  gates_[1].Await(Deadline::Never());
  EXPECT_TRUE(gates_[1].Enter());
  leaves.join();
}

TEST_F(WriterLaneTest, ALeaseThatEnteredForItselfStaysInUntilItsEnd) {
  ASSERT_TRUE(gates_[0].EnterForLease());
  ASSERT_TRUE(gates_[0].Enter());
  gates_[0].Leave();  // its statement is over, the lease is not
  EXPECT_FALSE(gates_[1].Enter());
  gates_[0].LeaveForLease();
  ASSERT_TRUE(gates_[1].Enter());
  gates_[1].Leave();
}

}  // namespace
}  // namespace dbp
