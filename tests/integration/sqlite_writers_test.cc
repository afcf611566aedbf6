#include <sqlite3.h>

#include <atomic>

#include "tests/integration/integration.h"

// Many who write to one SQLite file: they queue up, and nobody sees SQLITE_BUSY.

namespace dbp {
namespace {

constexpr int kThreads = 8;
constexpr int kEach = 1000;

class SqliteWriters : public testing::Test {
 protected:
  TempDir dir_;
  const std::string file_ = dir_.File("data.db");
  const std::string url_ = SqliteUrl(file_);
};

/// A connection from outside the pool that holds the writer's lock.
class Locker {
 public:
  explicit Locker(const std::string& file) {
    EXPECT_EQ(sqlite3_open(file.c_str(), &db_), SQLITE_OK);
    EXPECT_EQ(Exec("BEGIN IMMEDIATE"), SQLITE_OK);
  }
  ~Locker() { sqlite3_close(db_); }
  int Exec(const char* sql) { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }

 private:
  sqlite3* db_ = nullptr;
};

TEST_F(SqliteWriters, EightThreadsOfWriteTransactionsOnPlainLeasesNeverMeetALock) {
  Pool pool(url_, {{"pool_size", "8"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (thread INTEGER, n INTEGER)")));
  OnThreads(kThreads, [&](int thread) {
    Lease lease(pool);
    for (int n = 0; n < kEach; ++n) {
      ASSERT_TRUE(Ok(lease.Begin()));
      ASSERT_TRUE(Ok(lease.Run("INSERT INTO t VALUES ($1, $2)", {Int(thread), Int(n)})));
      ASSERT_TRUE(Ok(lease.Commit()));
    }
  });
  EXPECT_EQ(pool.Ask("SELECT count(*) || ' ' || count(DISTINCT thread * 1000 + n) FROM t"),
            "8000 8000");
}

TEST_F(SqliteWriters, TransactionsSingleStatementsAndWriteLeasesTakeTurns) {
  Pool pool(url_, {{"pool_size", "8"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  OnThreads(kThreads, [&](int thread) {
    for (int n = 0; n < kEach / 4; ++n) {
      Lease lease(pool, thread % 4 == 2 ? DBPOOL_ACCESS_WRITE : DBPOOL_ACCESS_DEFAULT);
      if (thread % 4 == 0) {
        ASSERT_TRUE(Ok(lease.Begin()));
      }
      if (thread % 4 == 3) {
        ASSERT_TRUE(Ok(lease.Run("BEGIN IMMEDIATE")));
      }
      ASSERT_TRUE(Ok(lease.Run("INSERT INTO t VALUES ($1)", {Int(n)})));
      if (thread % 4 == 0) {
        ASSERT_TRUE(Ok(lease.Commit()));
      }
      if (thread % 4 == 3) {
        ASSERT_TRUE(Ok(lease.Run("COMMIT")));
      }
    }
  });
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM t"), std::to_string(kThreads * kEach / 4));
}

TEST_F(SqliteWriters, AForeignLockEndsInLockTimeoutThatMayBeTriedAgain) {
  Pool pool(url_, {{"lock_timeout", "100ms"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  Locker other(file_);
  for (const auto& error : {pool.Run("INSERT INTO t VALUES (1)"), Lease(pool).Begin()}) {
    EXPECT_TRUE(Is(error, DBPOOL_ERR_SQL, "55P03"));
    EXPECT_TRUE(error.has(DBPOOL_FLAG_RETRYABLE));
  }
  ASSERT_EQ(other.Exec("COMMIT"), SQLITE_OK);
  EXPECT_TRUE(Ok(pool.Run("INSERT INTO t VALUES (1)")));
}

TEST_F(SqliteWriters, ADeadlineEndsTheWaitForAForeignLock) {
  Pool pool(url_, {{"lock_timeout", "off"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  Locker other(file_);
  const Stopwatch watch;
  EXPECT_TRUE(
      Is(pool.Run("INSERT INTO t VALUES (1)", {}, {.timeout_ms = 150}), DBPOOL_ERR_TIMEOUT));
  EXPECT_GE(watch.millis(), 149);
  EXPECT_LT(watch.ticks(), 2000);
  ASSERT_EQ(other.Exec("ROLLBACK"), SQLITE_OK);
  EXPECT_TRUE(Ok(pool.Run("INSERT INTO t VALUES (1)")));
}

TEST_F(SqliteWriters, AQueueForTheWritersTurnEndsAtTheDeadlineOfEach) {
  Pool pool(url_);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  Lease writer(pool), second(pool);
  ASSERT_TRUE(Ok(writer.Begin()));
  EXPECT_TRUE(
      Is(second.Run("INSERT INTO t VALUES (2)", {}, {.timeout_ms = 100}), DBPOOL_ERR_TIMEOUT));
  EXPECT_TRUE(Is(second.Begin(0, 0, 100), DBPOOL_ERR_TIMEOUT));
  ASSERT_TRUE(Ok(writer.Commit()));
  EXPECT_TRUE(Ok(second.Run("INSERT INTO t VALUES (2)")));
}

TEST_F(SqliteWriters, ReadersGoOnWhileSomebodyWrites) {
  Pool pool(url_);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)")));
  Lease writer(pool);
  ASSERT_TRUE(Ok(writer.Begin()));
  ASSERT_TRUE(Ok(writer.Run("UPDATE t SET n = 2")));
  EXPECT_EQ(pool.Ask("SELECT n FROM t"), "1");
  EXPECT_EQ(Lease(pool, DBPOOL_ACCESS_READ).Ask("SELECT n FROM t"), "1");
  Lease reader(pool);
  ASSERT_TRUE(Ok(reader.Begin(DBPOOL_TX_READ_ONLY)));
  EXPECT_EQ(reader.Ask("SELECT n FROM t"), "1");
  ASSERT_TRUE(Ok(writer.Commit()));
  EXPECT_EQ(reader.Ask("SELECT n FROM t"), "1");
  ASSERT_TRUE(Ok(reader.Commit()));
  EXPECT_EQ(reader.Ask("SELECT n FROM t"), "2");
}

TEST_F(SqliteWriters, AWriteLeaseReleasedWithoutAWriteHandsTheTurnOn) {
  Pool pool(url_);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  std::atomic<int> written{0};
  Lease first(pool, DBPOOL_ACCESS_WRITE);
  std::thread next([&] {
    Lease lease(pool, DBPOOL_ACCESS_WRITE);
    EXPECT_TRUE(Ok(lease.Run("INSERT INTO t VALUES (1)")));
    ++written;
  });
  EXPECT_TRUE(Await([&] { return pool.Stats().write_waiting == 1; }));
  EXPECT_EQ(written, 0);
  first.Release();
  next.join();
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM t"), "1");
}

}  // namespace
}  // namespace dbp
