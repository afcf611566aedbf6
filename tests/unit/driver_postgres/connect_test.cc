#include "tests/unit/driver_postgres/fixture.h"

namespace dbp {
namespace {

Config WithHosts(std::vector<std::string> ports) {
  Config config = TcpConfig();
  const std::string server = config.postgres.hosts[0].port;
  config.postgres.hosts.clear();
  for (const std::string& port : ports) {
    config.postgres.hosts.push_back({"127.0.0.1", "", port.empty() ? server : port});
  }
  return config;
}

TEST(Connect, GivesAWrongPasswordAtOnceAndInNoMessage) {
  Config config = TcpConfig();
  config.postgres.password = Secret("canary-7f3a");
  std::unique_ptr<Connection> c;
  const Status status = Open(config, &c);
  EXPECT_CODE(status, DBPOOL_ERR_AUTH);
  EXPECT_EQ(status.sqlstate(), "28P01");
  EXPECT_EQ(status.message(), "FATAL: password authentication failed for user \"dbpool\"");
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
}

TEST(Connect, AMissingPasswordIsAsFinalAsAWrongOne) {
  Config config = TcpConfig();
  config.postgres.password = Secret();
  std::unique_ptr<Connection> c;
  const Status status = Open(config, &c);
  EXPECT_CODE(status, DBPOOL_ERR_AUTH);
  EXPECT_EQ(status.sqlstate(), "28P01");
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
}

TEST(Connect, KeepsThePasswordOutOfMessagesThatWouldQuoteIt) {
  Config config = SocketConfig();
  config.postgres.password = Secret("canary-7f3a");
  config.postgres.keywords = {{"user", "canary-7f3a"}, {"dbname", "x-canary-7f3a"}};
  std::unique_ptr<Connection> c;
  const Status status = Open(config, &c);
  ASSERT_TRUE(status.failed());
  EXPECT_EQ(Describe(status).find("canary"), std::string::npos) << Describe(status);
}

TEST(Connect, TellsAMissingDatabaseFromOneThatMayComeBack) {
  Config config = SocketConfig();
  for (auto& [name, value] : config.postgres.keywords) {
    if (name == "dbname") value = "nowhere";
  }
  std::unique_ptr<Connection> c;
  Status status = Open(config, &c);
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_EQ(status.sqlstate(), "3D000");
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_RETRYABLE));

  status = Open(WithHosts({"1"}), &c);
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
}

TEST(Connect, NamesAnUnknownKeywordAndOneThatIsTooNew) {
  Config config = SocketConfig();
  std::unique_ptr<Driver> driver;
  config.postgres.keywords.emplace_back("sslmodus", "require");
  Status status = MakePostgresDriver(config, &driver);
  EXPECT_CODE(status, DBPOOL_ERR_OPTION);
  EXPECT_NE(status.message().find("\"sslmodus\""), std::string::npos);
}

