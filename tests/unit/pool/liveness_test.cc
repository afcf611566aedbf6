#include "base/event.h"
#include "driver/pump.h"
#include "tests/unit/pool/pool_fixture.h"

namespace dbp {
namespace {

class LivenessTest : public PoolTest {
 protected:
  /// Returns when the keeper has seen to all that was ready before.
  static void FlushKeeper() {
    struct Flush final : Kept {
      void Tick() override { done.Set(); }
      Event done;
    } flush;
    ASSERT_OK(KeeperAdd(flush));
    KeeperSchedule(flush, 0);
    EXPECT_TRUE(flush.done.Wait(Deadline::After(kGenerous)));
    KeeperRemove(flush);
  }
  int opened_ = 0;
};

TEST_F(LivenessTest, AnIdleConnectionThatIsHungUpIsReplacedUnasked) {
  Config config = Sized(3);
  config.keepalive = config.ping_after = kForever;  // nobody else looks
  ASSERT_OK(Create(config));
  server_->BreakIdleConnections();
  ASSERT_TRUE(Await([&] { return Stats().closed_broken == 3 && Stats().idle == 3; }));
  EXPECT_EQ(server_->started(FakeOp::kConnect), 6);
  EXPECT_EQ(server_->started(FakeOp::kPing), 0);
}

TEST_F(LivenessTest, ALentConnectionThatIsHungUpIsClosedAtRelease) {
  ASSERT_OK(Create(Sized(1)));
  const dbpool_conn token = MustAcquire();
  server_->BreakAllConnections();
  FlushKeeper();
  EXPECT_EQ(Stats().leased, 1u);  // the borrower finds out for itself, or never looks
  ASSERT_OK(Pool::Release(token));
  ASSERT_TRUE(Await([&] { return Stats().closed_broken == 1 && Stats().idle == 1; }));
}

TEST_F(LivenessTest, AConnectionHungUpWhileItOpensIsNotLent) {
  Config config = Sized(1);
  config.hooks.user_data = this;
  config.hooks.opened = [](void* self, dbpool_conn) -> dbpool_status {
    auto* test = static_cast<LivenessTest_AConnectionHungUpWhileItOpensIsNotLent_Test*>(self);
    if (test->opened_++ > 0) return DBPOOL_OK;
    test->server_->BreakAllConnections();
    FlushKeeper();
    return DBPOOL_OK;
  };
  ASSERT_OK(Create(config));
  ASSERT_TRUE(Await([&] { return Stats().closed_broken == 1 && Stats().idle == 1; }));
}

TEST_F(LivenessTest, TrafficDoesNotWakeTheKeeper) {
  Config config = Sized(1);
  config.keepalive = config.max_lifetime = config.idle_timeout = kForever;
  ASSERT_TRUE(Await([] { return ThreadsNamed("dbpool-keeper") == 0; }));  // nothing left of other tests
  ASSERT_OK(Create(config));
  uint64_t before = 0;
  int unchanged = 0;  // what was due with the new connection has been seen to
  ASSERT_TRUE(Await([&] {
    unchanged = std::exchange(before, KeeperWakeups()) == before ? unchanged + 1 : 0;
    return unchanged == 20;
  }));
  for (int i = 0; i < 100; ++i) {
    const dbpool_conn token = MustAcquire();
    {
      Lease lease;
      ASSERT_OK(lease.Pin(token));
      lease.connection().StartQuery({.sql = "rows 3"}, Deadline::Never());
      ASSERT_TRUE(Pump(lease.connection(), Deadline::Never()));
      ASSERT_OK(lease.connection().Finish(nullptr));
    }
    ASSERT_OK(Pool::Release(token));
  }
  EXPECT_EQ(KeeperWakeups(), before);
}

TEST_F(LivenessTest, ClosingRacesWithHangUps) {
  for (int round = 0; round < 20; ++round) {
    ASSERT_OK(Create(Sized(4)));
    const dbpool_conn token = MustAcquire();
    std::thread breaker([&] { server_->BreakAllConnections(); });
    (void)pool_->Close(0);
    breaker.join();
    (void)Pool::Release(token);
    ASSERT_TRUE(server_->AwaitOpen(0));
    pool_.reset();
  }
}

}  // namespace
}  // namespace dbp
