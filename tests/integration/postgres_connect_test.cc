#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "tests/integration/integration.h"
#include "tests/support/servers.h"

// Opening connections to PostgreSQL: what refuses, what it says, and what it must not say.

namespace dbp {
namespace {

constexpr char kCanary[] = "canary-5ecret-9f3a";

/// The TCP URL with a wrong password that is easy to find.
std::string CanaryUrl() {
  return Replaced(PostgresTcpUrl(), "dbpool-test", kCanary);
}

void ExpectNoCanary(const Error& error) {
  EXPECT_EQ(error.AllTexts().find(kCanary), std::string::npos) << error.AllTexts();
  EXPECT_EQ(error.AllTexts().find("dbpool-test"), std::string::npos) << error.AllTexts();
}

/// What create says, then what a lazy pool's acquire says: that of waiting in vain would be DBPOOL_ERR_TIMEOUT.
std::vector<Error> Refusals(const std::string& url, abi::Settings settings = {}) {
  std::vector<Error> errors;
  Pool eager, lazy;
  errors.push_back(eager.Create(url, settings));
  settings.emplace_back("lazy", "true");
  EXPECT_TRUE(Ok(lazy.Create(url, settings)));
  Lease lease;
  errors.push_back(lease.Acquire(lazy, 1500));
  return errors;
}

// Create would go on trying for its connect_timeout, of 10 s.
constexpr int64_t kNoWaiting = 8'000;

TEST(PostgresConnect, AWrongPasswordIsRefusedAtOnce) {
  const Stopwatch watch;
  for (const Error& error : Refusals(CanaryUrl())) {
    EXPECT_TRUE(Is(error, DBPOOL_ERR_AUTH, "28P01"));
    EXPECT_FALSE(error.has(DBPOOL_FLAG_RETRYABLE));
    ExpectNoCanary(error);
  }
  EXPECT_LT(watch.ticks(), kNoWaiting) << "no waiting for what waiting does not mend";
}

TEST(PostgresConnect, AnUnknownDatabaseIsRefusedAtOnce) {
  const Stopwatch watch;
  for (const Error& error : Refusals(Replaced(PostgresTcpUrl(), "/dbpool_test", "/none"))) {
    EXPECT_TRUE(Is(error, DBPOOL_ERR_CONNECT, "3D000"));
    ExpectNoCanary(error);
  }
  EXPECT_LT(watch.ticks(), kNoWaiting);
}

TEST(PostgresConnect, ARefusedPortIsNamedAsTheCauseAndThePasswordIsNot) {
  const std::string url = AtPort(CanaryUrl(), FreePort());
  const std::vector<Error> errors = Refusals(url, {{"connect_timeout", "1s"}});
  EXPECT_TRUE(Is(errors[0], DBPOOL_ERR_CONNECT));
  EXPECT_NE(errors[0].message.find("Connection refused"), std::string::npos) << errors[0].message;
  EXPECT_TRUE(Is(errors[1], DBPOOL_ERR_TIMEOUT));
  EXPECT_NE(errors[1].cause.find("Connection refused"), std::string::npos) << errors[1].Describe();
  for (const Error& error : errors) {
    EXPECT_TRUE(error.has(DBPOOL_FLAG_RETRYABLE));
    ExpectNoCanary(error);
  }
}

TEST(PostgresConnect, AnUnknownHostIsNamed) {
  const std::string url = Replaced(CanaryUrl(), "127.0.0.1", "no-such-host.invalid");
  for (const Error& error : Refusals(url, {{"connect_timeout", "3s"}})) {
    EXPECT_LT(error.code, 0);
    EXPECT_NE(error.AllTexts().find("no-such-host.invalid"), std::string::npos) << error.AllTexts();
    ExpectNoCanary(error);
  }
}

TEST(PostgresConnect, OfSeveralHostsTheFirstThatAnswersIsTaken) {
  const std::string live = std::to_string(PortOf(PostgresTcpUrl()));
  const std::string url =
      Replaced(PostgresTcpUrl(), "127.0.0.1:" + live,
               "127.0.0.1:" + std::to_string(FreePort()) + ",127.0.0.1:" + live);
  Pool pool(url);
  EXPECT_EQ(pool.Ask("SELECT inet_server_port()"), live);
}

TEST(PostgresConnect, AServerThatIsTooFullForThePoolIsUsedAsFarAsItGoes) {
  Pool admin(PostgresUrl());
  ASSERT_TRUE(Ok(admin.Run("CREATE ROLE narrow LOGIN PASSWORD 'dbpool-test' CONNECTION LIMIT 3")));
  {
    Pool pool(Replaced(PostgresTcpUrl(), "//dbpool:", "//narrow:"),
              {{"pool_size", "8"}, {"max_overflow", "0"}, {"connect_timeout", "2s"}});
    ASSERT_TRUE(pool);
    std::atomic<int> done{0};
    OnThreads(8, [&](int) {
      for (int i = 0; i < 50; ++i) {
        const Error error = pool.Run("SELECT 1");
        EXPECT_TRUE(Ok(error));
        done += error.ok();
      }
    });
    EXPECT_EQ(done, 400);
    EXPECT_LE(pool.Stats().open, 3u);
    Lease a(pool), b(pool), c(pool), d;
    const Error error = d.Acquire(pool, 200);
    EXPECT_TRUE(Is(error, DBPOOL_ERR_TIMEOUT));
    EXPECT_NE(error.AllTexts().find("too many connections"), std::string::npos) << error.AllTexts();
  }
  EXPECT_TRUE(Await([&] { return admin.Run("DROP ROLE narrow").ok(); }));
}

TEST(PostgresConnect, TheProbeTellsWhoAnswers) {
  dbpool_server server = {};
  server.struct_size = sizeof server;
  dbpool_error* raw = nullptr;
  const dbpool_status status = dbpool_probe(PostgresTcpUrl().c_str(), nullptr, -1, &server, &raw);
  ASSERT_TRUE(Ok(abi::Take(status, raw)));
  EXPECT_STREQ(server.product, "PostgreSQL");
  EXPECT_EQ(server.version, Pool(PostgresUrl()).Ask("SHOW server_version"));
  EXPECT_STREQ(server.database, "dbpool_test");
  EXPECT_STREQ(server.user, "dbpool");
  EXPECT_STREQ(server.tls, "");
  EXPECT_EQ(server.read_only, 0);
  EXPECT_EQ(server.in_recovery, 0);
  EXPECT_EQ(server.max_connections, 100);
  EXPECT_GT(server.sessions, 0);
  EXPECT_GT(server.connect_ns, 0);
  EXPECT_GT(server.round_trip_ns, 0);
  EXPECT_TRUE(Await([&] {  // a busy machine may be late with one of them
    return dbpool_probe(PostgresTcpUrl().c_str(), nullptr, -1, &server, nullptr) == DBPOOL_OK &&
           server.round_trip_ns < server.connect_ns;
  }));
}

TEST(PostgresConnect, ReconnectInvalidateResizeAndHealthWorkOnALiveServer) {
  Pool pool(PostgresUrl(), {{"pool_size", "3"}, {"max_overflow", "0"}});
  const std::string pid = pool.Ask("SELECT pg_backend_pid()");
  EXPECT_EQ(dbpool_health(pool.get(), -1, nullptr), DBPOOL_OK);
  EXPECT_EQ(dbpool_reconnect(pool.get(), -1, nullptr), DBPOOL_OK);
  EXPECT_NE(pool.Ask("SELECT pg_backend_pid()"), pid);
  {
    Lease held(pool);
    const std::string mine = held.Ask("SELECT pg_backend_pid()");
    EXPECT_EQ(dbpool_invalidate(pool.get(), nullptr), DBPOOL_OK);
    EXPECT_EQ(held.Ask("SELECT pg_backend_pid()"), mine) << "a lease keeps its connection";
    held.Release();
    EXPECT_EQ(pool.Ask("SELECT count(*) FROM pg_stat_activity WHERE pid = " + mine +
                       " AND pid = pg_backend_pid()"),
              "0");
  }
  EXPECT_EQ(dbpool_resize(pool.get(), 6, 1, nullptr), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return pool.Stats().open == 6; })) << "min_size follows";
  EXPECT_EQ(dbpool_resize(pool.get(), 1, 0, nullptr), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return pool.Stats().open == 1; }));
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

