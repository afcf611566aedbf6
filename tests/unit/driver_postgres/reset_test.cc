#include "tests/unit/driver_postgres/fixture.h"

namespace dbp {
namespace {

Config Configured() {
  Config config = SocketConfig();
  config.search_path = "public";
  config.init_sql = "SET my.flag = 'init'";
  return config;
}

struct Dirtying {
  const char* sql;
  const char* question;  // gives "clean" afterwards
};

class SmartReset : public testing::TestWithParam<Dirtying> {};

TEST_P(SmartReset, CleansWhatItsBorrowerLeft) {
  auto c = MustOpen(Configured());
  ASSERT_OK(RunSql(*c, GetParam().sql));
  EXPECT_TRUE(c->NeedsReset(ResetMode::kSmart));
  ASSERT_OK(ResetNow(*c, ResetMode::kSmart));
  EXPECT_EQ(c->tx_state(), TxState::kNone);
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
  EXPECT_EQ(Ask(*c, GetParam().question), "clean");
  EXPECT_EQ(Ask(*c, "SHOW my.flag"), "init");
  EXPECT_EQ(Ask(*c, "SHOW lock_timeout"), "5s");
}

TEST_P(SmartReset, AndSoDoesAFullOne) {
  auto c = MustOpen(Configured());
  ASSERT_OK(RunSql(*c, GetParam().sql));
  ASSERT_OK(ResetNow(*c, ResetMode::kFull));
  EXPECT_EQ(Ask(*c, GetParam().question), "clean");
  EXPECT_EQ(Ask(*c, "SHOW my.flag"), "init");
  EXPECT_EQ(Ask(*c, "SHOW lock_timeout"), "5s");
}

INSTANTIATE_TEST_SUITE_P(
    Matrix, SmartReset,
    testing::Values(
        Dirtying{"BEGIN", "SELECT 'clean'"},
        Dirtying{"BEGIN; SET LOCAL work_mem = '1MB'", "SELECT 'clean'"},
        Dirtying{"SET search_path = nowhere",
                 "SELECT 'clean' WHERE current_setting('search_path') = 'public'"},
        Dirtying{"SET lock_timeout = 1", "SELECT 'clean'"},
        Dirtying{"SET my.flag = 'other'", "SELECT 'clean'"},
        Dirtying{"SELECT set_config('work_mem', '1MB', false)",
                 "SELECT 'clean' WHERE current_setting('work_mem') <> '1MB'"},
        Dirtying{"SET ROLE dbpool", "SELECT 'clean' WHERE current_user = 'postgres'"},
        Dirtying{"SET SESSION AUTHORIZATION dbpool",
                 "SELECT 'clean' WHERE session_user = 'postgres'"},
        Dirtying{"SELECT pg_advisory_lock(42)",
                 "SELECT 'clean' WHERE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = "
                 "'advisory' AND pid = "
                 "pg_backend_pid())"},
        Dirtying{"LISTEN bell", "SELECT 'clean' WHERE NOT EXISTS (SELECT pg_listening_channels())"},
        Dirtying{"PREPARE mine AS SELECT 1",
                 "SELECT 'clean' WHERE NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = "
                 "'mine')"},
        Dirtying{"CREATE TEMP TABLE t (a int)",
                 "SELECT 'clean' WHERE to_regclass('pg_temp.t') IS NULL"},
        Dirtying{"DECLARE kept CURSOR WITH HOLD FOR SELECT 1",
                 "SELECT 'clean' WHERE NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'kept')"},
        Dirtying{"DO $$BEGIN PERFORM set_config('work_mem', '1MB', false); END$$",
                 "SELECT 'clean' WHERE current_setting('work_mem') <> '1MB'"},
        Dirtying{"SET client_encoding = LATIN1",
                 "SELECT 'clean' WHERE current_setting('client_encoding') = 'UTF8'"}));

TEST(Reset, IsNotNeededAfterPlainStatements) {
  auto c = MustOpen(Configured());
  ASSERT_OK(RunSql(*c, "SELECT 1"));
  ASSERT_OK(RunSql(*c, "BEGIN"));
  ASSERT_OK(RunSql(*c, "COMMIT"));
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
  EXPECT_FALSE(c->NeedsReset(ResetMode::kRollback));
  EXPECT_TRUE(c->NeedsReset(ResetMode::kFull));
}

TEST(Reset, OfATransactionKeepsPreparedStatements) {
  auto c = MustOpen(SocketConfig());
  for (int i = 0; i < 2; ++i) ASSERT_OK(RunSql(*c, "SELECT 3"));
  ASSERT_OK(RunSql(*c, "BEGIN"));
  ASSERT_CODE(RunSql(*c, "SELECT 1/0"), DBPOOL_ERR_SQL);
  EXPECT_EQ(c->tx_state(), TxState::kFailed);
  ASSERT_OK(ResetNow(*c, ResetMode::kRollback));
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM pg_prepared_statements"), "1");
  EXPECT_EQ(Ask(*c, "SELECT 3"), "3");
}

TEST(Reset, TakesOneRoundTripAndGoesOutWithoutWaiting) {
  auto proxy = MakeProxy();
  auto c = MustOpen(TcpConfig(proxy->port()));
  ASSERT_OK(RunSql(*c, "BEGIN; SET LOCAL work_mem = '1MB'; LISTEN bell"));
  const int64_t before = proxy->to_server().bursts;
  proxy->to_client().mode = TcpProxy::Mode::kStall;
  c->StartReset(ResetMode::kSmart, Deadline::Never());
  EXPECT_EQ(c->Step(), Want::kRead);
  ASSERT_TRUE(Await([&] { return proxy->to_server().bursts == before + 1; }));
  proxy->to_client().mode = TcpProxy::Mode::kPass;
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  ASSERT_OK(c->Finish(nullptr));
  EXPECT_EQ(proxy->to_server().bursts, before + 1);
}

TEST(Reset, DrainsAStatementThatIsStillRunning) {
  auto c = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*c, "BEGIN"));
  c->StartQuery(Query{"SELECT pg_sleep(60)", {}, false, false}, Deadline::Never());
  ASSERT_FALSE(Pump(*c, Deadline::After(20 * kMillisecond)));
  EXPECT_TRUE(c->NeedsReset(ResetMode::kNone));
  c->canceller()->Cancel();
  ASSERT_OK(ResetNow(*c, ResetMode::kSmart));
  EXPECT_EQ(c->tx_state(), TxState::kNone);
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST(Reset, DrainsAnOpenStream) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  c->StartQuery(Query{"SELECT generate_series(1, 100000000)", {}, true, false}, Deadline::Never());
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  ASSERT_OK(c->Finish(&rows));
  c->canceller()->Cancel();
  ASSERT_OK(ResetNow(*c, ResetMode::kNone));
  EXPECT_FALSE(c->streaming());
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST(Reset, ThatFailsBreaksTheConnection) {
  Config config = SocketConfig();
  config.init_sql = "SELECT 'x' || a FROM needed";
  auto keeper = MustOpen(SocketConfig());
  ASSERT_OK(RunSql(*keeper, "CREATE TABLE needed (a int)"));
  auto c = MustOpen(config);
  ASSERT_OK(RunSql(*keeper, "DROP TABLE needed"));
  const Status status = ResetNow(*c, ResetMode::kFull);
  EXPECT_EQ(status.sqlstate(), "42P01");
  EXPECT_TRUE(c->broken());
}

TEST(Reset, WorksOnAConnectionWhoseHandleWasGivenAwayAndIsAlwaysNeededThere) {
  auto c = MustOpen(SocketConfig());
  EXPECT_NE(c->native(), nullptr);
  ASSERT_OK(ResetNow(*c, ResetMode::kSmart));
  EXPECT_TRUE(c->NeedsReset(ResetMode::kSmart));
}

}  // namespace
}  // namespace dbp
