#include "tests/unit/sql/sql_fixture.h"

namespace dbp {
namespace {

class OneShotTest : public SqlTest {
 protected:
  Status OneShot(const Query& query, Nanos timeout = kGenerous) {
    std::optional<Result> result;
    return RunOneShot(*pool_, query, timeout, &result);
  }
  void TearDown() override {
    EXPECT_EQ(Stats().leased, 0u) << "a one-shot kept its lease";
    SqlTest::TearDown();
  }
};

TEST_F(OneShotTest, AcquiresRunsAndReleases) {
  std::optional<Result> result;
  ASSERT_OK(RunOneShot(*pool_, {.sql = "rows 2"}, kGenerous, &result));
  EXPECT_EQ(Stats().leased, 0u) << "rows that are there need no lease";
  Rows::Batch batch;
  ASSERT_OK(result->Fetch(0, &batch));
  EXPECT_EQ(batch.rows, 2u);
  EXPECT_CODE(result->Fetch(0, &batch), DBPOOL_DONE);
}

TEST_F(OneShotTest, RunsAgainWhenNothingWasSent) {
  server_->FailNext(FakeOp::kQuery, Lost(DBPOOL_FLAG_NOT_SENT));
  EXPECT_OK(OneShot({.sql = "write"}));
  EXPECT_EQ(Times("write"), 2);
  EXPECT_EQ(Connects(), 2) << "the lost connection was used again";
}

TEST_F(OneShotTest, RunsAgainWhenItOnlyReads) {
  server_->FailNext(FakeOp::kQuery, Lost());
  EXPECT_OK(OneShot({.sql = "rows 1", .read_only = true}));
  EXPECT_EQ(Times("rows 1"), 2);
}

TEST_F(OneShotTest, IsNotRunTwiceWhenItMayHaveBeenSent) {
  server_->FailNext(FakeOp::kQuery, Lost());
  EXPECT_CODE(OneShot({.sql = "write"}), DBPOOL_ERR_BROKEN);
  EXPECT_EQ(Times("write"), 1);
}

TEST_F(OneShotTest, IsRunAgainOnlyOnce) {
  for (int i = 0; i < 3; ++i) server_->FailNext(FakeOp::kQuery, Lost(DBPOOL_FLAG_NOT_SENT));
  EXPECT_CODE(OneShot({.sql = "rows 1", .read_only = true}), DBPOOL_ERR_BROKEN);
  EXPECT_EQ(Times("rows 1"), 2);
}

TEST_F(OneShotTest, IsNotRunAgainForAnErrorOfTheStatement) {
  server_->FailNext(FakeOp::kQuery, Status::Error(DBPOOL_ERR_SQL, "no", DBPOOL_PHASE_QUERY, "42601",
                                                  DBPOOL_FLAG_NOT_SENT));
  EXPECT_CODE(OneShot({.sql = "rows 1", .read_only = true}), DBPOOL_ERR_SQL);
  EXPECT_EQ(Times("rows 1"), 1);
}

TEST_F(OneShotTest, IsNotRunAgainAfterATimeout) {
  server_->NeverEnd(FakeOp::kQuery);
  EXPECT_CODE(OneShot({.sql = "rows 1", .read_only = true}, 10 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  server_->Allow(FakeOp::kQuery);
  EXPECT_EQ(Times("rows 1"), 1);
}

TEST_F(OneShotTest, CountsTheWaitInTheQueueAgainstItsTimeout) {
  const dbpool_conn token = MustAcquire();
  EXPECT_CODE(OneShot({.sql = "write"}, 10 * kMillisecond), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(Times("write"), 0);
  ASSERT_OK(Pool::Release(token));
}

}  // namespace
}  // namespace dbp
