#include <signal.h>

#include <atomic>
#include <memory>

#include "tests/integration/integration.h"
#include "tests/support/servers.h"

// A PostgreSQL server in trouble: sessions and server that stand still, restarts, too few
// connections.

namespace dbp {
namespace {

class PostgresTrouble : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<PostgresServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  static std::unique_ptr<PostgresServer> server_;
};
std::unique_ptr<PostgresServer> PostgresTrouble::server_;

/// A process that stands still, and goes on at the latest at the end.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) { EXPECT_EQ(kill(pid, SIGSTOP), 0); }
  ~Stopped() { GoOn(); }
  void GoOn() {
    if (pid_ > 0) kill(pid_, SIGCONT);
    pid_ = -1;
  }

 private:
  pid_t pid_;
};

TEST_F(PostgresTrouble, ASessionThatStandsStillCostsItsCallerTheTimeoutAndNobodyElseAnything) {
  Pool pool(server_->url(), {{"pool_size", "2"}, {"max_overflow", "0"}, {"reset_timeout", "1s"}});
  Lease lease(pool);
  const Stopped stopped(std::stoi(lease.Ask("SELECT pg_backend_pid()")));
  const Stopwatch watch;
  EXPECT_TRUE(Is(lease.Run("SELECT 1", {}, {.timeout_ms = 500}), DBPOOL_ERR_TIMEOUT));
  EXPECT_GE(watch.millis(), 499);
  EXPECT_LT(watch.ticks(), 2000);
  const Stopwatch others;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_LT(others.ticks(), 2000);
  const Stopwatch release;
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  EXPECT_LT(release.ticks(), 500);
  Lease one, two;
  EXPECT_TRUE(Ok(one.Acquire(pool, 5000)));
  EXPECT_TRUE(Ok(two.Acquire(pool, 5000))) << "its place is free again";
  EXPECT_EQ(one.Ask("SELECT 1") + two.Ask("SELECT 1"), "11");
}

TEST_F(PostgresTrouble, ASessionThatStopsBeforeItsReleaseIsReplacedWithinResetTimeout) {
  Pool pool(server_->url(),
            {{"pool_size", "1"}, {"max_overflow", "0"}, {"reset_timeout", "300ms"}});
  Lease lease(pool);
  ASSERT_TRUE(Ok(lease.Run("SET work_mem = '9MB'")));
  const Stopped stopped(std::stoi(lease.Ask("SELECT pg_backend_pid()")));
  const Stopwatch watch;
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  EXPECT_LT(watch.ticks(), 250) << "release waits for nobody";
  EXPECT_EQ(pool.Ask("SHOW work_mem"), "4MB");
  EXPECT_LT(watch.ticks(), 3000);
  EXPECT_EQ(pool.Stats().closed_reset, 1u);
}

TEST_F(PostgresTrouble, ACancelOfASessionThatStandsStillHoldsUpNobody) {
  Pool pool(server_->url(), {{"pool_size", "2"}, {"max_overflow", "0"}});
  Lease lease(pool);
  const Stopped stopped(std::stoi(lease.Ask("SELECT pg_backend_pid()")));
  Running running(lease, "SELECT 1", 1000);
  const Stopwatch watch;
  EXPECT_TRUE(Ok(lease.Cancel()));
  EXPECT_LT(watch.ticks(), 250);
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_LT(running.Join().code, 0);
  EXPECT_LT(watch.ticks(), 3000);
}

TEST_F(PostgresTrouble, AServerThatStandsStillIsLeftAtTheDeadline) {
  Pool pool(server_->url(), {{"lazy", "true"}});
  {
    Stopped stopped(server_->postmaster());
    Lease lease;
    const Stopwatch watch;
    const Error error = lease.Acquire(pool, 400);
    EXPECT_TRUE(Is(error, DBPOOL_ERR_TIMEOUT));
    EXPECT_GE(watch.millis(), 399);
    EXPECT_LT(watch.ticks(), 2000);
    const Stopwatch closing;
    Pool other;
    EXPECT_LT(other.Create(server_->url(), {{"connect_timeout", "300ms"}}).code, 0);
    EXPECT_LT(closing.ticks(), 2000);
  }
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

TEST_F(PostgresTrouble, ClosingAPoolDoesNotWaitForAServerThatStandsStill) {
  auto pool = std::make_unique<Pool>(server_->url(), abi::Settings{{"pool_size", "2"}});
  Lease lease(*pool);
  const Stopped session(std::stoi(lease.Ask("SELECT pg_backend_pid()")));
  const Stopped server(server_->postmaster());
  Running running(lease, "SELECT 1", 60000);
  const Stopwatch watch;
  EXPECT_TRUE(Is(pool->Close(100), DBPOOL_ERR_TIMEOUT));
  pool.reset();
  EXPECT_LT(watch.ticks(), 2000);
  EXPECT_LT(running.Join().code, 0);
  EXPECT_LT(watch.ticks(), 3000);
}

TEST_F(PostgresTrouble, FiveImmediateRestartsUnderLoadHangNobodyAndServiceResumes) {
  Pool pool(server_->url(), {{"pool_size", "8"}, {"max_overflow", "0"}, {"connect_timeout", "2s"}});
  std::atomic<bool> over{false};
  std::atomic<int64_t> good{0}, bad{0}, longest{0};
  std::thread load([&] {
    OnThreads(16, [&](int thread) {
      while (!over) {
        const Stopwatch watch;
        Error error;
        if (thread % 2 == 0) {
          error = pool.Run("SELECT 1", {}, {.timeout_ms = 2000});
        } else {
          Lease lease;
          error = lease.Acquire(pool, 1000);
          if (error.ok()) error = lease.Begin();
          if (error.ok()) error = lease.Run("SELECT 1", {}, {.timeout_ms = 1000});
          if (error.ok()) error = lease.Commit();
        }
        ++(error.ok() ? good : bad);
        for (int64_t seen = longest; watch.ticks() > seen;) {
          if (longest.compare_exchange_weak(seen, watch.ticks())) break;
        }
      }
    });
  });
  for (int restart = 0; restart < 5; ++restart) {
    server_->StopImmediately();
    const int64_t failed = bad;
    EXPECT_TRUE(Await([&] { return bad > failed; }));
    server_->Start();
    const int64_t before = good;
    EXPECT_TRUE(Await([&] { return good >= before + 200; })) << "no service after restart";
  }
  over = true;
  load.join();
  EXPECT_LT(longest, 10000) << "ms of one operation";
  RecordProperty("good", std::to_string(good));
  RecordProperty("bad", std::to_string(bad));
  RecordProperty("longest_ms", std::to_string(longest));
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_TRUE(Await([&] { return pool.Stats().open == 8; })) << "back at its size";
  EXPECT_EQ(pool.Stats().leased, 0u);
}

TEST_F(PostgresTrouble, AServerWithFewerConnectionsThanThePoolServesByWhatItHas) {
  server_->StopImmediately();
  server_->Start({"-c", "max_connections=6", "-c", "superuser_reserved_connections=2"});
  {
    Pool pool(server_->tcp_url(), {{"pool_size", "10"}, {"max_overflow", "0"}});
    ASSERT_TRUE(pool);
    OnThreads(10, [&](int) {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(Ok(pool.Run("SELECT 1")));
    });
    EXPECT_LE(pool.Stats().open, 4u);
    EXPECT_GE(pool.Stats().open, 1u);
  }
  server_->StopImmediately();
  server_->Start();
}

}  // namespace
}  // namespace dbp
