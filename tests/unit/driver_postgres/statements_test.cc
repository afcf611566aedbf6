#include "tests/unit/driver_postgres/fixture.h"

namespace dbp {
namespace {

// Round trips through a proxy: how often the traffic turned to the server.
struct Proxied {
  std::unique_ptr<TcpProxy> proxy = MakeProxy();
  std::unique_ptr<Connection> c;
  explicit Proxied(Config config = TcpConfig()) {
    config.postgres.hosts[0].port = std::to_string(proxy->port());
    c = MustOpen(config);
  }
  int64_t Trips(std::string_view sql, std::vector<dbpool_value> params = {}) {
    const int64_t before = proxy->to_server().bursts;
    EXPECT_OK(RunSql(*c, sql, std::move(params)));
    return proxy->to_server().bursts - before;
  }
};

std::string NamesOf(Connection& c) {
  return Ask(c,
             "SELECT coalesce(string_agg(statement, '|' ORDER BY statement), '') FROM "
             "pg_prepared_statements");
}

TEST(Statements, TakeOneRoundTripAtEachUse) {
  Proxied p;
  for (int use = 1; use <= 4; ++use)
    EXPECT_EQ(p.Trips("SELECT $1::int8 + 1", {Int(use)}), 1) << use;
}

TEST(Statements, ACommitByTextOfAFailedTransactionIsAnError) {
  auto c = MustOpen(SocketConfig());
  for (const char* commit : {"COMMIT", "  end", "commit work"}) {
    ASSERT_OK(RunSql(*c, "BEGIN"));
    ASSERT_CODE(RunSql(*c, "SELECT 1 / 0"), DBPOOL_ERR_SQL);
    const Status status = RunSql(*c, commit);
    EXPECT_CODE(status, DBPOOL_ERR_SQL);
    EXPECT_EQ(status.sqlstate(), "25P02") << commit;
    EXPECT_EQ(c->tx_state(), TxState::kNone);
  }
  ASSERT_OK(RunSql(*c, "BEGIN"));
  EXPECT_OK(RunSql(*c, "ROLLBACK"));
}

TEST(Statements, ArePreparedAtTheirSecondUse) {
  auto c = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*c, "SELECT 1"));
  EXPECT_EQ(NamesOf(*c), "");
  ASSERT_OK(RunSql(*c, "SELECT 1"));
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 1'"),
            "1");
}

TEST(Statements, ArePreparedAtOnceOrNeverAsConfigured) {
  Config config = SocketConfig();
  config.prepare_threshold = 1;
  auto at_once = MustOpen(config);
  EXPECT_NE(NamesOf(*at_once), "");
  config.prepare_threshold = 0;
  auto never = MustOpen(config);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(*never), "");
  config.prepare_threshold = 1;
  config.statement_cache = 0;
  auto uncached = MustOpen(config);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(*uncached), "");
}

TEST(Statements, ThatWereEvictedAreGivenUpByTheServer) {
  Config config = SocketConfig();
  config.prepare_threshold = 1;
  config.statement_cache = 2;
  auto c = MustOpen(config);
  for (int i = 0; i < 20; ++i) ASSERT_OK(RunSql(*c, "SELECT " + std::to_string(i)));
  // The two of the cache, one just evicted by this question at most, and not twenty.
  EXPECT_LE(std::stoi(Ask(*c, "SELECT count(*) FROM pg_prepared_statements")), 3);
}

TEST(Statements, RunAgainAfterTheirNamesWereDeallocatedByHand) {
  Proxied p;
  for (int i = 0; i < 2; ++i) ASSERT_EQ(Ask(*p.c, "SELECT 7"), "7");
  const std::string name = Ask(*p.c, "SELECT name FROM pg_prepared_statements");
  ASSERT_OK(RunSql(*p.c, "DEALLOCATE \"" + name + "\""));
  EXPECT_EQ(p.Trips("SELECT 7"), 2);
  EXPECT_EQ(p.Trips("SELECT 7"), 1);
  ASSERT_OK(RunSql(*p.c, "DEALLOCATE ALL"));
  EXPECT_EQ(p.Trips("SELECT 7"), 1);
}

