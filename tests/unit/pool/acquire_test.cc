#include <atomic>

#include "base/event.h"
#include "tests/unit/pool/pool_fixture.h"

namespace dbp {
namespace {

Status Refused() {
  return Status::Error(DBPOOL_ERR_CONNECT, "connection refused", DBPOOL_PHASE_CONNECT, {},
                       DBPOOL_FLAG_RETRYABLE);
}

TEST_F(PoolTest, OpensMinSizeAtCreate) {
  ASSERT_OK(Create(Sized(3)));
  EXPECT_EQ(server_->open(), 3);
  EXPECT_EQ(Stats().idle, 3u);
}

TEST_F(PoolTest, OpensNothingAtCreateWhenLazy) {
  Config config = Sized(3);
  config.lazy = true;
  ASSERT_OK(Create(config));
  EXPECT_EQ(server_->started(FakeOp::kConnect), 0);
  ASSERT_OK(Pool::Release(MustAcquire()));
}

TEST_F(PoolTest, OpensInParallelButNotMoreThanFourAtATime) {
  server_->Hold(FakeOp::kConnect);
  InBackground([&] { EXPECT_OK(Create(Sized(6))); });
  ASSERT_TRUE(server_->AwaitPending(FakeOp::kConnect, 4));
  EXPECT_EQ(server_->started(FakeOp::kConnect), 4);
  server_->Allow(FakeOp::kConnect);
  ASSERT_TRUE(server_->AwaitOpen(6));
}

TEST_F(PoolTest, OpensAsManyAtATimeAsMaxConnectingSays) {
  Config config = Sized(9);
  config.max_connecting = 7;
  server_->Hold(FakeOp::kConnect);
  InBackground([&, config] { EXPECT_OK(Create(config)); });
  ASSERT_TRUE(server_->AwaitPending(FakeOp::kConnect, 7));
  EXPECT_EQ(server_->started(FakeOp::kConnect), 7);
  server_->Allow(FakeOp::kConnect);
  ASSERT_TRUE(server_->AwaitOpen(9));
}

TEST_F(PoolTest, OpensTheFirstConnectionAloneWhereTheDatabaseWantsThat) {
  server_ = std::make_shared<FakeServer>(DriverTraits{"fake", true, false});
  server_->Hold(FakeOp::kConnect);
  InBackground([&] { EXPECT_OK(Create(Sized(3))); });
  ASSERT_TRUE(server_->AwaitPending(FakeOp::kConnect, 1));
  server_->AllowOne(FakeOp::kConnect);
  ASSERT_TRUE(server_->AwaitPending(FakeOp::kConnect, 2));
  server_->Allow(FakeOp::kConnect);
}

TEST_F(PoolTest, CreateFailsWithTheCauseIfNothingCanBeOpened) {
  server_->Fail(FakeOp::kConnect, Refused());
  Status status = Create(Sized(2));
  ASSERT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_EQ(status.message(), "connection refused");
  EXPECT_EQ(pool_, nullptr);
}

TEST_F(PoolTest, CreateSucceedsIfSomeConnectionsOpened) {
  server_->FailNext(FakeOp::kConnect, Refused());
  ASSERT_OK(Create(Sized(2)));
  EXPECT_GE(Stats().open, 1u);
}

TEST_F(PoolTest, GrowsByOverflowAndThenRefuses) {
  ASSERT_OK(Create(Sized(1, 1)));
  const dbpool_conn a = MustAcquire(), b = MustAcquire();
  EXPECT_NE(a, b);
  dbpool_conn c = 0;
  Status status = Acquire(&c, 5 * kMillisecond);
  ASSERT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(c, 0u);
  ASSERT_NE(status.info(), nullptr);
  EXPECT_EQ(status.info()->phase, uint32_t{DBPOOL_PHASE_QUEUE});
  EXPECT_EQ(status.info()->leased, 2u);
  EXPECT_EQ(status.info()->waiting, 1u);
  EXPECT_NE(status.message().find("2 of at most 2 are lent"), std::string_view::npos);
  EXPECT_EQ(server_->most_open(), 2);
  ASSERT_OK(Pool::Release(a));
  ASSERT_OK(Pool::Release(b));
}

TEST_F(PoolTest, TimeoutNamesTheLeaseThatIsHeldLongest) {
  ASSERT_OK(Create(Sized(1)));
  dbpool_conn held = 0, none = 0;
  ASSERT_OK(pool_->Acquire({.timeout = kGenerous, .tag = "billing"}, &held));
  Status status = Acquire(&none, kMillisecond);
  ASSERT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_NE(status.info()->hint.find("'billing'"), std::string::npos);
  ASSERT_OK(Pool::Release(held));
}

TEST_F(PoolTest, TimeoutSaysWhyNothingCouldBeOpened) {
  Config config = Sized(1);
  config.lazy = true;
  ASSERT_OK(Create(config));
  server_->Fail(FakeOp::kConnect, Refused());
  dbpool_conn none = 0;
  Status status = Acquire(&none, 30 * kMillisecond);
  ASSERT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(status.info()->cause, "connection refused");
}

TEST_F(PoolTest, AWrongPasswordReachesTheCallerAtOnce) {
  Config config = Sized(1);
  config.lazy = true;
  ASSERT_OK(Create(config));
  server_->Fail(FakeOp::kConnect,
                Status::Error(DBPOOL_ERR_AUTH, "no", DBPOOL_PHASE_CONNECT, "28P01"));
  dbpool_conn none = 0;
  for (int i = 0; i < 20; ++i) {
    Status status = Acquire(&none, kGenerous);
    ASSERT_CODE(status, DBPOOL_ERR_AUTH);
    EXPECT_EQ(status.sqlstate(), "28P01");
  }
  EXPECT_LT(server_->started(FakeOp::kConnect), 20) << "every caller tried the password again";
}

TEST_F(PoolTest, RefusesAtOnceWhenTooManyWait) {
  Config config = Sized(1);
  config.max_waiters = 1;
  ASSERT_OK(Create(config));
  const dbpool_conn held = MustAcquire();
  InBackground([&] { EXPECT_OK(Pool::Release(MustAcquire())); });
  ASSERT_TRUE(AwaitWaiting(1));
  dbpool_conn none = 0;
  EXPECT_CODE(Acquire(&none), DBPOOL_ERR_FULL);
  EXPECT_EQ(Stats().refused, 1u);
  ASSERT_OK(Pool::Release(held));
}

TEST_F(PoolTest, ATryTakesAnIdleConnectionAndNeverQueues) {
  ASSERT_OK(Create(Sized(1)));
  dbpool_conn a = 0, b = 0;
  ASSERT_OK(Acquire(&a, 0));
  EXPECT_CODE(Acquire(&b, 0), DBPOOL_ERR_TIMEOUT);
  ASSERT_OK(Pool::Release(a));
}

TEST_F(PoolTest, AFailedTryOpensAConnectionForTheNext) {
  Config config = Sized(1);
  config.min_size = 0;
  config.lazy = true;
  ASSERT_OK(Create(config));
  dbpool_conn token = 0;
  ASSERT_TRUE(Await([&] { return Acquire(&token, 0).ok(); }));
  ASSERT_OK(Pool::Release(token));
}

TEST_F(PoolTest, ServesWaitersInTheOrderTheyCame) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn held = MustAcquire();
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    InBackground([&, i] {
      const dbpool_conn token = MustAcquire();
      EXPECT_EQ(served.fetch_add(1), i);
      EXPECT_OK(Pool::Release(token));
    });
    ASSERT_TRUE(AwaitWaiting(static_cast<uint32_t>(i) + 1));
  }
  ASSERT_OK(Pool::Release(held));
  ASSERT_TRUE(Await([&] { return served == 8; }));
  EXPECT_EQ(Stats().waited, 8u);
}

