#include "tests/unit/sql/sql_fixture.h"

// A statement that does not end before its deadline. The fake's canceller works on the calling thread, so
// nothing here depends on how fast a thread is.

namespace dbp {
namespace {

constexpr Nanos kSoon = 10 * kMillisecond;

TEST_F(SqlTest, ADeadlineCancelsAndKeepsAConnectionThatAnswers) {
  const dbpool_conn token = MustAcquire();
  const Status status = RunText(token, "sleep", kSoon);
  ASSERT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_TIMEOUT));
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_EQ(status.sqlstate(), "57014");
  EXPECT_EQ(status.info()->phase, DBPOOL_PHASE_QUERY);
  EXPECT_EQ(server_->ended(FakeOp::kCancel), 1);
  EXPECT_OK(RunText(token, "rows 1"));
  ASSERT_OK(Pool::Release(token));
  EXPECT_EQ(Connects(), 1);
}

TEST_F(SqlTest, ADeadlineGivesUpAConnectionThatDoesNotAnswerToACancel) {
  const dbpool_conn token = MustAcquire();
  server_->NeverEnd(FakeOp::kQuery);
  const Status status = RunText(token, "rows 1", kSoon);
  ASSERT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  server_->Allow(FakeOp::kQuery);
  EXPECT_CODE(RunText(token, "rows 1"), DBPOOL_ERR_BROKEN);
  ASSERT_OK(Pool::Release(token));
  const dbpool_conn next = MustAcquire();
  EXPECT_OK(RunText(next, "rows 1"));
  EXPECT_EQ(Connects(), 2);
  ASSERT_OK(Pool::Release(next));
}

TEST_F(SqlTest, AResultThatWinsTheRaceWithItsCancelIsDelivered) {
  const dbpool_conn token = MustAcquire();
  server_->Hold(FakeOp::kQuery);
  server_->Hold(FakeOp::kCancel);
  InBackground([this] {
    EXPECT_TRUE(server_->AwaitPending(FakeOp::kCancel, 1));
    server_->Allow(FakeOp::kQuery);  // the answer is on its way before the cancel gets through
    server_->Fail(FakeOp::kCancel, Status::Error(DBPOOL_ERR_BROKEN, "too late"));
  });
  std::optional<Result> result;
  ASSERT_OK(RunQuery(token, {.sql = "rows 3"}, kSoon, &result));
  Rows::Batch batch;
  ASSERT_OK(result->Fetch(0, &batch));
  EXPECT_EQ(batch.rows, 3u);
  ASSERT_OK(Pool::Release(token));
}

TEST_F(SqlTest, AnErrorThatWinsTheRaceWithItsCancelIsDelivered) {
  const dbpool_conn token = MustAcquire();
  server_->Hold(FakeOp::kQuery);
  server_->Hold(FakeOp::kCancel);
  InBackground([this] {
    EXPECT_TRUE(server_->AwaitPending(FakeOp::kCancel, 1));
    server_->Allow(FakeOp::kQuery);
    server_->Fail(FakeOp::kCancel, Status::Error(DBPOOL_ERR_BROKEN, "too late"));
  });
  const Status status = RunText(token, "fail", kSoon);
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "42601");
  ASSERT_OK(Pool::Release(token));
}

TEST_F(SqlTest, ACancelThatSomebodyAskedForIsNoTimeout) {
  const dbpool_conn token = MustAcquire();
  InBackground([this, token] {
    EXPECT_TRUE(server_->AwaitPending(FakeOp::kQuery, 1));
    EXPECT_OK(RequestCancel(token));
  });
  EXPECT_CODE(RunText(token, "sleep"), DBPOOL_ERR_CANCELLED);
  EXPECT_OK(RunText(token, "rows 1"));
  ASSERT_OK(Pool::Release(token));
}

TEST_F(SqlTest, TheDefaultTimeoutIsThePools) {
  Config config = Sized(1);
  config.query_timeout = kSoon;
  (void)pool_->Close(0);
  ASSERT_OK(Create(std::move(config)));
  const dbpool_conn token = MustAcquire();
  EXPECT_CODE(RunText(token, "sleep", kDefaultTimeout), DBPOOL_ERR_TIMEOUT);
  ASSERT_OK(Pool::Release(token));
}

}  // namespace
}  // namespace dbp
