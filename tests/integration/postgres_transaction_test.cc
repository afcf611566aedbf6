#include <atomic>

#include "tests/integration/integration.h"

// Transactions on PostgreSQL.

namespace dbp {
namespace {

class PostgresTransaction : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Ok(pool_.Run("CREATE TABLE account (id int, n int)"))); }
  void TearDown() override { EXPECT_TRUE(Ok(pool_.Run("DROP TABLE account"))); }

  Pool pool_{PostgresUrl()};
};

TEST_F(PostgresTransaction, AFailedOneThatIsCommittedIsAnError) {
  Lease lease(pool_);
  ASSERT_TRUE(Ok(lease.Begin()));
  ASSERT_TRUE(Ok(lease.Run("INSERT INTO account VALUES (1, 1)")));
  EXPECT_TRUE(Is(lease.Run("SELECT 1/0"), DBPOOL_ERR_SQL, "22012"));
  EXPECT_TRUE(Is(lease.Commit(), DBPOOL_ERR_SQL, "25P02"));
  EXPECT_EQ(lease.Ask("SELECT count(*) FROM account"), "0");
  EXPECT_TRUE(Is(lease.Commit(), DBPOOL_ERR_SQL, "25P01"));
}

TEST_F(PostgresTransaction, SavepointsUndoAPart) {
  Lease lease(pool_);
  ASSERT_TRUE(Ok(lease.Begin()));
  EXPECT_TRUE(Is(lease.Begin(), DBPOOL_ERR_SQL, "25001"));
  ASSERT_TRUE(Ok(lease.Run("INSERT INTO account VALUES (1, 1)")));
  ASSERT_EQ(dbpool_conn_savepoint(lease.token(), "a \"b", nullptr), DBPOOL_OK);
  EXPECT_TRUE(Is(lease.Run("SELECT 1/0"), DBPOOL_ERR_SQL, "22012"));
  ASSERT_EQ(dbpool_conn_rollback_to(lease.token(), "a \"b", nullptr), DBPOOL_OK);
  ASSERT_EQ(dbpool_conn_release_savepoint(lease.token(), "a \"b", nullptr), DBPOOL_OK);
  ASSERT_TRUE(Ok(lease.Commit()));
  EXPECT_EQ(lease.Ask("SELECT count(*) FROM account"), "1");
}

TEST_F(PostgresTransaction, IsolationAndReadOnlyReachTheServer) {
  Lease lease(pool_);
  ASSERT_TRUE(Ok(lease.Begin(DBPOOL_TX_READ_ONLY, DBPOOL_ISOLATION_SERIALIZABLE)));
  EXPECT_EQ(lease.Ask("SHOW transaction_isolation"), "serializable");
  EXPECT_TRUE(Is(lease.Run("INSERT INTO account VALUES (1, 1)"), DBPOOL_ERR_SQL, "25006"));
  ASSERT_TRUE(Ok(lease.Rollback()));
  EXPECT_TRUE(Ok(lease.Run("INSERT INTO account VALUES (1, 1)")));
}

struct Collision {
  std::atomic<int> runs{0}, arrived{0};
};

// Both read before either writes, at their first attempt: one of them must fail.
dbpool_status Increment(void* user_data, dbpool_conn conn, dbpool_error** error) {
  auto& collision = *static_cast<Collision*>(user_data);
  ++collision.runs;
  dbpool_status status = dbpool_conn_query(conn, "SELECT n FROM account WHERE id = 1", DBPOOL_NTS,
                                           nullptr, 0, nullptr, nullptr, error);
  if (status != DBPOOL_OK) return status;
  ++collision.arrived;
  if (!Await([&] { return collision.arrived >= 2; })) return DBPOOL_ERR_INTERNAL;
  return dbpool_conn_query(conn, "UPDATE account SET n = n + 1 WHERE id = 1", DBPOOL_NTS, nullptr,
                           0, nullptr, nullptr, error);
}

TEST_F(PostgresTransaction, OneThatCollidesIsRunAgainUntilItSucceeds) {
  ASSERT_TRUE(Ok(pool_.Run("INSERT INTO account VALUES (1, 0)")));
  dbpool_tx_options options = {};
  options.struct_size = sizeof options;
  options.isolation = DBPOOL_ISOLATION_SERIALIZABLE;
  Collision collision;
  OnThreads(2, [&](int) {
    dbpool_error* error = nullptr;
    const dbpool_status status =
        dbpool_transaction(pool_.get(), Increment, &collision, &options, &error);
    EXPECT_TRUE(Ok(abi::Take(status, error)));
  });
  EXPECT_EQ(pool_.Ask("SELECT n FROM account"), "2");
  EXPECT_GE(collision.runs, 3);
  EXPECT_EQ(pool_.Stats().leased, 0u);
}