TEST(Statements, RunAgainWhenTheTableChangedBeneathThem) {
  auto c = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*c, "CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)"));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Ask(*c, "SELECT * FROM t"), "1");
  ASSERT_OK(RunSql(*c, "ALTER TABLE t ALTER a TYPE text USING 'x' || a"));
  EXPECT_EQ(Ask(*c, "SELECT * FROM t"), "x1");
  EXPECT_EQ(Ask(*c, "SELECT * FROM t"), "x1");
}

TEST(Statements, ThatWerePoisonedAreNotRunAgainInATransaction) {
  auto c = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*c, "CREATE TEMP TABLE t (a int)"));
  for (int i = 0; i < 3; ++i) ASSERT_OK(RunSql(*c, "SELECT * FROM t"));
  ASSERT_OK(RunSql(*c, "ALTER TABLE t ADD b int"));
  ASSERT_OK(RunSql(*c, "BEGIN"));
  const Status status = RunSql(*c, "SELECT * FROM t");
  EXPECT_EQ(status.sqlstate(), "0A000");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
  EXPECT_EQ(c->tx_state(), TxState::kFailed);
  ASSERT_OK(RunSql(*c, "ROLLBACK"));
  ASSERT_OK(RunSql(*c, "BEGIN"));
  EXPECT_OK(RunSql(*c, "SELECT * FROM t"));
  EXPECT_EQ(c->tx_state(), TxState::kOpen);
}

TEST(Statements, ThatFailWhilePreparedLeaveTheConnectionUsable) {
  auto c = MustOpen(SocketConfig());
  for (int i = 0; i < 4; ++i) {
    const Status status = RunSql(*c, "SELECT 1 / $1::int", {Int(0)});
    EXPECT_CODE(status, DBPOOL_ERR_SQL);
    EXPECT_EQ(status.sqlstate(), "22012");
    EXPECT_EQ(RunSql(*c, "SELECT nope").sqlstate(), "42703");
  }
  EXPECT_EQ(Ask(*c, "SELECT 1 / $1::int", {Int(1)}), "1");
}

TEST(Statements, WithDifferentParameterTypesAreTwo) {
  auto c = MustOpen(SocketConfig());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask(*c, "SELECT length($1)", {Text("abc")}), "3");
    EXPECT_EQ(Ask(*c, "SELECT length($1)", {Bytes(std::string_view("\0\1", 2))}), "2");
  }
}

TEST(Statements, WithAWrongNumberOfParametersAreInvalid) {
  auto c = MustOpen(SocketConfig());
  for (int i = 0; i < 3; ++i) {
    EXPECT_CODE(RunSql(*c, "SELECT $1::int + $2::int", {Int(1)}), DBPOOL_ERR_INVALID);
    EXPECT_CODE(RunSql(*c, "SELECT $1::int + $2::int", {Int(1), Int(2), Int(3)}), DBPOOL_ERR_INVALID);
    EXPECT_CODE(RunSql(*c, "SELECT $1::int"), DBPOOL_ERR_INVALID);
    EXPECT_EQ(Ask(*c, "SELECT $1::int + $2::int", {Int(1), Int(2)}), "3");
  }
}

TEST(Statements, WithNulInTextOrSqlAreInvalidBeforeAnythingIsSent) {
  Proxied p;
  const int64_t before = p.proxy->to_server().bytes;
  EXPECT_CODE(RunSql(*p.c, "SELECT $1", {Text(std::string_view("a\0b", 3))}), DBPOOL_ERR_INVALID);
  EXPECT_CODE(RunSql(*p.c, std::string_view("SELECT 1\0", 9)), DBPOOL_ERR_INVALID);
  EXPECT_EQ(p.proxy->to_server().bytes, before);
}

