#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "driver/pump.h"
#include "tests/unit/pool/pool_fixture.h"

namespace dbp {
namespace {

TEST_F(PoolTest, ASecondReleaseIsStale) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  ASSERT_OK(Pool::Release(token));
  EXPECT_CODE(Pool::Release(token), DBPOOL_ERR_STALE);
  const dbpool_conn next = MustAcquire();
  EXPECT_NE(next, token) << "the token of a lease came back";
  EXPECT_CODE(Pool::Release(token), DBPOOL_ERR_STALE);
  ASSERT_OK(Pool::Release(next));
}

TEST_F(PoolTest, NoRandomNumberIsALease) {
  ASSERT_OK(Create(Sized(2)));
  const dbpool_conn token = MustAcquire();
  std::mt19937_64 random(42);
  for (int i = 0; i < 1'000'000; ++i) {
    dbpool_conn guess = random();
    if (guess == token) continue;
    if (i % 2) guess = (guess << Slot::kNumberBits) | (token & 0xffffff);  // the right slot at least
    if (guess == token) continue;
    ASSERT_CODE(Pool::Release(guess), DBPOOL_ERR_STALE);
    Lease lease;
    ASSERT_CODE(lease.Pin(guess), DBPOOL_ERR_STALE);
    ASSERT_CODE(RequestCancel(guess), DBPOOL_ERR_STALE);
  }
  ASSERT_OK(Pool::Release(token));
}

TEST_F(PoolTest, ALeaseInUseIsBusyForOthers) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  {
    Lease mine, other;
    ASSERT_OK(mine.Pin(token));
    EXPECT_CODE(other.Pin(token), DBPOOL_ERR_BUSY);
    EXPECT_CODE(Pool::Release(token), DBPOOL_ERR_BUSY);
  }
  ASSERT_OK(Pool::Release(token));
}

TEST_F(PoolTest, ManyThreadsReleasingOneLeaseReleaseItOnce) {
  ASSERT_OK(Create(Sized(2)));
  for (int round = 0; round < 2'000; ++round) {
    const dbpool_conn token = MustAcquire();
    std::atomic<int> done{0};
    std::thread other([&] { done += Pool::Release(token).ok(); });
    done += Pool::Release(token).ok();
    other.join();
    ASSERT_EQ(done, 1);
  }
  EXPECT_EQ(Stats().idle, 2u);
}

TEST_F(PoolTest, ALeaseMayBeReleasedAfterItsPoolIsGone) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  EXPECT_CODE(pool_->Close(0), DBPOOL_ERR_TIMEOUT);
  pool_.reset();
  {
    Lease lease;
    EXPECT_CODE(lease.Pin(token), DBPOOL_ERR_BROKEN);
  }
  EXPECT_OK(Pool::Release(token));
  EXPECT_CODE(Pool::Release(token), DBPOOL_ERR_STALE);
  ASSERT_TRUE(server_->AwaitOpen(0));
}

TEST_F(PoolTest, ReleaseSendsTheResetAndTheNextBorrowerReadsItsAnswer) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  {
    Lease lease;
    ASSERT_OK(lease.Pin(token));
    lease.connection().StartQuery({.sql = "begin"}, Deadline::Never());
    ASSERT_TRUE(Pump(lease.connection(), Deadline::After(kGenerous)));
    ASSERT_OK(lease.connection().Finish(nullptr));
  }
  server_->Hold(FakeOp::kReset);
  ASSERT_OK(Pool::Release(token)) << "release waited for the server";
  EXPECT_EQ(Stats().idle, 1u);
  dbpool_conn none = 0;
  EXPECT_CODE(Acquire(&none, 20 * kMillisecond), DBPOOL_ERR_TIMEOUT) << "lent before it was clean";
  server_->Allow(FakeOp::kReset);
  const dbpool_conn next = MustAcquire();
  EXPECT_EQ(server_->started(FakeOp::kConnect), 1) << "the connection was thrown away";
  ASSERT_OK(Pool::Release(next));
}

TEST_F(PoolTest, AConnectionWhoseResetFailsIsReplaced) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  {
    Lease lease;
    ASSERT_OK(lease.Pin(token));
    lease.connection().native();  // dirty from now on
  }
  server_->FailNext(FakeOp::kReset, Status::Error(DBPOOL_ERR_SQL, "no", DBPOOL_PHASE_RESET));
  ASSERT_OK(Pool::Release(token));
  ASSERT_OK(Pool::Release(MustAcquire()));
  EXPECT_EQ(Stats().closed_reset, 1u);
}

TEST_F(PoolTest, AConnectionIsNotLentAgainWhileACancelRequestIsOnItsWay) {
  server_->set_cancel_may_block(true);
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  server_->Hold(FakeOp::kCancel);
  {
    Lease lease;
    ASSERT_OK(lease.Pin(token));
    ASSERT_OK(RequestCancel(token));
    ASSERT_TRUE(server_->AwaitPending(FakeOp::kCancel, 1));
  }
  ASSERT_OK(Pool::Release(token));
  dbpool_conn none = 0;
  EXPECT_CODE(Acquire(&none, 20 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  server_->Allow(FakeOp::kCancel);
  ASSERT_OK(Pool::Release(MustAcquire()));
}

TEST_F(PoolTest, ARequestToCancelThatIsStillToBeSentDoesForAllWhoAskMeanwhile) {
  server_->set_cancel_may_block(true);
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  server_->Hold(FakeOp::kCancel);
  {
    Lease lease;
    ASSERT_OK(lease.Pin(token));
    for (int i = 0; i < 100; ++i) ASSERT_OK(RequestCancel(token));
    ASSERT_TRUE(Await([&] { return server_->pending(FakeOp::kCancel) >= 1; }));
    ASSERT_OK(RequestCancel(token));
  }
  server_->Allow(FakeOp::kCancel);
  ASSERT_OK(Pool::Release(token));
  ASSERT_OK(Pool::Release(MustAcquire()));  // when none is on its way
  EXPECT_LE(server_->started(FakeOp::kCancel), 3) << "one on each of two threads, and one more";
}

#if !defined(__SANITIZE_THREAD__)  // TSan follows no fork in a program with threads
TEST_F(PoolTest, AForkedChildCanUseNothingOfItsParents) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  const pid_t child = fork();
  if (child == 0) {
    Lease lease;
    const bool right = pool_->forked() && lease.Pin(token).code() == DBPOOL_ERR_FORKED &&
                       Pool::Release(token).code() == DBPOOL_ERR_FORKED &&
                       RequestCancel(token).code() == DBPOOL_ERR_FORKED;
    std::shared_ptr<Pool> own;
    Config config = Sized(1);
    auto server = std::make_shared<FakeServer>();
    const bool works = Pool::Create(config, server->MakeDriver(), &own).ok();
    _exit(right && works ? 0 : 1);
  }
  int result = -1;
  ASSERT_EQ(waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0);
  ASSERT_OK(Pool::Release(token));
}
#endif

}  // namespace
}  // namespace dbp
