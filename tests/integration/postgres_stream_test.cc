#include <algorithm>

#include "tests/integration/integration.h"

// Rows of PostgreSQL that come as they are asked for.

namespace dbp {
namespace {

constexpr abi::QueryHow kStream = {.timeout_ms = 60000, .flags = DBPOOL_QUERY_STREAM};

TEST(PostgresStream, TenMillionRowsPassInBoundedMemory) {
  const int64_t many = kSanitized ? 100'000 : 10'000'000;
  Pool pool(PostgresUrl());
  abi::Result result;
  ASSERT_TRUE(Ok(pool.Run("SELECT generate_series(1, " + std::to_string(many) + ")", {}, kStream, &result)));
  dbpool_batch batch = {};
  ASSERT_TRUE(Ok(result.Fetch(1000, &batch)));
  const int64_t before = ResidentKb();
  int64_t rows = batch.row_count, most = 0, sum = 0;
  for (uint32_t i = 0; i < batch.row_count; ++i) sum += batch.cells[i].num.i64;
  for (int64_t look = 0; result.Fetch(1000, &batch).code == DBPOOL_OK; ++look) {
    rows += batch.row_count;
    for (uint32_t i = 0; i < batch.row_count; ++i) sum += batch.cells[i].num.i64;
    if (look % 256 == 0) most = std::max(most, ResidentKb() - before);
  }
  EXPECT_EQ(rows, many);
  EXPECT_EQ(sum, many * (many + 1) / 2);
  if (!kSanitized) {
    EXPECT_LT(most, 16 * 1024) << "kB of growth";
  }
  RecordProperty("rss_growth_kb", std::to_string(most));
  EXPECT_EQ(pool.Stats().leased, 0u) << "a streamed one-shot is over at DONE";
}

TEST(PostgresStream, FreedHalfwayItGivesTheConnectionBackToItsLease) {
  Pool pool(PostgresUrl());
  Lease lease(pool);
  const std::string pid = lease.Ask("SELECT pg_backend_pid()");
  dbpool_batch batch = {};
  for (int i = 0; i < 5; ++i) {
    abi::Result result;
    ASSERT_TRUE(Ok(lease.Run("SELECT generate_series(1, 100000000)", {}, kStream, &result)));
    ASSERT_TRUE(Ok(result.Fetch(10, &batch)));
    EXPECT_TRUE(Is(lease.Run("SELECT 1"), DBPOOL_ERR_BUSY));
    const Stopwatch watch;
    result.Free();
    EXPECT_LT(watch.ticks(), 2000);
    EXPECT_EQ(lease.Ask("SELECT pg_backend_pid()"), pid);
  }
}

TEST(PostgresStream, ThatIsLateSaysSoWhateverTheCancelMadeTheServerSend) {
  Pool pool(PostgresUrl());
  // Rows too long for the server's buffer: a part of the next one has left it when the cancel comes.
  const char* sql = "SELECT repeat('x', 20000), pg_sleep(CASE WHEN g > 2 THEN 60 ELSE 0 END) FROM generate_series(1, 9) g";
  // On a busy machine the server may be too late with its answer to the cancel or the last of the rows, and is given up.
  bool survived = false;
  for (int round = 0; !survived && round < 50; ++round) {
    Lease lease(pool);
    abi::Result result;
    dbpool_batch batch = {};
    ASSERT_TRUE(Ok(lease.Run(sql, {}, {.timeout_ms = 300, .flags = DBPOOL_QUERY_STREAM}, &result)));
    Error error;
    for (int i = 0; i < 5 && error.ok(); ++i) error = result.Fetch(1, &batch);
    EXPECT_TRUE(error.has(DBPOOL_FLAG_TIMEOUT));
    if (error.has(DBPOOL_FLAG_CONN_BROKEN)) continue;
    EXPECT_TRUE(Is(error, DBPOOL_ERR_TIMEOUT, "57014"));
    result.Free();
    survived = lease.Ask("SELECT 1") == "1";
  }
  EXPECT_TRUE(survived);
}

TEST(PostgresStream, ReleasedHalfwayTheLeaseIsBackAtOnceAndTheResultStale) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}});
  dbpool_batch batch = {};
  for (int i = 0; i < 5; ++i) {
    abi::Result result;
    Lease lease(pool);
    ASSERT_TRUE(Ok(lease.Run("SELECT generate_series(1, 100000000)", {}, kStream, &result)));
    ASSERT_TRUE(Ok(result.Fetch(10, &batch)));
    const Stopwatch watch;
    EXPECT_EQ(lease.Release(), DBPOOL_OK);
    EXPECT_LT(watch.ticks(), 500);
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
    EXPECT_EQ(batch.cells[0].num.i64, 1) << "a batch lives as long as its result";
    abi::Error end;  // rows that had arrived may still be handed out
    while ((end = result.Fetch(1000, &batch)).code == DBPOOL_OK) {
    }
    EXPECT_TRUE(Is(end, DBPOOL_ERR_STALE));
  }
  EXPECT_EQ(pool.Stats().leased, 0u);
}

TEST(PostgresStream, AOneShotFreedHalfwayIsReleased) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}});
  dbpool_batch batch = {};
  for (int i = 0; i < 5; ++i) {
    abi::Result result;
    ASSERT_TRUE(Ok(pool.Run("SELECT generate_series(1, 100000000)", {}, kStream, &result)));
    ASSERT_TRUE(Ok(result.Fetch(10, &batch)));
    EXPECT_EQ(pool.Stats().leased, 1u);
    result.Free();
    EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  }
  EXPECT_EQ(pool.Stats().leased, 0u);
}

TEST(PostgresStream, AnErrorBehindSomeRowsComesAfterThem) {
  Pool pool(PostgresUrl());
  Lease lease(pool);
  abi::Result result;
  ASSERT_TRUE(Ok(lease.Run("SELECT 1 / (5000 - generate_series(1, 10000))", {}, kStream, &result)));
  dbpool_batch batch = {};
  int64_t rows = 0;
  Error error;
  while ((error = result.Fetch(100, &batch)).code == DBPOOL_OK) rows += batch.row_count;
  EXPECT_TRUE(Is(error, DBPOOL_ERR_SQL, "22012"));
  EXPECT_GT(rows, 0);
  EXPECT_TRUE(Is(result.Fetch(100, &batch), DBPOOL_ERR_SQL, "22012")) << "and it stays so";
  result.Free();
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
}

TEST(PostgresStream, AnEmptyStreamEndsAtOnce) {
  Pool pool(PostgresUrl());
  abi::Result result;
  ASSERT_TRUE(Ok(pool.Run("SELECT 1 AS n WHERE false", {}, kStream, &result)));
  EXPECT_EQ(result.columns().size(), 1u);
  dbpool_batch batch = {};
  EXPECT_EQ(result.Fetch(1, &batch).code, DBPOOL_DONE);
  EXPECT_EQ(pool.Stats().leased, 0u);
}

}  // namespace
}  // namespace dbp
