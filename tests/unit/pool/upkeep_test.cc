#include "driver/pump.h"
#include "tests/unit/pool/pool_fixture.h"

namespace dbp {
namespace {

TEST_F(PoolTest, InvalidateReplacesIdleConnectionsNowAndLentOnesAtRelease) {
  ASSERT_OK(Create(Sized(2)));
  const dbpool_conn held = MustAcquire();
  ASSERT_OK(pool_->Invalidate());
  ASSERT_TRUE(Await([&] { return Stats().closed_invalidated == 1 && Stats().idle == 1; }));
  ASSERT_OK(Pool::Release(held));
  ASSERT_TRUE(Await([&] { return Stats().closed_invalidated == 2 && Stats().idle == 2; }));
  EXPECT_EQ(server_->started(FakeOp::kConnect), 4);
}

TEST_F(PoolTest, ReconnectSaysWhyThereIsNoFreshConnection) {
  ASSERT_OK(Create(Sized(1)));
  ASSERT_OK(pool_->Reconnect(kGenerous));
  server_->Fail(FakeOp::kConnect, Status::Error(DBPOOL_ERR_AUTH, "no", DBPOOL_PHASE_CONNECT, "28P01"));
  EXPECT_CODE(pool_->Reconnect(kGenerous), DBPOOL_ERR_AUTH);
  server_->Allow(FakeOp::kConnect);
  EXPECT_OK(pool_->Reconnect(kGenerous));
}

TEST_F(PoolTest, AKeepalivePingFindsTheDeadAndReplacesThem) {
  Config config = Sized(2);
  config.keepalive = 20 * kMillisecond;
  ASSERT_OK(Create(config));
  ASSERT_TRUE(server_->AwaitEnded(FakeOp::kPing, 2));
  // Silent ones: nobody hangs up.
  server_->Fail(FakeOp::kPing, Status::Error(DBPOOL_ERR_BROKEN, "no answer", DBPOOL_PHASE_PING, {},
                                             DBPOOL_FLAG_CONN_BROKEN));
  ASSERT_TRUE(Await([&] { return Stats().closed_ping >= 2; }));
  server_->Allow(FakeOp::kPing);
  ASSERT_TRUE(Await([&] { return Stats().idle == 2; }));
}

TEST_F(PoolTest, SurplusConnectionsGoWhenIdleAndMinSizeStays) {
  Config config = Sized(3, 2);
  config.min_size = 1;
  config.idle_timeout = 20 * kMillisecond;
  ASSERT_OK(Create(config));
  std::vector<dbpool_conn> held;
  for (int i = 0; i < 5; ++i) held.push_back(MustAcquire());
  for (dbpool_conn token : held) ASSERT_OK(Pool::Release(token));
  ASSERT_TRUE(Await([&] { return Stats().open == 1; }));
  EXPECT_EQ(Stats().closed_idle, 4u);
}

TEST_F(PoolTest, OldConnectionsAreReplacedInTheBackground) {
  Config config = Sized(2);
  config.max_lifetime = 20 * kMillisecond;
  ASSERT_OK(Create(config));
  ASSERT_TRUE(Await([&] { return Stats().closed_lifetime >= 2 && Stats().idle >= 1; }));
}

TEST_F(PoolTest, AConnectionIsReplacedAfterMaxUses) {
  Config config = Sized(1);
  config.max_uses = 2;
  ASSERT_OK(Create(config));
  for (int i = 0; i < 6; ++i) ASSERT_OK(Pool::Release(MustAcquire()));
  ASSERT_TRUE(Await([&] { return Stats().closed_uses == 3; }));
}

TEST_F(PoolTest, TheLastConnectionLostIsReplacedEvenAfterFailures) {
  ASSERT_OK(Create(Sized(1)));
  server_->Fail(FakeOp::kConnect, Status::Error(DBPOOL_ERR_CONNECT, "down", DBPOOL_PHASE_CONNECT, {},
                                                DBPOOL_FLAG_RETRYABLE));
  ASSERT_OK(pool_->Invalidate());
  ASSERT_TRUE(Await([&] { return Stats().open_failed >= 2; }));
  server_->Allow(FakeOp::kConnect);
  ASSERT_TRUE(Await([&] { return Stats().idle == 1; }));
}

TEST_F(PoolTest, ResizeShrinksAtOnceAndGrowsOnDemand) {
  ASSERT_OK(Create(Sized(4)));
  ASSERT_OK(pool_->Resize(2, 0));
  ASSERT_TRUE(Await([&] { return Stats().open == 2; }));
  EXPECT_EQ(Stats().limit, 2u);
  ASSERT_OK(pool_->Resize(3, 1));
  std::vector<dbpool_conn> held;
  for (int i = 0; i < 4; ++i) held.push_back(MustAcquire());
  for (dbpool_conn token : held) ASSERT_OK(Pool::Release(token));
}

TEST_F(PoolTest, ShrinkingBelowWhatIsLentNeverLendsMoreThanTheNewLimit) {
  ASSERT_OK(Create(Sized(4)));
  std::vector<dbpool_conn> held;
  for (int i = 0; i < 4; ++i) held.push_back(MustAcquire());
  ASSERT_OK(pool_->Resize(1, 0));
  for (dbpool_conn token : held) ASSERT_OK(Pool::Release(token));
  const dbpool_conn one = MustAcquire();
  dbpool_conn none = 0;
  EXPECT_CODE(Acquire(&none, 10 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  ASSERT_OK(Pool::Release(one));
}

TEST_F(PoolTest, HealthIsTheDatabasesAnswer) {
  ASSERT_OK(Create(Sized(1)));
  EXPECT_OK(pool_->Health(kGenerous));
  const dbpool_conn held = MustAcquire();
  EXPECT_CODE(pool_->Health(kMillisecond), DBPOOL_ERR_TIMEOUT);
  ASSERT_OK(Pool::Release(held));
}

struct Seen {
  std::atomic<int> opened{0}, lent{0}, returned{0}, closed{0};
  std::atomic<int> refuse_lent{0};
};

dbpool_hooks Watching(Seen* seen) {
  dbpool_hooks hooks = {};
  hooks.struct_size = sizeof hooks;
  hooks.user_data = seen;
  hooks.opened = [](void* u, dbpool_conn conn) -> dbpool_status {
    Lease lease;  // the token is good during the call
    static_cast<Seen*>(u)->opened += lease.Pin(conn).ok();
    return DBPOOL_OK;
  };
  hooks.lent = [](void* u, dbpool_conn) -> dbpool_status {
    Seen& s = *static_cast<Seen*>(u);
    ++s.lent;
    return s.refuse_lent.fetch_sub(1) > 0 ? DBPOOL_ERR_INTERNAL : DBPOOL_OK;
  };
  hooks.returned = [](void* u, dbpool_conn conn) {
    static_cast<Seen*>(u)->returned += Pool::Release(conn).code() == DBPOOL_ERR_STALE;
  };
  hooks.closed = [](void* u, uint32_t reason) { static_cast<Seen*>(u)->closed += reason != 0; };
  return hooks;
}

TEST_F(PoolTest, HooksSeeEveryConnection) {
  Seen seen;
  Config config = Sized(2);
  config.hooks = Watching(&seen);
  ASSERT_OK(Create(config));
  EXPECT_EQ(seen.opened, 2);
  ASSERT_OK(Pool::Release(MustAcquire()));
  EXPECT_EQ(seen.lent, 1);
  EXPECT_EQ(seen.returned, 1);
  ASSERT_OK(pool_->Close(kGenerous));
  EXPECT_EQ(seen.closed, 2);
}

TEST_F(PoolTest, AHookThatRefusesOnceCostsOneConnection) {
  Seen seen;
  seen.refuse_lent = 1;
  Config config = Sized(1);
  config.hooks = Watching(&seen);
  ASSERT_OK(Create(config));
  ASSERT_OK(Pool::Release(MustAcquire()));
  EXPECT_EQ(Stats().closed_hook, 1u);
  ASSERT_OK(pool_->Close(kGenerous));
}

TEST_F(PoolTest, AHookThatLeavesATransactionOpenCostsTheConnection) {
  Config config = Sized(1);
  config.hooks.struct_size = sizeof config.hooks;
  config.hooks.lent = [](void*, dbpool_conn conn) -> dbpool_status {
    static std::atomic<bool> once{true};
    Lease lease;
    if (!once.exchange(false) || !lease.Pin(conn).ok()) return DBPOOL_OK;
    lease.connection().StartQuery({.sql = "begin"}, Deadline::Never());
    return Pump(lease.connection(), Deadline::After(kGenerous))
               ? lease.connection().Finish(nullptr).code()
               : DBPOOL_ERR_INTERNAL;
  };
  ASSERT_OK(Create(config));
  const dbpool_conn token = MustAcquire();
  {
    Lease lease;
    ASSERT_OK(lease.Pin(token));
    EXPECT_EQ(lease.connection().tx_state(), TxState::kNone);
  }
  EXPECT_EQ(Stats().closed_hook, 1u);
  ASSERT_OK(Pool::Release(token));
}

}  // namespace
}  // namespace dbp
