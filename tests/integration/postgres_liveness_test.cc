#include <algorithm>

#include "tests/integration/integration.h"
#include "tests/support/keeper.h"
#include "tests/support/servers.h"

// The liveness watch on real sockets: unix, TCP, TLS.

namespace dbp {
namespace {

/// Nobody but the watch looks at a connection.
Settings Unasked(const std::string& name, Settings more = {}) {
  more.insert(more.end(),
              {{"keepalive", "off"}, {"ping_after", "off"}, {"application_name", name}});
  return more;
}

/// Ends sessions by application_name, and returns when they are over.
void Terminate(Pool& admin, const std::string& name) {
  ASSERT_TRUE(Ok(admin.Run("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
                           "WHERE application_name = '" + name + "'")));
}

/// Returns when the keeper has been asleep for a while, and not only waited for its turn.
int64_t AwaitQuietKeeper() {
  int64_t before = -2;
  int unchanged = 0;
  EXPECT_TRUE(Await([&] {
    unchanged = std::exchange(before, KeeperSleeps()) == before && KeeperIsAsleep() ? unchanged + 1 : 0;
    return unchanged == 20;
  }));
  return before;
}

class PostgresLiveness : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    if (kind == "unix") url_ = PostgresUrl();
    if (kind == "tcp") url_ = PostgresTcpUrl();
    if (kind != "tls") {
      admin_ = std::make_unique<Pool>(PostgresUrl());
      return;
    }
    server_ = std::make_unique<PostgresServer>();
    const std::string root = server_->StartWithTls("localhost");
    url_ = Replaced(server_->tcp_url(), "127.0.0.1", "localhost");
    more_ = {{"sslmode", "verify-full"}, {"sslrootcert", root}};
    admin_ = std::make_unique<Pool>(server_->url());
  }

  std::string url_;
  Settings more_;
  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<Pool> admin_;
};

INSTANTIATE_TEST_SUITE_P(Over, PostgresLiveness, testing::Values("unix", "tcp", "tls"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(PostgresLiveness, IdleSessionsThatEndAreReplacedBeforeAnybodyGetsThem) {
  Pool pool(url_, Unasked("idle ones", {{"pool_size", "3"}}));
  int64_t soonest = INT64_MAX;
  for (uint64_t round = 1; round <= 5; ++round) {
    ASSERT_TRUE(Await([&] { return pool.Stats().idle == 3; }));
    Terminate(*admin_, "idle ones");
    const Stopwatch ended;
    const Deadline limit = Deadline::After(kGenerous);
    while (pool.Stats().closed_broken < 3 * round && !limit.Passed()) std::this_thread::yield();
    soonest = std::min(soonest, ended.ticks());
    EXPECT_EQ(pool.Stats().closed_broken, 3 * round);
    Lease lease(pool);
    EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  }
  EXPECT_EQ(pool.Stats().pings, 0u);
  RecordProperty("known_dead_after_ms", std::to_string(soonest));
  if (!kSanitized) {
    EXPECT_LE(soonest, 10);  // the best of five: the machine may be busy
  }
}

TEST_P(PostgresLiveness, ALentSessionThatEndsUnnoticedIsNotLentAgain) {
  Pool pool(url_, Unasked("lent one", {{"pool_size", "1"}}));
  {
    Lease lease(pool);
    const int64_t before = AwaitQuietKeeper();
    Terminate(*admin_, "lent one");
    ASSERT_TRUE(Await([&] { return KeeperSleeps() > before; }));
  }
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_EQ(pool.Stats().closed_broken, 1u);
  EXPECT_EQ(pool.Stats().pings, 0u);
}

TEST_P(PostgresLiveness, QueriesDoNotWakeTheKeeper) {
  Pool pool(url_, Unasked("busy one", {{"pool_size", "2"}}));
  Lease lease(pool);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  const int64_t before = AwaitQuietKeeper();
  ASSERT_GE(before, 0);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(lease.Ask("SELECT 1"), "1");
    ASSERT_EQ(pool.Ask("SELECT 2"), "2");
  }
  EXPECT_EQ(KeeperSleeps(), before);
}

}  // namespace
}  // namespace dbp
