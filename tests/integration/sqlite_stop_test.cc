#include <atomic>

#include "tests/integration/integration.h"

// Statements on SQLite that do not end by themselves, and rows that are more than memory.

namespace dbp {
namespace {

constexpr char kEndless[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

TEST(SqliteStop, ACancelEndsAnEndlessStatementAndTheLeaseStaysUsable) {
  Pool pool("sqlite::memory:");
  Lease lease(pool);
  Running running(lease, kEndless, 60000);
  // The lease is taken a moment before the statement begins, so that one request may come too
  // early.
  std::atomic<bool> over{false};
  std::thread canceller([&] {
    while (!over) {
      EXPECT_TRUE(Ok(lease.Cancel()));
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(Is(running.Join(), DBPOOL_ERR_CANCELLED, "57014"));
  over = true;
  canceller.join();
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
}

TEST(SqliteStop, TheQueryTimeoutEndsAnEndlessStatement) {
  Pool pool("sqlite::memory:", {{"query_timeout", "150ms"}});
  Lease lease(pool);
  const Stopwatch watch;
  EXPECT_TRUE(Is(lease.Run(kEndless), DBPOOL_ERR_TIMEOUT));
  EXPECT_GE(watch.millis(), 149);
  EXPECT_LT(watch.ticks(), 2000);
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
}

TEST(SqliteStop, CloseEndsWhatStillRunsAndReturnsInTime) {
  Pool pool("sqlite::memory:");
  Lease lease(pool);
  Running running(lease, kEndless, 60000);
  const Stopwatch watch;
  EXPECT_TRUE(Is(pool.Close(100), DBPOOL_ERR_TIMEOUT));
  EXPECT_LT(watch.ticks(), 2000);
  EXPECT_LT(running.Join().code, 0);
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
}

TEST(SqliteStop, TenMillionRowsStreamInBoundedMemory) {
  const int64_t many = kSanitized ? 100'000 : 10'000'000;
  Pool pool("sqlite::memory:");
  abi::Result result;
  ASSERT_TRUE(
      Ok(pool.Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                  "LIMIT " + std::to_string(many) + ") SELECT i, 'some text of row ' || i FROM n",
                  {}, {.timeout_ms = 60000, .flags = DBPOOL_QUERY_STREAM}, &result)));
  dbpool_batch batch = {};
  ASSERT_TRUE(Ok(result.Fetch(1000, &batch)));
  const int64_t before = ResidentKb();
  int64_t rows = batch.row_count, most = 0, last = 0;
  for (int64_t look = 0; result.Fetch(1000, &batch).code == DBPOOL_OK; ++look) {
    rows += batch.row_count;
    last = batch.cells[(batch.row_count - 1) * batch.column_count].num.i64;
    if (look % 256 == 0) most = std::max(most, ResidentKb() - before);
  }
  EXPECT_EQ(rows, many);
  EXPECT_EQ(last, many);
  if (!kSanitized) {
    EXPECT_LT(most, 16 * 1024) << "kB of growth";
  }
  RecordProperty("rss_growth_kb", std::to_string(most));
  EXPECT_EQ(pool.Stats().leased, 0u);
}

TEST(SqliteStop, AStreamFreedOrReleasedHalfwayLeavesTheConnectionUsable) {
  Pool pool("sqlite::memory:", {{"pool_size", "1"}, {"max_overflow", "0"}});
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  dbpool_batch batch = {};
  abi::Result result;
  Lease lease(pool);
  ASSERT_TRUE(Ok(lease.Run(endless, {}, {.flags = DBPOOL_QUERY_STREAM}, &result)));
  ASSERT_TRUE(Ok(result.Fetch(10, &batch)));
  EXPECT_TRUE(Is(lease.Run("SELECT 1"), DBPOOL_ERR_BUSY));
  result.Free();
  EXPECT_EQ(lease.Ask("SELECT 1"), "1");
  ASSERT_TRUE(Ok(lease.Run(endless, {}, {.flags = DBPOOL_QUERY_STREAM}, &result)));
  ASSERT_TRUE(Ok(result.Fetch(10, &batch)));
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  EXPECT_EQ(batch.cells[0].num.i64, 1) << "a batch lives as long as its result";
  abi::Error end;  // rows that had arrived may still be handed out
  while ((end = result.Fetch(1000, &batch)).code == DBPOOL_OK) {
  }
  EXPECT_TRUE(Is(end, DBPOOL_ERR_STALE));
}

}  // namespace
}  // namespace dbp
