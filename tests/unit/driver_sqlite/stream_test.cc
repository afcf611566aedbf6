#include "fixture.h"

namespace dbp::sqlite {
namespace {

class SqliteStream : public SqliteTest {
 protected:
  static Status Fetch(Connection& c, Rows& rows, uint32_t max) {
    c.StartFetch(rows, max, Deadline::After(kGenerous));
    c.Step();
    return c.Finish(nullptr);
  }
  static std::unique_ptr<Rows> Stream(Connection& c, std::string_view sql,
                                      const std::vector<dbpool_value>& params = {}) {
    std::unique_ptr<Rows> rows;
    EXPECT_OK(Run(c, Query{.sql = sql, .params = params, .stream = true}, &rows));
    return rows;
  }
};

TEST_F(SqliteStream, GivesAllRowsOnceAndEnds) {
  auto c = Connect();
  auto rows = Stream(*c, Numbers(10'000));
  int64_t next = 1;
  for (;;) {
    for (auto batch = rows->Take(100); batch.rows > 0; batch = rows->Take(100)) {
      for (uint32_t i = 0; i < batch.rows; ++i) ASSERT_EQ(batch.cells[i].num.i64, next++);
    }
    if (rows->complete()) break;
    ASSERT_TRUE(c->streaming());
    ASSERT_OK(Fetch(*c, *rows, 300));
  }
  EXPECT_EQ(next, 10'001);
  EXPECT_FALSE(c->streaming());
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
}

TEST_F(SqliteStream, AFetchLosesNoRowsThatWereNotTaken) {
  auto c = Connect();
  auto rows = Stream(*c, Numbers(1000));
  ASSERT_EQ(rows->Take(1).rows, 1u);
  ASSERT_OK(Fetch(*c, *rows, 10));
  EXPECT_EQ(rows->Take(1).cells[0].num.i64, 2);
}

TEST_F(SqliteStream, SmallOnesEndAtOnce) {
  auto c = Connect();
  auto rows = Stream(*c, "SELECT 1");
  EXPECT_TRUE(rows->complete());
  EXPECT_FALSE(c->streaming());
}

TEST_F(SqliteStream, CopiesItsParameters) {
  auto c = Connect();
  std::string text(1000, 'a');
  auto rows = Stream(*c, "SELECT $1 FROM (" + Numbers(1000) + ")", {TextParam(text)});
  text.assign(1000, 'b');
  while (rows->Take(1000).rows > 0) continue;
  ASSERT_OK(Fetch(*c, *rows, 1));
  EXPECT_EQ(rows->Take(1).cells[0].data[0], 'a');
}

TEST_F(SqliteStream, LargeRowsMakeSmallBatches) {
  auto c = Connect();
  auto rows = Stream(*c, "SELECT zeroblob(1000000) FROM (" + Numbers(1000) + ")");
  uint32_t there = 0;
  for (auto batch = rows->Take(1000); batch.rows > 0; batch = rows->Take(1000)) there += batch.rows;
  EXPECT_LE(there, 2u);
}

TEST_F(SqliteStream, NothingElseRunsMeanwhile) {
  auto c = Connect();
  auto rows = Stream(*c, Numbers(1000));
  EXPECT_CODE(Run(*c, "SELECT 1"), DBPOOL_ERR_BUSY);
  c->StartCloseStream(Deadline::Never());
  c->Step();
  ASSERT_OK(c->Finish(nullptr));
  EXPECT_FALSE(c->streaming());
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST_F(SqliteStream, AnAbandonedOneIsEndedByResetInEveryMode) {
  auto c = Connect();
  for (const ResetMode mode :
       {ResetMode::kNone, ResetMode::kRollback, ResetMode::kSmart, ResetMode::kFull}) {
    Stream(*c, Numbers(1000));
    ASSERT_TRUE(c->NeedsReset(mode));
    ASSERT_OK(Reset(*c, mode));
    EXPECT_FALSE(c->streaming());
  }
  // A statement left standing would keep the log from being taken in.
  EXPECT_EQ(Ask(*Connect(), "PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0");
}

TEST_F(SqliteStream, EndsAtTheDeadlineAndLeavesNothingOpen) {
  auto c = Connect();
  auto rows = Stream(*c, Numbers(1'000'000'000'000) + " WHERE i < 1000 OR i = 0");
  while (rows->Take(1000).rows > 0) continue;
  c->StartFetch(*rows, 2000, Deadline::After(20 * kMillisecond));
  c->Step();
  EXPECT_CODE(c->Finish(nullptr), DBPOOL_ERR_TIMEOUT);
  EXPECT_FALSE(c->streaming());
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

}  // namespace
}  // namespace dbp::sqlite
