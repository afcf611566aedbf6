#include "tests/unit/pool/pool_fixture.h"

namespace dbp {
namespace {

TEST_F(PoolTest, CloseEndsEveryConnection) {
  ASSERT_OK(Create(Sized(3)));
  ASSERT_OK(pool_->Close(kGenerous));
  EXPECT_EQ(server_->open(), 0);
  dbpool_conn none = 0;
  EXPECT_CODE(Acquire(&none), DBPOOL_ERR_CLOSED);
  EXPECT_OK(pool_->Close(kGenerous)) << "closing twice is fine";
}

TEST_F(PoolTest, CloseAnswersAllWaitersAtOnce) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn held = MustAcquire();
  std::atomic<int> told{0};
  for (int i = 0; i < 4; ++i) {
    InBackground([&] {
      dbpool_conn none = 0;
      told += Acquire(&none, kForever).code() == DBPOOL_ERR_CLOSED;
    });
  }
  ASSERT_TRUE(AwaitWaiting(4));
  InBackground([&] { EXPECT_OK(pool_->Close(kGenerous)); });
  ASSERT_TRUE(Await([&] { return told == 4; }));
  ASSERT_OK(Pool::Release(held));
}

TEST_F(PoolTest, CloseWaitsForALeaseThatComesBackInTime) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn held = MustAcquire();
  std::atomic<bool> closed{false};
  InBackground([&] {
    EXPECT_OK(pool_->Close(kGenerous));
    closed = true;
  });
  dbpool_conn none = 0;
  ASSERT_TRUE(Await([&] { return Acquire(&none, 0).code() == DBPOOL_ERR_CLOSED; }));
  EXPECT_FALSE(closed);
  ASSERT_OK(Pool::Release(held));
  ASSERT_TRUE(Await([&] { return closed.load(); }));
}

TEST_F(PoolTest, CloseWithWorkUnderWayReturnsByItsDeadline) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn held = MustAcquire();
  Lease lease;
  ASSERT_OK(lease.Pin(held));  // somebody is in the middle of a statement
  const Nanos began = Now();
  EXPECT_CODE(pool_->Close(10 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  EXPECT_LT(Now() - began, 5 * kSecond);
  EXPECT_TRUE(lease.connection().broken());
  lease.Unpin();
  EXPECT_OK(Pool::Release(held));
  ASSERT_TRUE(server_->AwaitOpen(0));
}

TEST_F(PoolTest, ALeaseReturnedWhileItIsCutOffIsReturned) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn held = MustAcquire();
  server_->Hold(FakeOp::kClose);
  InBackground([&] { EXPECT_CODE(pool_->Close(0), DBPOOL_ERR_TIMEOUT); });
  ASSERT_TRUE(Await([&] { return server_->pending(FakeOp::kClose) == 1; }));
  std::atomic<bool> returned{false};
  InBackground([&] {
    EXPECT_OK(Pool::Release(held));
    returned = true;
  });
  server_->Allow(FakeOp::kClose);
  EXPECT_TRUE(Await([&] { return returned.load(); }));
  EXPECT_TRUE(Await([&] { return Stats().open == 0; })) << "its place is free";
}

TEST_F(PoolTest, CloseDoesNotWaitForAConnectThatHangs) {
  Config config = Sized(1);
  config.lazy = true;
  ASSERT_OK(Create(config));
  server_->NeverEnd(FakeOp::kConnect);
  dbpool_conn none = 0;
  ASSERT_CODE(Acquire(&none, kMillisecond), DBPOOL_ERR_TIMEOUT);
  const Nanos began = Now();
  (void)pool_->Close(0);
  EXPECT_LT(Now() - began, 5 * kSecond);
}

TEST_F(PoolTest, AConnectThatEndsAfterCloseLeavesNothingBehind) {
  Config config = Sized(1);
  config.lazy = true;
  ASSERT_OK(Create(config));
  server_->Hold(FakeOp::kConnect);
  dbpool_conn none = 0;
  ASSERT_CODE(Acquire(&none, kMillisecond), DBPOOL_ERR_TIMEOUT);
  (void)pool_->Close(0);
  server_->Allow(FakeOp::kConnect);
  ASSERT_TRUE(Await([&] { return Stats().opening == 0; }));
  EXPECT_TRUE(server_->AwaitOpen(0));
}

TEST_F(PoolTest, ManyThreadsMayCloseAtOnce) {
  ASSERT_OK(Create(Sized(4)));
  const dbpool_conn held = MustAcquire();
  for (int i = 0; i < 8; ++i) {
    InBackground([&] { (void)pool_->Close(10 * kMillisecond); });
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  EXPECT_OK(Pool::Release(held));
  EXPECT_TRUE(server_->AwaitOpen(0));
}

}  // namespace
}  // namespace dbp
