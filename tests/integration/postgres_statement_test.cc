#include <fcntl.h>
#include <unistd.h>

#include "tests/integration/integration.h"
#include "tests/support/tcp_proxy.h"

// Statements on PostgreSQL: prepared by themselves, poisoned by DDL, several in a text, refused.

namespace dbp {
namespace {

TEST(PostgresStatement, TheFirstUseIsOneRoundTripAndSoIsEveryOther) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "1"}});
  Lease lease(pool);
  for (int use = 1; use <= 6; ++use) {
    const int64_t before = proxy.to_server().bursts;
    EXPECT_EQ(lease.Ask("SELECT $1::int + 1", {Int(use)}), std::to_string(use + 1));
    EXPECT_EQ(proxy.to_server().bursts - before, 1) << "use " << use;
  }
  EXPECT_EQ(lease.Ask("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE "
                      "'SELECT $1::int%'"),
            "1");
}

TEST(PostgresStatement, DdlThatPoisonsAPreparedStatementIsNotSeen) {
  Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"prepare_threshold", "1"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE poisoned (a int); INSERT INTO poisoned VALUES (1)")));
  Lease one(pool), two(pool);
  for (const Lease* lease : {&one, &two}) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(lease->Ask("SELECT * FROM poisoned"), "1");
  }
  const char* changes[] = {"ALTER TABLE poisoned ADD b int",
                           "ALTER TABLE poisoned ALTER a TYPE bigint",
                           "ALTER TABLE poisoned ADD c text DEFAULT 'x'"};
  for (const char* change : changes) {
    ASSERT_TRUE(Ok(two.Run(change)));
    EXPECT_EQ(one.Ask("SELECT * FROM poisoned"), "1") << change;
    EXPECT_EQ(two.Ask("SELECT * FROM poisoned"), "1") << change;
  }
  abi::Result result;
  ASSERT_TRUE(Ok(one.Run("SELECT * FROM poisoned", {}, {}, &result)));
  EXPECT_EQ(result.columns().size(), 3u);
  ASSERT_TRUE(Ok(two.Run("DEALLOCATE ALL")));
  EXPECT_EQ(two.Ask("SELECT * FROM poisoned"), "1");
  EXPECT_TRUE(Ok(pool.Run("DROP TABLE poisoned")));
}

TEST(PostgresStatement, DdlThatPoisonsWithinATransactionMayBeTriedAgain) {
  Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"prepare_threshold", "1"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE poisoned2 (a int); INSERT INTO poisoned2 VALUES (1)")));
  Lease lease(pool);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(lease.Ask("SELECT * FROM poisoned2"), "1");
  ASSERT_TRUE(Ok(pool.Run("ALTER TABLE poisoned2 ADD b int")));
  ASSERT_TRUE(Ok(lease.Begin()));
  const Error error = lease.Run("SELECT * FROM poisoned2");
  EXPECT_TRUE(Is(error, DBPOOL_ERR_SQL, "0A000"));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_RETRYABLE));
  ASSERT_TRUE(Ok(lease.Rollback()));
  ASSERT_TRUE(Ok(lease.Begin()));
  EXPECT_EQ(lease.Ask("SELECT * FROM poisoned2"), "1");
  EXPECT_TRUE(Ok(lease.Commit()));
  EXPECT_TRUE(Ok(pool.Run("DROP TABLE poisoned2")));
}

TEST(PostgresStatement, CopyIsUnsupportedAndThePoolStaysUsable) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}});
  for (const char* sql : {"COPY (SELECT 1) TO STDOUT", "COPY pg_class FROM STDIN",
                          "SELECT 1; COPY (SELECT 1) TO STDOUT"}) {
    EXPECT_TRUE(Is(pool.Run(sql), DBPOOL_ERR_UNSUPPORTED)) << sql;
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  }
}

TEST(PostgresStatement, ATextOfSeveralStatementsGivesItsResultsInTurn) {
  Pool pool(PostgresUrl());
  abi::Result result;
  ASSERT_TRUE(
      Ok(pool.Run("SELECT 1 AS a; CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1), "
                  "(2); SELECT 'x;y' AS b, n FROM t ORDER BY n",
                  {}, {}, &result)));
  EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"1"}}));
  ASSERT_EQ(dbpool_result_next(result.get(), nullptr), DBPOOL_OK);
  EXPECT_STREQ(dbpool_result_command(result.get()), "CREATE TABLE");
  EXPECT_EQ(dbpool_result_columns(result.get(), nullptr), 0u);
  ASSERT_EQ(dbpool_result_next(result.get(), nullptr), DBPOOL_OK);
  EXPECT_EQ(dbpool_result_affected(result.get()), 2);
  ASSERT_EQ(dbpool_result_next(result.get(), nullptr), DBPOOL_OK);
  EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"x;y", "1"}, {"x;y", "2"}}));
  EXPECT_EQ(dbpool_result_next(result.get(), nullptr), DBPOOL_DONE);
}

