#include <atomic>
#include <thread>

#include "tests/capi/capi.h"

// A lease and threads: it may move between them, and two at once are told so.

namespace dbp::capi {
namespace {

class Leases : public EveryDatabase {
 protected:
  /// SQL that runs until it is cancelled.
  std::string Endless() const {
    return postgres() ? "select pg_sleep(600)" : Numbers(2'000'000'000) + " where i < 0";
  }
};
DBP_ON_EVERY_DATABASE(Leases);

TEST_P(Leases, MoveBetweenThreads) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  ASSERT_STATUS(dbpool_conn_begin(conn, nullptr, nullptr), DBPOOL_OK);
  std::thread([&] { EXPECT_EQ(Ask(conn, "select 3"), "3"); }).join();
  std::thread([&] { EXPECT_STATUS(dbpool_conn_commit(conn, nullptr), DBPOOL_OK); }).join();
  std::thread([&] { EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK); }).join();
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_ERR_STALE);
}

TEST_P(Leases, UsedByTwoThreadsAtOnceAnswerBusy) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  std::atomic<bool> over{false};
  std::thread user([&] {
    dbpool_status status;
    do {
      status = Execute(conn, Endless());
    } while (status == DBPOOL_ERR_BUSY);  // the pings below got there first
    EXPECT_STATUS(status, DBPOOL_ERR_CANCELLED);
    over = true;
  });
  ASSERT_TRUE(Await([&] { return over || dbpool_conn_ping(conn, -1, nullptr) == DBPOOL_ERR_BUSY; }));
  for (const LeaseCall& call : LeaseCalls()) {
    if (std::string(call.name) == "cancel") continue;
    Error error;
    EXPECT_STATUS(call.run(conn, error.out()), DBPOOL_ERR_BUSY) << call.name;
    EXPECT_STATUS(call.run(conn, nullptr), DBPOOL_ERR_BUSY) << call.name;
  }
  EXPECT_EQ(dbpool_conn_native(conn), nullptr);
  // A request that comes before the statement has begun cancels nothing, and one too many does no harm.
  for (int i = 0; i < 30'000 && !over; ++i) {
    EXPECT_STATUS(dbpool_conn_cancel(conn, nullptr), DBPOOL_OK);
    (void)Await([&] { return over.load(); }, kMillisecond);
  }
  user.join();
  EXPECT_EQ(Ask(conn, "select 4"), "4");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Leases, HammeredByFourThreadsNeverMixUp) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  dbpool_conn conn = Borrow(pool);
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string mine = std::to_string(t);
      for (int i = 0; i < 300; ++i) {
        const std::string answer = Ask(conn, "select " + mine);
        if (answer == mine) {
          ++good;
        } else {
          ASSERT_EQ(answer, "DBPOOL_ERR_BUSY");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(good, 0);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_EQ(Stats(pool).leased, 0u);
}

TEST_P(Leases, AreReleasedByOneThreadOfMany) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  for (int round = 0; round < 100; ++round) {
    const dbpool_conn conn = Borrow(pool);
    std::atomic<int> released{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { released += dbpool_release(conn) == DBPOOL_OK; });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(released, 1);
  }
}

TEST_P(Leases, GiveTheDriversHandle) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  void* handle = dbpool_conn_native(conn);
  EXPECT_NE(handle, nullptr);
  EXPECT_EQ(dbpool_conn_native(conn), handle);
  EXPECT_EQ(Ask(conn, "select 5"), "5");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_EQ(Ask(pool, "select 6"), "6");
}

TEST_P(Leases, KeepTheirSavepoints) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  const char* odd = "a \"quoted\" name; --";
  EXPECT_STATUS(dbpool_conn_savepoint(conn, odd, nullptr), DBPOOL_ERR_SQL) << "no transaction";
  EXPECT_STATUS(dbpool_conn_rollback_to(conn, odd, nullptr), DBPOOL_ERR_SQL);
  EXPECT_STATUS(dbpool_conn_release_savepoint(conn, odd, nullptr), DBPOOL_ERR_SQL);
  ASSERT_STATUS(dbpool_conn_begin(conn, nullptr, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_conn_savepoint(conn, odd, nullptr), DBPOOL_OK);
  EXPECT_STATUS(Execute(conn, "select nonsense"), DBPOOL_ERR_SQL);
  EXPECT_STATUS(dbpool_conn_rollback_to(conn, odd, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_conn_release_savepoint(conn, odd, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_conn_release_savepoint(conn, odd, nullptr), DBPOOL_ERR_SQL);
  EXPECT_STATUS(dbpool_conn_rollback(conn, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

}  // namespace
}  // namespace dbp::capi