TEST_F(PoolTest, AReleasedConnectionServesAWaiterWhoseConnectIsStillUnderWay) {
  ASSERT_OK(Create(Sized(1, 1)));
  const dbpool_conn held = MustAcquire();
  server_->Hold(FakeOp::kConnect);
  Event served;
  InBackground([&] {
    EXPECT_OK(Pool::Release(MustAcquire()));
    served.Set();
  });
  ASSERT_TRUE(server_->AwaitPending(FakeOp::kConnect, 1));
  ASSERT_OK(Pool::Release(held));
  EXPECT_TRUE(served.Wait(Deadline::After(kGenerous)));
  server_->Allow(FakeOp::kConnect);
}

TEST_F(PoolTest, AConnectThatOutlivesItsCallerServesTheNext) {
  Config config = Sized(1);
  config.lazy = true;
  ASSERT_OK(Create(config));
  server_->Hold(FakeOp::kConnect);
  dbpool_conn token = 0;
  ASSERT_CODE(Acquire(&token, 5 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  server_->Allow(FakeOp::kConnect);
  ASSERT_OK(Acquire(&token));
  EXPECT_EQ(server_->started(FakeOp::kConnect), 1);
  ASSERT_OK(Pool::Release(token));
}

TEST_F(PoolTest, ADeadIdleConnectionIsReplacedBeforeItIsLent) {
  Config config = Sized(1);
  config.ping_after = 0;
  ASSERT_OK(Create(config));
  server_->FailNext(FakeOp::kPing, Status::Error(DBPOOL_ERR_BROKEN, "gone", DBPOOL_PHASE_PING, {},
                                                 DBPOOL_FLAG_CONN_BROKEN));
  ASSERT_OK(Pool::Release(MustAcquire()));
  EXPECT_EQ(Stats().closed_ping, 1u);
  EXPECT_EQ(server_->started(FakeOp::kConnect), 2);
}

TEST_F(PoolTest, AfterOneLossEveryOlderConnectionIsAsked) {
  ASSERT_OK(Create(Sized(2)));
  dbpool_conn token = MustAcquire();
  server_->Hold(FakeOp::kConnect);  // only the older one can be lent
  {
    Lease lease;
    ASSERT_OK(lease.Pin(token));
    lease.connection().Abort();  // what a failed statement does
  }
  ASSERT_OK(Pool::Release(token));
  token = MustAcquire();
  EXPECT_EQ(Stats().pings, 1u);
  server_->Allow(FakeOp::kConnect);
  ASSERT_OK(Pool::Release(token));
}

TEST_F(PoolTest, APingThatNeverEndsCostsNoMoreThanTheDeadline) {
  Config config = Sized(1);
  config.ping_after = 0;
  ASSERT_OK(Create(config));
  server_->NeverEnd(FakeOp::kPing);
  const Nanos began = Now();
  dbpool_conn none = 0;
  ASSERT_CODE(Acquire(&none, 200 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  EXPECT_LT(Now() - began, 10 * kSecond);
  server_->Allow(FakeOp::kPing);
}

// Nothing is kept, so what create opened may be closed again before create comes to look.
TEST_F(PoolTest, WithPoolingOffCreateSucceedsThoughItsConnectionIsGoneAlready) {
  Config config = Sized(2);
  config.pooling = false;
  config.connect_timeout = 500 * kMillisecond;
  for (int round = 0; round < 500; ++round) {
    ASSERT_OK(Create(config));
    ASSERT_OK(pool_->Close(0));
  }
}

TEST_F(PoolTest, WithPoolingOffEveryLeaseHasAConnectionOfItsOwn) {
  Config config = Sized(2);
  config.pooling = false;
  config.lazy = true;
  ASSERT_OK(Create(config));
  for (int i = 1; i <= 3; ++i) {
    ASSERT_OK(Pool::Release(MustAcquire()));
    ASSERT_TRUE(server_->AwaitOpen(0));
    EXPECT_EQ(server_->started(FakeOp::kConnect), i);
  }
}

}  // namespace
}  // namespace dbp
