#include "tests/integration/one_shots.h"
#include "tests/support/tcp_proxy.h"

// DBPOOL_QUERY_READ_ONLY of statements that go alone: the server keeps the caller's promise, in no more round trips.

namespace dbp {
namespace {

constexpr abi::QueryHow kReads = {.flags = DBPOOL_QUERY_READ_ONLY};
constexpr abi::QueryHow kReadsStream = {.flags = DBPOOL_QUERY_READ_ONLY | DBPOOL_QUERY_STREAM};
const std::vector<std::string> kWrites = {
    "INSERT INTO shot VALUES (1)",
    "SELECT shot_write(1)",
    "DO $$ BEGIN INSERT INTO shot VALUES (1); END $$",
    "SELECT 1; INSERT INTO shot VALUES (1)",
    "BEGIN; INSERT INTO shot VALUES (1); COMMIT",
    "CREATE TABLE shot_other (a int)",
};

class ReadOnlyStatements : public OneShots {
 protected:
  void SetUp() override {
    OneShots::SetUp();
    ASSERT_TRUE(Ok(admin_->Run("CREATE OR REPLACE FUNCTION shot_write(int) RETURNS int LANGUAGE sql AS "
                               "'INSERT INTO shot VALUES ($1) RETURNING a'")));
  }
  void TearDown() override {
    EXPECT_TRUE(Ok(admin_->Run("DROP FUNCTION shot_write")));
    OneShots::TearDown();
  }
  std::string Written() { return admin_->Ask("SELECT count(*) FROM shot"); }
};
DBP_ON_EVERY_LOOP(ReadOnlyStatements);

TEST_P(ReadOnlyStatements, ThatWriteAreRefusedHoweverTheyGo) {
  for (const char* threshold : {"0", "1", "2"}) {
    Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"prepare_threshold", threshold}, {"pipeline_depth", "off"}});
    for (int round = 0; round < 3; ++round) {
      for (const std::string& sql : kWrites) {
        EXPECT_TRUE(Is(pool.Run(sql, {}, kReads), DBPOOL_ERR_SQL, "25006")) << sql;
        Shot& shot = Send(pool, sql, {}, kReads);
        EXPECT_TRUE(Until([&] { return shot.calls == 1; }));
        EXPECT_TRUE(Is(shot.error, DBPOOL_ERR_SQL, "25006")) << sql;
        EXPECT_EQ(pool.Ask("SELECT 1"), "1") << "and the connection is as before";
      }
      for (const std::string& sql : {kWrites[0], kWrites[1]}) {
        EXPECT_TRUE(Is(pool.Run(sql, {}, kReadsStream), DBPOOL_ERR_SQL, "25006")) << sql;
      }
    }
    EXPECT_EQ(Written(), "0") << threshold;
    EXPECT_TRUE(Ok(pool.Run(kWrites[0]))) << "the promise is the statement's alone";
    EXPECT_TRUE(Ok(admin_->Run("TRUNCATE shot")));
  }
}

