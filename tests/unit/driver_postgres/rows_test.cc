#include "tests/unit/driver_postgres/fixture.h"

namespace dbp {
namespace {

TEST(RowsOfAResult, ComeInBatchesWithDecodedBytes) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  ASSERT_OK(RunSql(*c,
                "SELECT i, decode(lpad(to_hex(i), 4, '0'), 'hex') FROM generate_series(1, 1000) i",
                {}, &rows));
  int64_t next = 1;
  for (Rows::Batch batch = rows->Take(300); batch.rows; batch = rows->Take(300)) {
    for (uint32_t r = 0; r < batch.rows; ++r, ++next) {
      const dbpool_value* v = batch.cells + r * 2;
      ASSERT_EQ(v[0].num.i64, next);
      ASSERT_EQ(v[1].size, 2U);
      ASSERT_EQ(
          static_cast<unsigned char>(v[1].data[0]) * 256 + static_cast<unsigned char>(v[1].data[1]),
          next);
    }
  }
  EXPECT_EQ(next, 1001);
}

// Opens a stream and adds up its first column; *rows_seen counts.
Status Drain(Connection& c, std::string_view sql, int64_t* sum, uint32_t max = 100) {
  std::unique_ptr<Rows> rows;
  c.StartQuery(Query{sql, {}, true, false}, Deadline::Never());
  if (!Pump(c, Deadline::After(kGenerous))) return Status::Error(DBPOOL_ERR_INTERNAL, "it hangs");
  DBP_RETURN_IF_ERROR(c.Finish(&rows));
  for (;;) {
    for (Rows::Batch b = rows->Take(7); b.rows; b = rows->Take(7)) {
      for (uint32_t r = 0; r < b.rows; ++r) *sum += b.cells[r * rows->columns().size()].num.i64;
    }
    if (rows->complete()) return Status::Ok();
    c.StartFetch(*rows, max, Deadline::Never());
    if (!Pump(c, Deadline::After(kGenerous))) return Status::Error(DBPOOL_ERR_INTERNAL, "it hangs");
    DBP_RETURN_IF_ERROR(c.Finish(nullptr));
  }
}

TEST(Streams, GiveEveryRowOnce) {
  auto c = MustOpen(SocketConfig());
  for (int round = 0; round < 3; ++round) {
    int64_t sum = 0;
    ASSERT_OK(
        Drain(*c, "SELECT i, 'text ' || i, NULL, '\\xff00'::bytea FROM generate_series(1, 20000) i",
              &sum));
    EXPECT_EQ(sum, 20000LL * 20001 / 2);
    EXPECT_FALSE(c->streaming());
  }
}

TEST(Streams, WithoutRowsHaveColumnsAndAreComplete) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  c->StartQuery(Query{"SELECT 1 AS one WHERE false", {}, true, false}, Deadline::Never());
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  ASSERT_OK(c->Finish(&rows));
  EXPECT_TRUE(rows->complete());
  EXPECT_EQ(rows->columns().size(), 1U);
  EXPECT_FALSE(c->streaming());
}

TEST(Streams, GiveAnErrorOnTheWay) {
  auto c = MustOpen(SocketConfig());
  int64_t sum = 0;
  const Status status = Drain(*c, "SELECT 1 / (15000 - i) FROM generate_series(1, 20000) i", &sum);
  EXPECT_EQ(status.sqlstate(), "22012");
  EXPECT_FALSE(c->streaming());
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST(Streams, ThatAreClosedEarlyLeaveTheConnectionUsable) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  c->StartQuery(Query{"SELECT generate_series(1, 100000000)", {}, true, false}, Deadline::Never());
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  ASSERT_OK(c->Finish(&rows));
  EXPECT_TRUE(c->streaming());
  rows.reset();
  c->canceller()->Cancel();
  c->StartCloseStream(Deadline::Never());
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  ASSERT_OK(c->Finish(nullptr));
  EXPECT_FALSE(c->streaming());
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST(Streams, UseANameThatIsThereAlready) {
  auto c = MustOpen(SocketConfig());
  for (int i = 0; i < 2; ++i) ASSERT_OK(RunSql(*c, "SELECT 5::int8"));
  int64_t sum = 0;
  ASSERT_OK(Drain(*c, "SELECT 5::int8", &sum));
  EXPECT_EQ(sum, 5);
}

}  // namespace
}  // namespace dbp