TEST(Statements, SeveralInOneTextGiveTheirResultsInOrder) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  ASSERT_OK(
      RunSql(*c, "SELECT 1; CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2)", {}, &rows));
  EXPECT_STREQ(rows->command(), "SELECT");
  rows = rows->TakeNext();
  ASSERT_NE(rows, nullptr);
  EXPECT_STREQ(rows->command(), "CREATE TABLE");
  rows = rows->TakeNext();
  ASSERT_NE(rows, nullptr);
  EXPECT_STREQ(rows->command(), "INSERT");
  EXPECT_EQ(rows->affected(), 2);
  EXPECT_EQ(rows->TakeNext(), nullptr);
  EXPECT_CODE(RunSql(*c, "SELECT 1; SELECT $1", {Int(1)}), DBPOOL_ERR_INVALID);
}

TEST(Statements, OfCopyAreUnsupportedAndEndTheConnection) {
  for (const char* sql :
       {"COPY pg_class TO STDOUT", "COPY t FROM STDIN", "SELECT 1; COPY t FROM STDIN"}) {
    auto c = MustOpen(SocketConfig());
    ASSERT_OK(RunSql(*c, "CREATE TEMP TABLE t (a int)"));
    const Status status = RunSql(*c, sql);
    EXPECT_CODE(status, DBPOOL_ERR_UNSUPPORTED) << sql;
    EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
    EXPECT_TRUE(c->broken());
  }
}

TEST(Statements, AreDescribedInOneRoundTripWithoutRunning) {
  Proxied p;
  const int64_t before = p.proxy->to_server().bursts;
  p.c->StartDescribe("INSERT INTO pg_no VALUES (1)", Deadline::Never());
  ASSERT_TRUE(Pump(*p.c, Deadline::After(kGenerous)));
  EXPECT_EQ(p.c->Finish(nullptr).sqlstate(), "42P01");
  std::unique_ptr<Rows> rows;
  p.c->StartDescribe("SELECT $1::int4 AS a, $2::uuid AS b", Deadline::Never());
  ASSERT_TRUE(Pump(*p.c, Deadline::After(kGenerous)));
  ASSERT_OK(p.c->Finish(&rows));
  EXPECT_EQ(p.proxy->to_server().bursts - before, 2);
  ASSERT_EQ(rows->columns().size(), 2U);
  ASSERT_EQ(rows->params().size(), 2U);
  EXPECT_STREQ(rows->columns()[1].name, "b");
  EXPECT_EQ(rows->params()[1].kind, static_cast<uint32_t>(DBPOOL_KIND_UUID));
  EXPECT_EQ(rows->Take(1).rows, 0U);
}

TEST(Errors, CarryTheServersFields) {
  auto c = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*c, "CREATE TEMP TABLE t (a int CONSTRAINT positive CHECK (a > 0))"));
  const Status status = RunSql(*c, "INSERT INTO t VALUES (-1)");
  EXPECT_EQ(status.sqlstate(), "23514");
  EXPECT_EQ(status.info()->table, "t");
  EXPECT_EQ(status.info()->constraint, "positive");
  EXPECT_NE(status.info()->detail, "");
  EXPECT_EQ(RunSql(*c, "SELECT nope").info()->position, 8);
}

TEST(Errors, TellTheServersTimeoutFromACancel) {
  auto c = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*c, "SET statement_timeout = 50"));
  EXPECT_CODE(RunSql(*c, "SELECT pg_sleep(60)"), DBPOOL_ERR_TIMEOUT);
  ASSERT_OK(RunSql(*c, "SET statement_timeout = 0"));
  c->StartQuery(Query{"SELECT pg_sleep(60)", {}, false, false}, Deadline::Never());
  ASSERT_FALSE(Pump(*c, Deadline::After(50 * kMillisecond)));
  c->canceller()->Cancel();
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  EXPECT_CODE(c->Finish(nullptr), DBPOOL_ERR_CANCELLED);
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

}  // namespace
}  // namespace dbp
