#include "tests/unit/sql/sql_fixture.h"

namespace dbp {
namespace {

class TransactionTest : public SqlTest {
 protected:
  Status Transact(const TransactionBody& body, uint32_t max_attempts = 0) {
    dbpool_tx_options options = {};
    options.max_attempts = max_attempts;
    return RunTransaction(*pool_, body, options, kGenerous);
  }
  void TearDown() override {
    EXPECT_EQ(Stats().leased, 0u) << "the lease was not given back";
    SqlTest::TearDown();
  }
};

TEST_F(TransactionTest, BeginInsideATransactionIsRefused) {
  const dbpool_conn token = MustAcquire();
  ASSERT_OK(Begin(token, {}, kGenerous));
  const Status status = Begin(token, {}, kGenerous);
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "25001");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_NOT_SENT));
  EXPECT_EQ(Times("begin"), 1);
  ASSERT_OK(Pool::Release(token));
}

TEST_F(TransactionTest, EndingOneThatIsNotOpenIsRefused) {
  const dbpool_conn token = MustAcquire();
  for (const Status& status :
       {Commit(token), Rollback(token), Savepoint(token, SavepointVerb::kSet, "s")}) {
    EXPECT_CODE(status, DBPOOL_ERR_SQL);
    EXPECT_EQ(status.sqlstate(), "25P01");
  }
  EXPECT_TRUE(server_->texts().empty());
  ASSERT_OK(Pool::Release(token));
}

TEST_F(TransactionTest, ASavepointsNameHas1To63BytesAndIsQuoted) {
  const dbpool_conn token = MustAcquire();
  ASSERT_OK(Begin(token, {}, kGenerous));
  const std::string longest(63, 'x');
  EXPECT_OK(Savepoint(token, SavepointVerb::kSet, longest));
  EXPECT_EQ(Times("SAVEPOINT \"" + longest + "\""), 1);
  EXPECT_OK(Savepoint(token, SavepointVerb::kRollBackTo, "a\"b"));
  EXPECT_EQ(Times("ROLLBACK TO SAVEPOINT \"a\"\"b\""), 1);
  EXPECT_OK(Savepoint(token, SavepointVerb::kRelease, "a; drop"));
  EXPECT_EQ(Times("RELEASE SAVEPOINT \"a; drop\""), 1);
  const int sent = server_->started(FakeOp::kQuery);
  for (const std::string& name : {std::string(), longest + "x", std::string("a\0b", 3)}) {
    EXPECT_CODE(Savepoint(token, SavepointVerb::kSet, name), DBPOOL_ERR_INVALID);
  }
  EXPECT_EQ(server_->started(FakeOp::kQuery), sent);
  ASSERT_OK(Pool::Release(token));
}

TEST_F(TransactionTest, ACommitThatLosesItsConnectionHasAnUnknownOutcome) {
  const dbpool_conn token = MustAcquire();
  ASSERT_OK(Begin(token, {}, kGenerous));
  server_->FailNext(FakeOp::kQuery, Lost());
  const Status status = Commit(token);
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  ASSERT_OK(Pool::Release(token));
}

TEST_F(TransactionTest, ACommitThatWasNotSentHasAKnownOutcome) {
  const dbpool_conn token = MustAcquire();
  ASSERT_OK(Begin(token, {}, kGenerous));
  server_->FailNext(FakeOp::kQuery, Lost(DBPOOL_FLAG_NOT_SENT));
  const Status status = Commit(token);
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  ASSERT_OK(Pool::Release(token));
}

TEST_F(TransactionTest, ACommitThatTheDatabaseRefusesHasAKnownOutcome) {
  const dbpool_conn token = MustAcquire();
  ASSERT_OK(Begin(token, {}, kGenerous));
  server_->FailNext(FakeOp::kQuery,
                    Status::Error(DBPOOL_ERR_SQL, "rolled back", DBPOOL_PHASE_QUERY, "25P02"));
  const Status status = Commit(token);
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "25P02");
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  ASSERT_OK(Pool::Release(token));
}

TEST_F(TransactionTest, IsNotRunAgainWhenItsOutcomeIsUnknown) {
  int runs = 0;
  const Status status = Transact([&](dbpool_conn) {
    ++runs;
    server_->FailNext(FakeOp::kQuery, Lost(0, "40001"));  // a code that would else be tried again
    return Status::Ok();
  });
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  EXPECT_EQ(runs, 1);
}

TEST_F(TransactionTest, CommitsWhatItsBodyDid) {
  EXPECT_OK(Transact([this](dbpool_conn token) { return RunText(token, "write"); }));
  EXPECT_EQ(server_->texts(), (std::vector<std::string>{"begin", "write", "COMMIT"}));
}

TEST_F(TransactionTest, IsRunAgainWhenItsBodyFailsForWhatTheDriverSaysMayPass) {
  int runs = 0;
  EXPECT_OK(Transact([&](dbpool_conn) { return ++runs < 3 ? Serialization() : Status::Ok(); }));
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(Times("begin"), 3);
  EXPECT_EQ(Times("ROLLBACK"), 2);
  EXPECT_EQ(Times("COMMIT"), 1);
}

TEST_F(TransactionTest, IsRunAgainWhenItsCommitFailsForWhatTheDriverSaysMayPass) {
  int runs = 0;
  EXPECT_OK(Transact([&](dbpool_conn) {
    if (++runs == 1) server_->FailNext(FakeOp::kQuery, Serialization());
    return Status::Ok();
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Times("COMMIT"), 2);
}

TEST_F(TransactionTest, IsRunAgainWhenItsConnectionIsLostBeforeItBegan) {
  server_->FailNext(FakeOp::kQuery, Lost());
  int runs = 0;
  EXPECT_OK(Transact([&](dbpool_conn) {
    ++runs;
    return Status::Ok();
  }));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(Times("begin"), 2);
}

TEST_F(TransactionTest, RunsAtMostMaxAttemptsTimes) {
  for (uint32_t most : {1u, 3u}) {
    uint32_t runs = 0;
    const Status status = Transact([&](dbpool_conn) { return ++runs, Serialization(); }, most);
    EXPECT_EQ(status.sqlstate(), "40001");
    EXPECT_EQ(runs, most);
  }
}

TEST_F(TransactionTest, IsRolledBackAndNotRunAgainForAnyOtherError) {
  int runs = 0;
  const Status status = Transact([&](dbpool_conn token) {
    ++runs;
    return RunText(token, "fail");
  });
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "42601");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(server_->texts(), (std::vector<std::string>{"begin", "fail", "ROLLBACK"}));
}

TEST_F(TransactionTest, PassesAPositiveStatusThroughAndRollsBack) {
  int runs = 0;
  EXPECT_CODE(Transact([&](dbpool_conn) { return ++runs, Status::Bare(DBPOOL_DONE); }), DBPOOL_DONE);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(server_->texts(), (std::vector<std::string>{"begin", "ROLLBACK"}));
}

TEST_F(TransactionTest, GivesItsLeaseBackWhenItsBodyThrows) {
  EXPECT_THROW((void)Transact([](dbpool_conn) -> Status { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_EQ(Times("COMMIT"), 0);
}

TEST_F(TransactionTest, SurvivesABodyThatReleasesItsLease) {
  EXPECT_CODE(Transact([](dbpool_conn token) { return Pool::Release(token); }), DBPOOL_ERR_STALE);
}

}  // namespace
}  // namespace dbp
