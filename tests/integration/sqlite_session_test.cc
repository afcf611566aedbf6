#include "tests/integration/integration.h"

// Sessions on SQLite: access, settings of every connection, databases in memory.

namespace dbp {
namespace {

class SqliteSession : public testing::Test {
 protected:
  TempDir dir_;
  const std::string url_ = SqliteUrl(dir_.File("data.db"));
};

TEST_F(SqliteSession, AReadLeaseRefusesToWriteAndTheNextBorrowerMay) {
  Pool pool(url_, {{"pool_size", "1"}, {"max_overflow", "0"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  {
    Lease reader(pool, DBPOOL_ACCESS_READ);
    EXPECT_TRUE(Is(reader.Run("INSERT INTO t VALUES (1)"), DBPOOL_ERR_SQL, "25006"));
    EXPECT_TRUE(Is(reader.Run("CREATE TABLE u (n INTEGER)"), DBPOOL_ERR_SQL, "25006"));
    EXPECT_EQ(reader.Ask("SELECT count(*) FROM t"), "0");
  }
  EXPECT_TRUE(Ok(Lease(pool).Run("INSERT INTO t VALUES (1)")));
}

TEST_F(SqliteSession, AReadOnlyTransactionRefusesToWriteUntilItsEnd) {
  Pool pool(url_);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  Lease lease(pool);
  ASSERT_TRUE(Ok(lease.Begin(DBPOOL_TX_READ_ONLY)));
  EXPECT_TRUE(Is(lease.Run("INSERT INTO t VALUES (1)"), DBPOOL_ERR_SQL, "25006"));
  EXPECT_EQ(lease.Ask("SELECT count(*) FROM t"), "0");
  ASSERT_TRUE(Ok(lease.Commit()));
  EXPECT_TRUE(Ok(lease.Run("INSERT INTO t VALUES (1)")));
}

TEST_F(SqliteSession, AReadOnlyTransactionThatIsReleasedLeavesNoTrace) {
  Pool pool(url_, {{"pool_size", "1"}, {"max_overflow", "0"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  {
    Lease lease(pool);
    ASSERT_TRUE(Ok(lease.Begin(DBPOOL_TX_READ_ONLY)));
  }
  EXPECT_TRUE(Ok(pool.Run("INSERT INTO t VALUES (1)")));
}

TEST_F(SqliteSession, AReadOnlyTransactionMayEndByText) {
  Pool pool(url_, {{"pool_size", "1"}, {"max_overflow", "0"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  Lease lease(pool);
  for (const char* end : {"COMMIT", "ROLLBACK"}) {
    ASSERT_TRUE(Ok(lease.Begin(DBPOOL_TX_READ_ONLY)));
    ASSERT_TRUE(Ok(lease.Run(end)));
    EXPECT_TRUE(Ok(lease.Run("INSERT INTO t VALUES (1)"))) << end;
  }
  ASSERT_TRUE(Ok(lease.Begin(DBPOOL_TX_READ_ONLY)));
  ASSERT_TRUE(Ok(lease.Run("COMMIT")));
  ASSERT_EQ(lease.Release(), DBPOOL_OK);
  EXPECT_TRUE(Ok(Lease(pool).Run("INSERT INTO t VALUES (1)"))) << "the next borrower's";
}

TEST_F(SqliteSession, AReadOnlyStatementThatWritesIsRefused) {
  Pool pool(url_);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  EXPECT_TRUE(Is(pool.Run("INSERT INTO t VALUES (1)", {}, {.flags = DBPOOL_QUERY_READ_ONLY}),
                 DBPOOL_ERR_SQL, "25006"));
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM t"), "0");
}

TEST_F(SqliteSession, MemoryIsOneDatabaseOfAllConnectionsOfAPoolAndPrivateToIt) {
  Pool one("sqlite::memory:", {{"pool_size", "3"}}), two("sqlite::memory:");
  ASSERT_TRUE(Ok(one.Run("CREATE TABLE t (n INTEGER)")));
  Lease a(one), b(one), c(one);
  ASSERT_TRUE(Ok(a.Run("INSERT INTO t VALUES (1)")));
  EXPECT_EQ(b.Ask("SELECT n FROM t"), "1");
  EXPECT_EQ(c.Ask("SELECT n FROM t"), "1");
  EXPECT_TRUE(Is(two.Run("SELECT n FROM t"), DBPOOL_ERR_SQL, "42P01"));
}

TEST_F(SqliteSession, ThreadsWriteToOneDatabaseInMemoryWithoutALockError) {
  Pool pool("sqlite::memory:", {{"pool_size", "8"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (n INTEGER)")));
  OnThreads(8, [&](int) {
    for (int n = 0; n < 100; ++n) {
      Lease lease(pool);
      ASSERT_TRUE(Ok(lease.Begin()));
      ASSERT_TRUE(Ok(lease.Run("INSERT INTO t SELECT count(*) FROM t")));
      ASSERT_TRUE(Ok(lease.Commit()));
      lease.Release();
      ASSERT_TRUE(Ok(pool.Run("SELECT count(*) FROM t")));
    }
  });
  EXPECT_EQ(pool.Ask("SELECT count(DISTINCT n) FROM t"), "800");
}

TEST_F(SqliteSession, OptionsHoldOnEveryConnection) {
  Pool pool(url_, {{"pool_size", "4"},
                   {"journal_mode", "truncate"},
                   {"synchronous", "extra"},
                   {"foreign_keys", "off"}});
  std::vector<Lease> leases;
  for (int i = 0; i < 4; ++i) {
    const Lease& lease = leases.emplace_back(pool);
    EXPECT_EQ(lease.Ask("PRAGMA journal_mode"), "truncate");
    EXPECT_EQ(lease.Ask("PRAGMA synchronous"), "3");
    EXPECT_EQ(lease.Ask("PRAGMA foreign_keys"), "0");
  }
}

TEST_F(SqliteSession, DefaultsAreWalNormalAndForeignKeysEnforced) {
  Pool pool(url_, {{"pool_size", "3"}});
  ASSERT_TRUE(
      Ok(pool.Run("CREATE TABLE a (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE b (a INTEGER REFERENCES a)")));
  std::vector<Lease> leases;
  for (int i = 0; i < 3; ++i) {
    const Lease& lease = leases.emplace_back(pool);
    EXPECT_EQ(lease.Ask("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(lease.Ask("PRAGMA synchronous"), "1");
    EXPECT_TRUE(Is(lease.Run("INSERT INTO b VALUES (7)"), DBPOOL_ERR_SQL, "23503"));
  }
}

TEST_F(SqliteSession, WhatABorrowerSetsIsGoneForTheNext) {
  for (const char* reset : {"smart", "full"}) {
    Pool pool(url_, {{"pool_size", "1"}, {"max_overflow", "0"}, {"reset", reset}});
    ASSERT_TRUE(Ok(pool.Run("CREATE TABLE IF NOT EXISTS t (n INTEGER)")));
    {
      Lease lease(pool);
      ASSERT_TRUE(Ok(lease.Run("PRAGMA foreign_keys = off")));
      ASSERT_TRUE(Ok(lease.Run("CREATE TEMP TABLE mine (n INTEGER)")));
      ASSERT_TRUE(Ok(lease.Run("ATTACH ':memory:' AS other")));
      ASSERT_TRUE(Ok(lease.Run("BEGIN")));
      ASSERT_TRUE(Ok(lease.Run("INSERT INTO t VALUES (1)")));
    }
    Lease next(pool);
    EXPECT_EQ(next.Ask("PRAGMA foreign_keys"), "1");
    EXPECT_TRUE(Is(next.Run("SELECT * FROM mine"), DBPOOL_ERR_SQL, "42P01"));
    EXPECT_EQ(next.Ask("SELECT count(*) FROM pragma_database_list WHERE name = 'other'"), "0");
    EXPECT_EQ(next.Ask("SELECT count(*) FROM t"), "0");
    EXPECT_TRUE(Ok(next.Begin()));
  }
}

TEST_F(SqliteSession, TheProbeTellsWhoAnswers) {
  dbpool_server server = {};
  server.struct_size = sizeof server;
  ASSERT_EQ(dbpool_probe(url_.c_str(), nullptr, -1, &server, nullptr), DBPOOL_OK);
  EXPECT_STREQ(server.product, "SQLite");
  EXPECT_EQ(std::string(server.version).substr(0, 2), "3.");
  EXPECT_STREQ(server.database, dir_.File("data.db").c_str());
  EXPECT_EQ(server.read_only, 0);
  EXPECT_EQ(server.max_connections, -1);
  EXPECT_GT(server.connect_ns, 0);
}

}  // namespace
}  // namespace dbp