TEST(Connect, LeavesASilentHostForTheNextOne) {
  auto silent = MakeProxy();
  silent->to_server().mode = TcpProxy::Mode::kStall;
  std::unique_ptr<Connection> c;
  ASSERT_OK(Open(WithHosts({std::to_string(silent->port()), ""}), &c, 2 * kSecond));
  EXPECT_EQ(silent->connections(), 1);
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST(Connect, EndsAtTheDeadlineWithASilentServerAndNamesHostAndStep) {
  auto silent = MakeProxy();
  silent->to_server().mode = TcpProxy::Mode::kStall;
  const Nanos before = Now();
  std::unique_ptr<Connection> c;
  const Status status = Open(TcpConfig(silent->port()), &c, 300 * kMillisecond);
  EXPECT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(status.info()->phase, DBPOOL_PHASE_CONNECT);
  EXPECT_NE(status.message().find("127.0.0.1"), std::string::npos) << status.message();
  EXPECT_GE(Now() - before, 300 * kMillisecond);
}

TEST(Connect, GivesUpWhenNobodyWantsItAnyMore) {
  auto silent = MakeProxy();
  silent->to_server().mode = TcpProxy::Mode::kStall;
  std::unique_ptr<Driver> driver;
  ASSERT_OK(MakePostgresDriver(TcpConfig(silent->port()), &driver));
  std::atomic<bool> abandoned{true};
  std::unique_ptr<Connection> c;
  EXPECT_CODE(driver->Connect(Deadline::Never(), &abandoned, &c), DBPOOL_ERR_CANCELLED);
}

TEST(Connect, SetsTheSessionUp) {
  Config config = SocketConfig();
  config.lock_timeout = 1234 * kMillisecond;
  config.search_path = "pg_temp, \"it's\"";
  config.application_name = "probe";
  config.init_sql = "SET work_mem = '7MB'; SET my.flag = 'yes'";
  auto c = MustOpen(config);
  EXPECT_EQ(Ask(*c, "SHOW lock_timeout"), "1234ms");
  EXPECT_EQ(Ask(*c, "SHOW search_path"), "pg_temp, \"it's\"");
  EXPECT_EQ(Ask(*c, "SHOW application_name"), "probe");
  EXPECT_EQ(Ask(*c, "SHOW work_mem"), "7MB");
  EXPECT_EQ(Ask(*c, "SHOW my.flag"), "yes");
}

TEST(Connect, CallsItselfDbpoolAndAlwaysSpeaksUtf8AndIsoDates) {
  Config config = SocketConfig();
  config.lock_timeout = kForever;
  config.postgres.keywords.emplace_back("options", "-c datestyle=German");
  auto c = MustOpen(config);
  EXPECT_EQ(Ask(*c, "SHOW application_name"), "dbpool");
  EXPECT_EQ(Ask(*c, "SHOW client_encoding"), "UTF8");
  EXPECT_EQ(Ask(*c, "SELECT date '2026-11-20'"), "2026-11-20");
}

TEST(Connect, FailsWithInitSqlThatFails) {
  Config config = SocketConfig();
  config.init_sql = "SELECT 1/0";
  std::unique_ptr<Connection> c;
  const Status status = Open(config, &c);
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_EQ(status.sqlstate(), "22012");
  EXPECT_EQ(c, nullptr);
}

TEST(Connect, FindsThePrimaryAmongSeveralHosts) {
  Config config = WithHosts({"1", ""});
  config.postgres.keywords.emplace_back("target_session_attrs", "primary");
  std::unique_ptr<Connection> c;
  EXPECT_OK(Open(config, &c));
}

TEST(Connect, PrefersAStandbyAndTakesThePrimaryIfThereIsNone) {
  Config config = WithHosts({"", ""});
  config.postgres.keywords.emplace_back("target_session_attrs", "prefer-standby");
  std::unique_ptr<Connection> c;
  EXPECT_OK(Open(config, &c));
}

TEST(Connect, DeadlineOfASilentSetupIsKept) {
  Config config = SocketConfig();
  config.init_sql = "SELECT pg_sleep(60)";
  std::unique_ptr<Connection> c;
  EXPECT_CODE(Open(config, &c, 500 * kMillisecond), DBPOOL_ERR_TIMEOUT);
}

TEST(Inspect, SaysWhatTheServerIs) {
  auto c = MustOpen(SocketConfig());
  ServerInfo info;
  ASSERT_OK(c->Inspect(Deadline::After(kGenerous), &info));
  EXPECT_EQ(info.product, "PostgreSQL");
  EXPECT_EQ(info.database, "dbpool_test");
  EXPECT_EQ(info.user, "postgres");
  EXPECT_EQ(info.max_connections, 100);
  EXPECT_GE(info.sessions, 1);
  EXPECT_EQ(info.tls, "");
  EXPECT_FALSE(info.read_only || info.in_recovery);
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
}

}  // namespace
}  // namespace dbp
