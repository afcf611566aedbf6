#include <signal.h>

#include "tests/integration/integration.h"
#include "tests/support/tcp_proxy.h"

// Connections to PostgreSQL that are cut off: by the server, by the network, in the middle of
// COMMIT.

namespace dbp {
namespace {

/// Ends sessions by application_name, and waits until they have.
void TerminateAll(const std::string& name) {
  Pool admin(PostgresUrl());
  ASSERT_TRUE(
      Ok(admin.Run("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
                   "WHERE application_name = '" +
                   name + "'")));
}

TEST(PostgresLoss, AfterAllIdleSessionsWereTerminatedTheNextQueryWorks) {
  Pool pool(PostgresUrl(), {{"pool_size", "5"}, {"application_name", "idle victims"}});
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(Await([&] { return pool.Stats().open >= 5; }));
    TerminateAll("idle victims");
    Lease lease(pool);
    EXPECT_EQ(lease.Ask("SELECT 1"), "1");
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  }
}

TEST(PostgresLoss, AFreshlyReturnedConnectionThatDiesIsNotSeenByAOneShotThatReads) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"application_name", "fresh victim"}});
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
    TerminateAll("fresh victim");
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  }
}

TEST(PostgresLoss, ALeaseThatIsTerminatedIsBrokenOnceAndThePoolRecovers) {
  Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"application_name", "lease victim"}});
  Lease lease(pool);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  TerminateAll("lease victim");
  const Error error = lease.Run("SELECT 1");
  EXPECT_TRUE(Is(error, DBPOOL_ERR_BROKEN));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_TRUE(Is(lease.Run("SELECT 1"), DBPOOL_ERR_BROKEN)) << "and it stays so";
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

TEST(PostgresLoss, ARunningStatementThatIsTerminatedSaysWhy) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"application_name", "running victim"}});
  Lease lease(pool);
  Error error;
  std::thread runner([&] { error = lease.Run("SELECT pg_sleep(60)"); });
  Pool admin(PostgresUrl());
  ASSERT_TRUE(Await([&] {
    return admin.Ask(
               "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
               "application_name = 'running victim'") == "1";
  }));
  TerminateAll("running victim");
  runner.join();
  EXPECT_TRUE(Is(error, DBPOOL_ERR_BROKEN, "57P01"));
  lease.Release();
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

// The proxy swallows the answer to COMMIT: done or not, nobody here can know.
TEST(PostgresLoss, AConnectionLostDuringCommitLeavesTheOutcomeUnknown) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool admin(PostgresTcpUrl());
  ASSERT_TRUE(Ok(admin.Run("CREATE TABLE outcome (n int)")));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "1"}});
  Lease lease(pool);
  ASSERT_TRUE(Ok(lease.Begin()));
  ASSERT_TRUE(Ok(lease.Run("INSERT INTO outcome VALUES (1)")));
  proxy.to_client().cut_after = 0;
  const Error error = lease.Commit();
  EXPECT_TRUE(Is(error, DBPOOL_ERR_BROKEN));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  EXPECT_FALSE(error.has(DBPOOL_FLAG_RETRYABLE));
  EXPECT_TRUE(Await([&] { return admin.Ask("SELECT n FROM outcome") == "1"; })) << "here it was";
  proxy.to_client().cut_after = -1;
  lease.Release();
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_TRUE(Ok(admin.Run("DROP TABLE outcome")));
}

TEST(PostgresLoss, AnInsertOfItsOwnThatIsCutOffIsOfUnknownOutcomeAndIsNotRunAgain) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool admin(PostgresTcpUrl());
  ASSERT_TRUE(Ok(admin.Run("CREATE TABLE once (n int)")));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "1"}});
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  proxy.to_client().cut_after = 0;
  const Error error = pool.Run("INSERT INTO once VALUES (1)");
  EXPECT_TRUE(Is(error, DBPOOL_ERR_BROKEN));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  proxy.to_client().cut_after = -1;
  EXPECT_TRUE(Await([&] { return admin.Ask("SELECT count(*) FROM once") == "1"; }));
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM once"), "1");
  EXPECT_TRUE(Ok(admin.Run("DROP TABLE once")));
}

TEST(PostgresLoss, ANetworkThatResetsConnectionsIsSurvived) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "3"}});
  for (int round = 0; round < 5; ++round) {
    proxy.to_server().mode = TcpProxy::Mode::kDrop;
    EXPECT_LT(pool.Run("SELECT 1", {}, {.timeout_ms = 300}).code, 0);
    proxy.to_server().mode = TcpProxy::Mode::kPass;
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  }
}

TEST(PostgresLoss, ABytewiseNetworkChangesNothing) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  proxy.to_server().mode = proxy.to_client().mode = TcpProxy::Mode::kSlices;
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "1"}});
  EXPECT_EQ(pool.Ask("SELECT sum(i) FROM generate_series(1, 100) i"), "5050");
  abi::Result result;
  ASSERT_TRUE(Ok(pool.Run("SELECT i FROM generate_series(1, 2000) i", {}, {}, &result)));
  EXPECT_EQ(result.Rows().size(), 2000u);
}

}  // namespace
}  // namespace dbp