#if !defined(__SANITIZE_THREAD__)  // a child that starts threads is not for TSan
TEST(PostgresConnect, AForkedChildIsRefusedAndTheParentsSessionSurvives) {
  Pool pool(PostgresUrl(), {{"pool_size", "2"}});
  Lease held(pool);
  const std::string pid = held.Ask("SELECT pg_backend_pid()");
  ASSERT_TRUE(Ok(held.Begin()));
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // rather than to hang
    dbpool_result* result = nullptr;
    bool refused = dbpool_query(pool.get(), "SELECT 1", DBPOOL_NTS, nullptr, 0, nullptr, &result,
                                nullptr) == DBPOOL_ERR_FORKED;
    refused &= dbpool_release(held.token()) == DBPOOL_ERR_FORKED;
    refused &= dbpool_conn_commit(held.token(), nullptr) == DBPOOL_ERR_FORKED;
    dbpool_unref(pool.get());
    dbpool* own = nullptr;  // a pool of its own works
    refused &= dbpool_create(PostgresUrl().c_str(), nullptr, &own, nullptr) == DBPOOL_OK;
    refused &= dbpool_health(own, -1, nullptr) == DBPOOL_OK;
    dbpool_unref(own);
    // With everything that runs at exit, but for a search for leaks: the parent's memory is all lost here.
    kSanitized ? _exit(refused ? 0 : 1) : std::exit(refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(held.Ask("SELECT pg_backend_pid()"), pid);
  EXPECT_TRUE(Ok(held.Commit()));
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}
#endif

}  // namespace
}  // namespace dbp
