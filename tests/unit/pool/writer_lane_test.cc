#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "pool/writer_lane.h"
#include "tests/support/testing.h"

namespace dbp {
namespace {

class WriterLaneTest : public testing::Test {
 protected:
  void SetUp() override {
    for (LaneGate& gate : gates_) gate.Bind(&lane_);
  }
  bool AwaitQueued(uint32_t n) {
    return Await([&] { return lane_.waiting() == n; });
  }
  WriterLane lane_;
  LaneGate gates_[6];
};

TEST_F(WriterLaneTest, LetsOneInAtATimeInTheOrderOfArrival) {
  ASSERT_OK(gates_[0].Enter(Deadline::Never()));
  std::atomic<int> turn{1};
  std::vector<std::thread> threads;
  for (int i = 1; i < 6; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_OK(gates_[i].Enter(Deadline::Never()));
      EXPECT_EQ(turn++, i);
      gates_[i].Leave();
    });
    ASSERT_TRUE(AwaitQueued(static_cast<uint32_t>(i)));
  }
  gates_[0].Leave();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turn, 6);
}

TEST_F(WriterLaneTest, AWaitEndsAtItsDeadlineAndFreesItsPlace) {
  ASSERT_OK(gates_[0].Enter(Deadline::Never()));
  EXPECT_CODE(gates_[1].Enter(Deadline::After(kMillisecond)), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(lane_.waiting(), 0u);
  gates_[0].Leave();
  ASSERT_OK(gates_[2].Enter(Deadline::After(0)));
  gates_[2].Leave();
}

TEST_F(WriterLaneTest, ACancelledWaitEndsAtOnce) {
  ASSERT_OK(gates_[0].Enter(Deadline::Never()));
  std::thread waiter([&] {
    EXPECT_CODE(gates_[1].Enter(Deadline::Never()), DBPOOL_ERR_CANCELLED);
  });
  ASSERT_TRUE(AwaitQueued(1));
  gates_[1].Interrupt();
  waiter.join();
  gates_[0].Interrupt();  // whoever is in stays in
  EXPECT_CODE(gates_[2].Enter(Deadline::After(kMillisecond)), DBPOOL_ERR_TIMEOUT);
  gates_[0].Leave();
}

TEST_F(WriterLaneTest, ALeaseThatEnteredForItselfStaysInUntilItsEnd) {
  ASSERT_OK(gates_[0].EnterForLease(Deadline::Never()));
  ASSERT_OK(gates_[0].Enter(Deadline::Never()));
  gates_[0].Leave();  // its statement is over, the lease is not
  EXPECT_CODE(gates_[1].Enter(Deadline::After(kMillisecond)), DBPOOL_ERR_TIMEOUT);
  gates_[0].LeaveForLease();
  ASSERT_OK(gates_[1].Enter(Deadline::After(0)));
  gates_[1].Leave();
}

}  // namespace
}  // namespace dbp