TEST_P(ReadOnlyStatements, ThatReadGiveWhatTheyGaveWithoutThePromise) {
  for (const char* threshold : {"0", "1", "2"}) {
    Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"prepare_threshold", threshold}});
    for (int round = 0; round < 3; ++round) {
      abi::Result result;
      EXPECT_TRUE(Ok(pool.Run("SELECT $1::int + 1", {Int(41)}, kReads, &result)));
      EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"42"}}));
      EXPECT_TRUE(Ok(pool.Run("SHOW work_mem", {}, kReads, &result)));
      EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"4MB"}}));
      EXPECT_TRUE(Ok(pool.Run("SELECT 1; SELECT 2", {}, kReads, &result)));
      EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"1"}}));
      EXPECT_EQ(dbpool_result_next(result.get(), nullptr), DBPOOL_OK);
      EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"2"}}));
      EXPECT_EQ(dbpool_result_next(result.get(), nullptr), DBPOOL_DONE);
      EXPECT_TRUE(Ok(pool.Run("SELECT i FROM generate_series(1, 5000) i", {}, kReadsStream, &result)));
      EXPECT_EQ(result.Rows().size(), 5000u);
      EXPECT_TRUE(Ok(pool.Run("SELECT 1", {}, kReads, &result))) << "behind a stream";
      EXPECT_EQ(result.Rows(), (std::vector<std::vector<std::string>>{{"1"}}));
      EXPECT_TRUE(Ok(pool.Run("SELECT i FROM generate_series(1, 1000000) i", {}, kReadsStream, &result)));
      dbpool_batch batch = {.struct_size = sizeof batch};
      EXPECT_TRUE(Ok(result.Fetch(10, &batch)));
      result.Free();  // before its end
      EXPECT_TRUE(Is(pool.Run("SELECT 1 / (3 - i) FROM generate_series(1, 5) i", {}, kReads), DBPOOL_ERR_SQL, "22012"));
      const abi::Error wrong = pool.Run("SELECT 1; SELEC 2", {}, kReads);
      EXPECT_TRUE(Is(wrong, DBPOOL_ERR_SQL, "42601"));
      EXPECT_EQ(wrong.position, 11);
    }
  }
}

TEST_P(ReadOnlyStatements, OfAStreamThatFailsHalfwaySaySoAndLeaveTheConnectionInOrder) {
  Pool pool(PostgresUrl(), kOne);
  abi::Result result;
  ASSERT_TRUE(Ok(pool.Run("SELECT 1 / (3000 - i) FROM generate_series(1, 5000) i", {}, kReadsStream, &result)));
  dbpool_batch batch = {.struct_size = sizeof batch};
  abi::Error last;
  while ((last = result.Fetch(100, &batch)).code == DBPOOL_OK) continue;
  EXPECT_TRUE(Is(last, DBPOOL_ERR_SQL, "22012"));
  result.Free();
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_TRUE(Is(pool.Run("SELECT pg_sleep(60)", {}, {.timeout_ms = 50, .flags = kReads.flags}), DBPOOL_ERR_TIMEOUT));
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

TEST_P(ReadOnlyStatements, InATransactionOfTheCallersAreLeftAlone) {
  Pool pool(PostgresUrl(), kOne);
  Lease lease(pool);
  for (const char* begin : {"BEGIN", "/* of a comment's */ ; -- and more\n START TRANSACTION"}) {
    ASSERT_TRUE(Ok(lease.Run(begin, {}, kReads))) << begin;
    EXPECT_TRUE(Ok(lease.Run(kWrites[0], {}, kReads))) << begin;
    EXPECT_TRUE(Ok(lease.Run("COMMIT", {}, kReads))) << begin;
  }
  EXPECT_EQ(Written(), "2");
}

TEST_P(ReadOnlyStatements, RunThoughTheServerHasForgottenTheirNames) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"prepare_threshold", "1"}});
  Lease lease(pool);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Ok(lease.Run("SELECT 1", {}, kReads)));
  ASSERT_TRUE(Ok(lease.Run("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")));
  EXPECT_TRUE(Ok(lease.Run("SELECT 1", {}, kReads)));
  EXPECT_TRUE(Is(lease.Run(kWrites[0], {}, kReads), DBPOOL_ERR_SQL, "25006"));
}

TEST_P(ReadOnlyStatements, TakeOneRoundTrip) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), kOne);
  Lease lease(pool);
  for (const abi::QueryHow how : {kReads, kReadsStream}) {
    for (int i = 0; i < 5; ++i) {
      const int64_t before = proxy.to_server().bursts;
      abi::Result result;
      EXPECT_TRUE(Ok(lease.Run("SELECT 1", {}, how, &result)));
      EXPECT_EQ(result.Rows().size(), 1u);
      EXPECT_EQ(proxy.to_server().bursts, before + 1);
    }
  }
}

}  // namespace
}  // namespace dbp
