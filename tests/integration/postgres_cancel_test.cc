#include <atomic>
#include <mutex>
#include <random>

#include "tests/integration/integration.h"

// Cancelling on PostgreSQL: it ends the statement it was meant for, and never another one.

namespace dbp {
namespace {

TEST(PostgresCancel, EndsARunningStatementAndTheLeaseStaysUsable) {
  Pool pool(PostgresUrl(), {{"application_name", "cancel me"}}), admin(PostgresUrl());
  Lease lease(pool);
  Error error;
  const Stopwatch watch;
  std::thread runner([&] { error = lease.Run("SELECT pg_sleep(60)", {}, {.timeout_ms = 60000}); });
  ASSERT_TRUE(Await([&] {
    return admin.Ask(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
               "application_name = 'cancel me'") == "1";
  }));
  EXPECT_TRUE(Ok(lease.Cancel()));
  runner.join();
  EXPECT_TRUE(Is(error, DBPOOL_ERR_CANCELLED, "57014"));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_CANCELLED));
  EXPECT_LT(watch.ticks(), 20000);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
}

TEST(PostgresCancel, TheDeadlineOfAStatementCancelsItOnTheServer) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}});
  Lease lease(pool);
  const std::string pid = lease.Ask("SELECT pg_backend_pid()");
  const Stopwatch watch;
  EXPECT_TRUE(Is(lease.Run("SELECT pg_sleep(60)", {}, {.timeout_ms = 200}), DBPOOL_ERR_TIMEOUT));
  EXPECT_GE(watch.millis(), 199);
  EXPECT_LT(watch.ticks(), 2000);
  lease.Release();
  Pool admin(PostgresUrl());
  EXPECT_TRUE(Await([&] {
    return admin.Ask("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid = " +
                     pid) == "0";
  }));
}

// 1,000 cancels, each at about the moment its statement ends; after each the connection goes to the
// next borrower, whose statement nobody cancelled.
TEST(PostgresCancel, ThatRacesWithTheEndOfItsStatementNeverHitsTheNextBorrower) {
  constexpr int kRaces = 1000, kPairs = 2;
  Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"max_overflow", "0"}});
  std::atomic<int> cancelled{0}, finished{0}, killed{0}, innocents{0};
  OnThreads(kPairs, [&](int thread) {
    std::minstd_rand random(thread + 1);
    for (int i = 0; i < kRaces / kPairs; ++i) {
      Lease lease(pool);
      const dbpool_conn token = lease.token();
      std::atomic<bool> started{false};
      const int64_t delay =
          random() % 3500;  // microseconds, as is the statement; a request takes 1 ms itself
      std::thread canceller([&started, token, delay] {
        while (!started) std::this_thread::yield();
        const Deadline then = Deadline::After(delay * 1000);
        while (!then.Passed()) std::this_thread::yield();
        const dbpool_status status = dbpool_conn_cancel(token, nullptr);
        EXPECT_TRUE(status == DBPOOL_OK || status == DBPOOL_ERR_STALE) << status;
      });
      started = true;
      const Error error = lease.Run("SELECT pg_sleep(0.003)");
      ++(error.ok() ? finished : cancelled);
      if (!error.ok()) {
        EXPECT_TRUE(Is(error, DBPOOL_ERR_CANCELLED, "57014"));
      }
      lease.Release();
      for (int n = 0; n < 3; ++n) {
        ++innocents;
        const Error next = pool.Run("SELECT pg_sleep(0.0001)");
        if (!next.ok()) ++killed;
        EXPECT_TRUE(Ok(next));
      }
      canceller.join();
    }
  });
  EXPECT_EQ(killed, 0) << "of " << innocents << " innocents";
  EXPECT_EQ(cancelled + finished, kRaces);
  EXPECT_GT(cancelled, 0) << "not one cancel came in time: no race";
  EXPECT_GT(finished, 0) << "not one cancel came late: no race";
  RecordProperty("cancelled", cancelled);
  RecordProperty("innocents", innocents);
  EXPECT_EQ(pool.Stats().leased, 0u);
}

TEST(PostgresCancel, WithoutARunningStatementDoesNothing) {
  Pool pool(PostgresUrl());
  Lease lease(pool);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Ok(lease.Cancel()));
    ASSERT_EQ(lease.Ask("SELECT 1"), "1");
  }
}

TEST(PostgresCancel, CloseCutsOffARunningStatementInTime) {
  Pool pool(PostgresUrl(), {{"application_name", "cut me off"}}), admin(PostgresUrl());
  Lease lease(pool);
  Error error;
  std::thread runner([&] { error = lease.Run("SELECT pg_sleep(60)", {}, {.timeout_ms = 60000}); });
  ASSERT_TRUE(Await([&] {
    return admin.Ask(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
               "application_name = 'cut me off'") == "1";
  }));
  const Stopwatch watch;
  EXPECT_TRUE(Is(pool.Close(100), DBPOOL_ERR_TIMEOUT));
  EXPECT_LT(watch.ticks(), 2000);
  runner.join();
  EXPECT_LT(error.code, 0);
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
}

}  // namespace
}  // namespace dbp
