#include "fixture.h"

namespace dbp::sqlite {
namespace {

using SqliteErrors = SqliteTest;

TEST_F(SqliteErrors, StatementsThatAreRefusedCarryTheirState) {
  auto c = Connect();
  ASSERT_OK(Run(*c,
                "CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE, n NOT NULL DEFAULT 0, "
                "k CONSTRAINT positive CHECK (k > 0), f REFERENCES t(id)); INSERT INTO t(id, u) "
                "VALUES (1, 1)"));
  struct Case {
    const char* sql;
    const char* state;
  };
  for (const Case& one :
       {Case{"SELEC 1", "42601"}, Case{"SELECT (", "42601"}, Case{"SELECT 1 FROM nowhere", "42P01"},
        Case{"SELECT absent FROM t", "42703"}, Case{"SELECT nofunction(1)", "42883"},
        Case{"CREATE TABLE t(a)", "42P07"}, Case{"INSERT INTO t(id) VALUES (1)", "23505"},
        Case{"INSERT INTO t(u) VALUES (1)", "23505"},
        Case{"INSERT INTO t(n) VALUES (NULL)", "23502"},
        Case{"INSERT INTO t(k) VALUES (-1)", "23514"},
        Case{"INSERT INTO t(f) VALUES (99)", "23503"},
        Case{"INSERT INTO t(id) VALUES ('x')", "22P02"}, Case{"COMMIT", "25P01"},
        Case{"SELECT abs(-9223372036854775808)", "22003"}}) {
    const Status status = Run(*c, one.sql);
    EXPECT_CODE(status, DBPOOL_ERR_SQL) << one.sql;
    EXPECT_EQ(status.sqlstate(), one.state) << one.sql;
    EXPECT_EQ(status.info()->phase, DBPOOL_PHASE_QUERY);
    EXPECT_NE(status.info()->native_code, 0);
  }
  EXPECT_FALSE(c->broken());
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM t"), "1");
}

TEST_F(SqliteErrors, NamesTableColumnAndConstraint) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(u UNIQUE, k CONSTRAINT positive CHECK (k > 0))"));
  ASSERT_OK(Run(*c, "INSERT INTO t(u) VALUES (1)"));
  const Status unique = Run(*c, "INSERT INTO t(u) VALUES (1)");
  EXPECT_EQ(unique.info()->table, "t");
  EXPECT_EQ(unique.info()->column, "u");
  EXPECT_EQ(Run(*c, "INSERT INTO t(k) VALUES (-1)").info()->constraint, "positive");
}

TEST_F(SqliteErrors, PointsAtTheByte) {
  auto c = Connect();
  const Status status = Run(*c, "  SELECT absent");
  EXPECT_EQ(status.info()->position, 10);
}

TEST_F(SqliteErrors, AFullDatabaseIsNoBrokenConnection) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a); PRAGMA max_page_count = 5"));
  const Status status = Run(*c, "INSERT INTO t VALUES (zeroblob(100000))");
  EXPECT_EQ(status.sqlstate(), "53100");
  EXPECT_FALSE(c->broken());
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM t"), "0");
}

TEST_F(SqliteErrors, AReaderThatWantsToWriteTooLateMayBeginAnew) {
  auto reader = Connect();
  ASSERT_OK(Run(*reader, "CREATE TABLE t(a)"));
  ASSERT_OK(Run(*reader, "BEGIN"));
  ASSERT_OK(Run(*reader, "SELECT * FROM t"));
  ASSERT_OK(Run(*Connect(), "INSERT INTO t VALUES (1)"));
  const Status status = Run(*reader, "INSERT INTO t VALUES (2)");
  EXPECT_EQ(status.sqlstate(), "40001");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
  EXPECT_TRUE(driver_->TransactionMayRetry(status));
  EXPECT_EQ(reader->tx_state(), TxState::kOpen);
}

}  // namespace
}  // namespace dbp::sqlite