TEST(PostgresStatement, SeveralStatementsOfWhichOneFailsAreUndoneTogether) {
  Pool pool(PostgresUrl());
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE together (n int)")));
  EXPECT_TRUE(Is(pool.Run("INSERT INTO together VALUES (1); SELECT 1/0"), DBPOOL_ERR_SQL, "22012"));
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM together"), "0");
  EXPECT_TRUE(Ok(pool.Run("DROP TABLE together")));
}

TEST(PostgresStatement, WhatIsRefusedIsToldWithItsPlaceAndNames) {
  Pool pool(PostgresUrl());
  Lease lease(pool);
  const Error syntax = lease.Run("SELECT *\nFRMO t");
  EXPECT_TRUE(Is(syntax, DBPOOL_ERR_SQL, "42601"));
  EXPECT_EQ(syntax.position, 10);
  ASSERT_TRUE(Ok(lease.Run("CREATE TEMP TABLE named (n int CONSTRAINT positive CHECK (n > 0))")));
  dbpool_error* raw = nullptr;
  EXPECT_EQ(dbpool_conn_query(lease.token(), "INSERT INTO named VALUES (-1)", DBPOOL_NTS, nullptr,
                              0, nullptr, nullptr, &raw),
            DBPOOL_ERR_SQL);
  EXPECT_STREQ(dbpool_error_table(raw), "named");
  EXPECT_STREQ(dbpool_error_constraint(raw), "positive");
  EXPECT_STREQ(dbpool_error_sqlstate(raw), "23514");
  EXPECT_NE(std::string(dbpool_error_detail(raw)), "");
  dbpool_error_free(raw);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
}

TEST(PostgresStatement, TextThatIsNotUtf8OrHoldsANulIsRefusedAndTheLeaseStaysUsable) {
  Pool pool(PostgresUrl());
  Lease lease(pool);
  const std::string broken = "\xff\xfe", nul("a\0b", 3);
  EXPECT_LT(lease.Run("SELECT '" + broken + "'").code, 0);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  EXPECT_LT(lease.Run("SELECT $1::text", {abi::Text(broken)}).code, 0);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  EXPECT_TRUE(Is(lease.Run("SELECT $1::text", {abi::Text(nul)}), DBPOOL_ERR_INVALID));
  EXPECT_TRUE(Is(lease.Run("SELECT " + std::string("\0", 1) + "1"), DBPOOL_ERR_INVALID));
  EXPECT_TRUE(Is(lease.Run("SELECT $1::int, $2::int", {Int(1)}), DBPOOL_ERR_INVALID));
  EXPECT_TRUE(Is(lease.Run("SELECT 1", {Int(1)}), DBPOOL_ERR_INVALID));
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  EXPECT_TRUE(Ok(lease.Run("")));
}

TEST(PostgresStatement, NoticesNeverReachAStandardStream) {
  TempDir dir;
  const std::string file = dir.File("said");
  std::fflush(nullptr);
  const int out = dup(1), err = dup(2), to = open(file.c_str(), O_WRONLY | O_CREAT, 0600);
  dup2(to, 1);
  dup2(to, 2);
  Error error;
  {
    Pool pool(PostgresUrl(), {{"init_sql", "DO $$ BEGIN RAISE WARNING 'first'; END $$"}});
    error = pool.Run("DO $$ BEGIN RAISE NOTICE 'second'; RAISE WARNING 'third'; END $$");
    (void)pool.Run("DROP TABLE IF EXISTS nothing_of_that_name");
  }
  std::fflush(nullptr);
  dup2(out, 1);
  dup2(err, 2);
  for (const int fd : {out, err, to}) close(fd);
  EXPECT_TRUE(Ok(error));
  EXPECT_EQ(std::ifstream(file).peek(), std::ifstream::traits_type::eof());
}

TEST(PostgresStatement, MoreStatementsThanTheCacheHoldsAreForgottenOnTheServerToo) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"statement_cache", "8"}});
  Lease lease(pool);
  for (int i = 0; i < 200; ++i) {
    const std::string sql = "SELECT " + std::to_string(i) + " + $1::int";
    for (int use = 0; use < 3; ++use) {
      ASSERT_EQ(lease.Ask(sql, {Int(1)}), std::to_string(i + 1));
    }
  }
  EXPECT_LE(std::stoi(lease.Ask("SELECT count(*) FROM pg_prepared_statements")), 16);
}

}  // namespace
}  // namespace dbp
