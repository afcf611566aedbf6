#include "tests/integration/integration.h"
#include "tests/support/servers.h"

// PostgreSQL over TLS: what it promises is libpq's to keep; that our own waiting, streaming and cancelling
// get along with it is ours.

namespace dbp {
namespace {

class PostgresTls : public testing::Test {
 protected:
  /// One server for the suite; its certificate is for "localhost" alone.
  static void SetUpTestSuite() {
    server_ = new PostgresServer;
    root_ = server_->StartWithTls("localhost");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static std::string Url(const std::string& more, const std::string& host = "localhost") {
    const std::string url = Replaced(server_->tcp_url(), "127.0.0.1", host);
    return url + (url.find('?') == url.npos ? "?" : "&") + more;
  }
  static std::string Verified() { return Url("sslmode=verify-full&sslrootcert=" + root_); }

  static PostgresServer* server_;
  static std::string root_;
};

PostgresServer* PostgresTls::server_ = nullptr;
std::string PostgresTls::root_;

TEST_F(PostgresTls, AVerifiedConnectionSaysItsProtocolAndCipher) {
  dbpool_server server = {};
  server.struct_size = sizeof server;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_probe(Verified().c_str(), nullptr, -1, &server, &error);
  ASSERT_TRUE(Ok(abi::Take(status, error)));
  EXPECT_EQ(std::string(server.tls).rfind("TLSv1.", 0), 0u) << server.tls;
}

TEST_F(PostgresTls, WithoutTlsTheServerSaysNone) {
  dbpool_server server = {};
  server.struct_size = sizeof server;
  ASSERT_EQ(dbpool_probe(Url("sslmode=disable").c_str(), nullptr, -1, &server, nullptr), DBPOOL_OK);
  EXPECT_STREQ(server.tls, "");
}

TEST_F(PostgresTls, ACertificateForAnotherHostIsRefused) {
  Pool pool;
  const Error error =
      pool.Create(Url("sslmode=verify-full&sslrootcert=" + root_, "127.0.0.1"));
  EXPECT_TRUE(Is(error, DBPOOL_ERR_CONNECT));
  EXPECT_EQ(error.AllTexts().find("dbpool-test"), std::string::npos) << error.AllTexts();
}

TEST_F(PostgresTls, AnUnknownAuthorityIsRefused) {
  PostgresServer other;
  const std::string stranger = other.StartWithTls("localhost");
  Pool pool;
  EXPECT_TRUE(
      Is(pool.Create(Url("sslmode=verify-ca&sslrootcert=" + stranger)), DBPOOL_ERR_CONNECT));
}

TEST_F(PostgresTls, AServerWithoutItIsRefusedWhereItIsRequired) {
  PostgresServer plain;
  Pool pool;
  EXPECT_TRUE(Is(pool.Create(plain.tcp_url() + "?sslmode=require"), DBPOOL_ERR_CONNECT));
}

// libpq may have decrypted more than the socket still shows as readable.
TEST_F(PostgresTls, LargeResultsAndStreamsArriveWhole) {
  Pool pool(Verified());
  EXPECT_EQ(pool.Ask("SELECT length(repeat('x', 20000000))"), "20000000");
  const std::string rows = "SELECT i, repeat('x', 200) FROM generate_series(1, 50000) AS i";
  abi::Result buffered, streamed;
  ASSERT_TRUE(Ok(pool.Run(rows, {}, {}, &buffered)));
  EXPECT_EQ(buffered.Rows().size(), 50000u);
  ASSERT_TRUE(Ok(pool.Run(rows, {}, {.flags = DBPOOL_QUERY_STREAM}, &streamed)));
  EXPECT_EQ(streamed.Rows().size(), 50000u);
}

TEST_F(PostgresTls, ALargeParameterIsSentWhole) {
  Pool pool(Verified());
  const std::string megabytes(16 << 20, 'y');
  EXPECT_EQ(pool.Ask("SELECT length($1::text)", {abi::Text(megabytes)}), std::to_string(16 << 20));
}

TEST_F(PostgresTls, ADeadlineCancelsAndTheConnectionStaysUsable) {
  Pool pool(Verified(), {{"pool_size", "1"}});
  Lease lease(pool);
  EXPECT_TRUE(Is(lease.Run("SELECT pg_sleep(60)", {}, {.timeout_ms = 200}), DBPOOL_ERR_TIMEOUT));
  Lease next;
  lease.Release();
  ASSERT_TRUE(Ok(next.Acquire(pool, 10000)));
  EXPECT_EQ(next.Ask("SELECT 1"), "1");
}

TEST_F(PostgresTls, AnEndedSessionIsReplacedBeforeItIsLent) {
  Pool pool(Verified(), {{"pool_size", "1"}}), admin(server_->url());
  const std::string pid = pool.Ask("SELECT pg_backend_pid()");
  ASSERT_EQ(admin.Ask("SELECT pg_terminate_backend(" + pid + ")::text"), "true");
  ASSERT_TRUE(Await([&] {
    return admin.Ask("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) == "0";
  }));
  EXPECT_TRUE(Await([&] { return pool.Ask("SELECT pg_backend_pid()") != pid; }));
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

}  // namespace
}  // namespace dbp
