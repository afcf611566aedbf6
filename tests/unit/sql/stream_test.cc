#include "tests/unit/sql/sql_fixture.h"

namespace dbp {
namespace {

// More rows than the fake sends with its first answer.
constexpr Query kStream = {.sql = "rows 1000", .stream = true};

class SqlStreamTest : public SqlTest {
 protected:
  static uint64_t ReadToEnd(Result& result) {
    uint64_t rows = 0;
    Rows::Batch batch;
    Status status;
    while ((status = result.Fetch(100, &batch)).ok()) rows += batch.rows;
    EXPECT_CODE(status, DBPOOL_DONE);
    return rows;
  }
};

TEST_F(SqlStreamTest, GivesEveryRowOnce) {
  const dbpool_conn token = MustAcquire();
  std::optional<Result> result;
  ASSERT_OK(RunQuery(token, kStream, kGenerous, &result));
  EXPECT_TRUE(result->keeps_lease());
  EXPECT_EQ(ReadToEnd(*result), 1000u);
  EXPECT_FALSE(result->keeps_lease());
  EXPECT_OK(RunText(token, "rows 1")) << "read to its end, it is not in the way";
  ASSERT_OK(Pool::Release(token));
}

TEST_F(SqlStreamTest, KeepsItsLeaseBusyUntilItIsFreed) {
  const dbpool_conn token = MustAcquire();
  std::optional<Result> result, other;
  ASSERT_OK(RunQuery(token, kStream, kGenerous, &result));
  EXPECT_CODE(RunText(token, "rows 1"), DBPOOL_ERR_BUSY);
  EXPECT_CODE(Describe(token, "rows 1", &other), DBPOOL_ERR_BUSY);
  EXPECT_CODE(PingLease(token, kGenerous), DBPOOL_ERR_BUSY);
  EXPECT_CODE(Begin(token, {}, kGenerous), DBPOOL_ERR_BUSY);
  EXPECT_CODE(Commit(token), DBPOOL_ERR_BUSY);
  EXPECT_CODE(Rollback(token), DBPOOL_ERR_BUSY);
  EXPECT_CODE(Savepoint(token, SavepointVerb::kSet, "s"), DBPOOL_ERR_BUSY);
  EXPECT_EQ(Times("rows 1"), 0);
  result.reset();
  EXPECT_OK(RunText(token, "rows 1"));
  EXPECT_EQ(Connects(), 1);
  ASSERT_OK(Pool::Release(token));
}

TEST_F(SqlStreamTest, IsStaleOnceItsLeaseIsReleased) {
  const dbpool_conn token = MustAcquire();
  std::optional<Result> result;
  ASSERT_OK(RunQuery(token, kStream, kGenerous, &result));
  ASSERT_OK(Pool::Release(token));
  Rows::Batch batch;
  EXPECT_CODE(result->Fetch(10, &batch), DBPOOL_ERR_STALE);
  const dbpool_conn next = MustAcquire();
  EXPECT_CODE(result->Fetch(10, &batch), DBPOOL_ERR_STALE);
  result.reset();
  EXPECT_OK(RunText(next, "rows 1")) << "the old stream touched the new lease";
  ASSERT_OK(Pool::Release(next));
}

TEST_F(SqlStreamTest, FreedInTheMiddleGivesTheConnectionBack) {
  std::optional<Result> result;
  ASSERT_OK(RunOneShot(*pool_, kStream, kGenerous, &result));
  Rows::Batch batch;
  ASSERT_OK(result->Fetch(100, &batch));
  EXPECT_EQ(Stats().leased, 1u);
  result.reset();
  EXPECT_EQ(Stats().leased, 0u);
  const dbpool_conn token = MustAcquire();
  EXPECT_OK(RunText(token, "rows 1"));
  EXPECT_EQ(Connects(), 1) << "a healthy connection was thrown away";
  ASSERT_OK(Pool::Release(token));
}

TEST_F(SqlStreamTest, OfAOneShotGivesTheConnectionBackAtItsEnd) {
  std::optional<Result> result;
  ASSERT_OK(RunOneShot(*pool_, kStream, kGenerous, &result));
  EXPECT_EQ(ReadToEnd(*result), 1000u);
  EXPECT_EQ(Stats().leased, 0u);
}

TEST_F(SqlStreamTest, OnceBrokenStaysBroken) {
  const dbpool_conn token = MustAcquire();
  std::optional<Result> result;
  ASSERT_OK(RunQuery(token, kStream, kGenerous, &result));
  Rows::Batch batch;
  ASSERT_OK(result->Fetch(1000, &batch));  // what came with the first answer
  server_->FailNext(FakeOp::kFetch, Status::Error(DBPOOL_ERR_SQL, "divided by zero",
                                                  DBPOOL_PHASE_QUERY, "22012"));
  EXPECT_CODE(result->Fetch(10, &batch), DBPOOL_ERR_SQL);
  const Status again = result->Fetch(10, &batch);
  EXPECT_CODE(again, DBPOOL_ERR_SQL);
  EXPECT_EQ(again.sqlstate(), "22012");
  result.reset();
  EXPECT_OK(RunText(token, "rows 1"));
  ASSERT_OK(Pool::Release(token));
}

}  // namespace
}  // namespace dbp