dbpool_status AlwaysCollides(void* user_data, dbpool_conn conn, dbpool_error** error) {
  ++*static_cast<int*>(user_data);
  return dbpool_conn_query(conn,
                           "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$",
                           DBPOOL_NTS, nullptr, 0, nullptr, nullptr, error);
}

TEST_F(PostgresTransaction, OneThatAlwaysCollidesIsGivenUpAfterMaxAttempts) {
  dbpool_tx_options options = {};
  options.struct_size = sizeof options;
  options.max_attempts = 3;
  int runs = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_transaction(pool_.get(), AlwaysCollides, &runs, &options, &error);
  EXPECT_TRUE(Is(abi::Take(status, error), DBPOOL_ERR_SQL, "40001"));
  EXPECT_EQ(runs, 3);
}

dbpool_status FailsByItself(void* user_data, dbpool_conn conn, dbpool_error** error) {
  ++*static_cast<int*>(user_data);
  (void)dbpool_conn_query(conn, "INSERT INTO account VALUES (9, 9)", DBPOOL_NTS, nullptr, 0,
                          nullptr, nullptr, nullptr);
  *error = dbpool_error_new(DBPOOL_ERR_INVALID, "not today");
  return DBPOOL_ERR_INVALID;
}

TEST_F(PostgresTransaction, OneWhoseFunctionFailsIsRolledBackAndSaysWhy) {
  int runs = 0;
  dbpool_error* raw = nullptr;
  const dbpool_status status = dbpool_transaction(pool_.get(), FailsByItself, &runs, nullptr, &raw);
  const Error error = abi::Take(status, raw);
  EXPECT_TRUE(Is(error, DBPOOL_ERR_INVALID));
  EXPECT_EQ(error.message, "not today");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(pool_.Ask("SELECT count(*) FROM account"), "0");
}

TEST_F(PostgresTransaction, ALockThatIsNotGivenEndsInLockTimeout) {
  ASSERT_TRUE(Ok(pool_.Run("INSERT INTO account VALUES (1, 0)")));
  Pool impatient(PostgresUrl(), {{"lock_timeout", "100ms"}});
  Lease holder(pool_);
  ASSERT_TRUE(Ok(holder.Begin()));
  ASSERT_TRUE(Ok(holder.Run("UPDATE account SET n = 1")));
  const Error error = impatient.Run("UPDATE account SET n = 2");
  EXPECT_TRUE(Is(error, DBPOOL_ERR_SQL, "55P03"));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_RETRYABLE));
  ASSERT_TRUE(Ok(holder.Rollback()));
  EXPECT_TRUE(Ok(impatient.Run("UPDATE account SET n = 2")));
}

TEST_F(PostgresTransaction, ADeadlockIsBrokenByRunningOneAgain) {
  ASSERT_TRUE(
      Ok(pool_.Run("INSERT INTO account VALUES (1, 0), (2, 0); "
                   "ALTER DATABASE dbpool_test SET deadlock_timeout = '50ms'")));
  Pool pool(PostgresUrl());
  struct Side {
    Collision* meeting;
    int first, second;
  };
  Collision meeting;
  Side sides[] = {{&meeting, 1, 2}, {&meeting, 2, 1}};
  OnThreads(2, [&](int i) {
    dbpool_error* error = nullptr;
    const auto body = [](void* data, dbpool_conn conn, dbpool_error** failure) -> dbpool_status {
      const Side& side = *static_cast<Side*>(data);
      const char* sql = "UPDATE account SET n = n + 1 WHERE id = $1";
      const dbpool_value first = Int(side.first), second = Int(side.second);
      dbpool_status status =
          dbpool_conn_query(conn, sql, DBPOOL_NTS, &first, 1, nullptr, nullptr, failure);
      if (status != DBPOOL_OK) return status;
      ++side.meeting->arrived;
      if (!Await([&] { return side.meeting->arrived >= 2; })) return DBPOOL_ERR_INTERNAL;
      return dbpool_conn_query(conn, sql, DBPOOL_NTS, &second, 1, nullptr, nullptr, failure);
    };
    const dbpool_status status = dbpool_transaction(pool.get(), body, &sides[i], nullptr, &error);
    EXPECT_TRUE(Ok(abi::Take(status, error)));
  });
  EXPECT_EQ(pool.Ask("SELECT string_agg(n::text, ',') FROM account"), "2,2");
  EXPECT_TRUE(Ok(pool_.Run("ALTER DATABASE dbpool_test RESET deadlock_timeout")));
}

}  // namespace
}  // namespace dbp
