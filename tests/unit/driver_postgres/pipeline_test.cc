#include "tests/support/piping.h"
#include "tests/unit/driver_postgres/fixture.h"

namespace dbp {
namespace {

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(RunSql(*c_, "DROP TABLE IF EXISTS piped_child, piped"));
    ASSERT_OK(RunSql(*c_, "CREATE TABLE piped (a int PRIMARY KEY)"));
    ASSERT_OK(RunSql(*c_, "GRANT ALL ON piped TO dbpool"));
  }
  void TearDown() override {
    EXPECT_OK(RunSql(*MustOpen(SocketConfig()), "DROP TABLE IF EXISTS piped_child, piped"));
  }
  /// Of a reading statement that stands before the end of the session: libpq keeps what it has not handed out yet
  /// to itself when it finds, sending, that the connection is lost.
  static void ExpectOkOrEnded(const Status& outcome) {
    if (outcome.ok()) return;
    EXPECT_EQ(outcome.sqlstate(), "57P01");
    EXPECT_FALSE(outcome.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  }
  std::string Count() { return Ask(*MustOpen(SocketConfig()), "SELECT count(*) FROM piped"); }

  std::unique_ptr<Connection> c_ = MustOpen(SocketConfig());
};

TEST_F(PipelineTest, WaitsForNoAnswerBeforeTheNextStatement) {
  auto proxy = MakeProxy();
  auto c = MustOpen(TcpConfig(proxy->port()));
  for (int time = 0; time < 3; ++time) {  // unnamed, while they are prepared, by name
    ASSERT_OK(RunSql(*c_, "DELETE FROM piped"));
    Piping piping;
    for (int i = 0; i < 50; ++i) piping.Add("INSERT INTO piped VALUES ($1)", {Int(i)});
    for (int i = 0; i < 50; ++i) piping.AddReading("SELECT $1::int", {Int(i)});
    piping.Add("INSERT INTO piped VALUES (99)");
    proxy->to_client().mode = TcpProxy::Mode::kStall;
    c->StartPipeline(true, Deadline::Never());
    piping.PipeAll(*c);
    c->EndPipeline();
    EXPECT_TRUE(Await([&] { return c->Step() != Want::kDone && Count() == "51"; }));
    piping.TakeAll(*c);
    EXPECT_EQ(piping.taken(), 0u);
    proxy->to_client().mode = TcpProxy::Mode::kPass;
    EXPECT_TRUE(Pump(*c, Deadline::After(kGenerous)));
    piping.TakeAll(*c);
    EXPECT_OK(c->Finish(nullptr));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(FirstNumber(piping[50 + i]), i);
  }
}

// The server says that it is done, and fails at the commit behind it.
TEST_F(PipelineTest, AFailureAtTheCommitIsTheStatements) {
  ASSERT_OK(RunSql(*c_,
                   "CREATE TABLE piped_child (a int REFERENCES piped DEFERRABLE INITIALLY DEFERRED)"));
  Piping piping;
  piping.Add("INSERT INTO piped VALUES (1)");
  piping.Add("INSERT INTO piped_child VALUES (7)");
  piping.Add("INSERT INTO piped VALUES (2)");
  ASSERT_OK(piping.Run(*c_));
  EXPECT_OK(piping[0].piped.outcome);
  EXPECT_EQ(piping[1].piped.outcome.sqlstate(), "23503");
  EXPECT_EQ(piping[1].piped.rows, nullptr);
  EXPECT_OK(piping[2].piped.outcome);
  EXPECT_EQ(Count(), "2");
}

TEST_F(PipelineTest, StatementsArePreparedByTheRulesOfTheCache) {
  Piping piping;
  for (int i = 0; i < 5; ++i) piping.Add("SELECT 4711");
  ASSERT_OK(piping.Run(*c_));
  EXPECT_EQ(Ask(*c_, "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 4711'"),
            "1");
  EXPECT_EQ(Ask(*c_, "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE "
                     "statement = 'SELECT 4711'"),
            "4");
}

TEST_F(PipelineTest, AStatementThatCannotBePreparedTellsEachOfItsCallersWhy) {
  for (const bool ordered : {false, true}) {
    Piping piping;
    for (int i = 0; i < 6; ++i) piping.Add("SELECT nothing_like_that FROM piped");
    ASSERT_OK(piping.Run(*c_, ordered));
    for (int i = 0; i < 6; ++i) EXPECT_EQ(piping[i].piped.outcome.sqlstate(), "42703") << i;
  }
}

TEST_F(PipelineTest, StatementsWhosePreparedFormWentBadRunAgain) {
  for (const bool read_only : {false, true}) {
    ASSERT_OK(RunSql(*c_, "INSERT INTO piped VALUES (1) ON CONFLICT DO NOTHING"));
    for (int i = 0; i < 3; ++i) ASSERT_OK(RunSql(*c_, "SELECT * FROM piped"));
    ASSERT_OK(RunSql(*MustOpen(SocketConfig()), "ALTER TABLE piped ADD COLUMN b" +
                                                    std::to_string(read_only) + " int"));
    Piping piping;
    for (int i = 0; i < 5; ++i) piping.Add("SELECT * FROM piped", {}, read_only);
    ASSERT_OK(piping.Run(*c_, /*ordered=*/false));
    for (int i = 0; i < 5; ++i) {
      ASSERT_OK(piping[i].piped.outcome);
      EXPECT_EQ(piping[i].piped.rows->columns().size(), read_only ? 3u : 2u);
    }
  }
}

TEST_F(PipelineTest, OrderedOnesRunAgainOnlyIfNothingIsBehindThem) {
  ASSERT_OK(RunSql(*c_, "INSERT INTO piped VALUES (1)"));
  for (int i = 0; i < 3; ++i) ASSERT_OK(RunSql(*c_, "SELECT * FROM piped"));
  ASSERT_OK(RunSql(*MustOpen(SocketConfig()), "ALTER TABLE piped ADD COLUMN b int"));
  Piping piping;
  piping.Add("SELECT * FROM piped");
  piping.Add("SELECT 1");
  piping.Add("SELECT * FROM piped");
  ASSERT_OK(piping.Run(*c_));
  EXPECT_EQ(piping[0].piped.outcome.sqlstate(), "0A000");
  EXPECT_TRUE(piping[0].piped.outcome.has_flag(DBPOOL_FLAG_RETRYABLE));
  EXPECT_OK(piping[1].piped.outcome);
  EXPECT_OK(piping[2].piped.outcome);
}

TEST_F(PipelineTest, NamesThatWereDeallocatedByHandAreMadeAnew) {
  for (int i = 0; i < 3; ++i) ASSERT_OK(RunSql(*c_, "SELECT 5"));
  Piping reading;
  for (int i = 0; i < 3; ++i) reading.AddReading("SELECT 5");
  ASSERT_OK(reading.Run(*c_, false));
  // Behind the cache's back: DO is no command whose tag tells it.
  ASSERT_OK(RunSql(*c_, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"));
  for (const bool read_only : {true, false}) {
    Piping piping;
    for (int i = 0; i < 5; ++i) piping.Add("SELECT 5", {}, read_only);
    ASSERT_OK(piping.Run(*c_, false));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(FirstNumber(piping[i]), 5);
  }
}

TEST_F(PipelineTest, StatementsThatAreEvictedWhileUnderWayAreAnsweredAndGivenUp) {
  Config config = SocketConfig();
  config.prepare_threshold = 1;
  config.statement_cache = 2;
  auto c = MustOpen(config);
  for (int round = 0; round < 3; ++round) {
    Piping piping;
    for (int i = 0; i < 60; ++i) piping.Add("SELECT " + std::to_string(i));
    ASSERT_OK(piping.Run(*c));
    for (int i = 0; i < 60; ++i) EXPECT_EQ(FirstNumber(piping[i]), i);
  }
  // Names are given up some at a time, with the next statements of a pipeline.
  for (int i = 0; i < 30; ++i) {
    Piping piping;
    piping.Add("SELECT 1");
    ASSERT_OK(piping.Run(*c));
  }
  EXPECT_LE(std::stoi(Ask(*c, "SELECT count(*) FROM pg_prepared_statements")), 4);
}

TEST_F(PipelineTest, WithoutACacheNothingIsPrepared) {
  Config config = SocketConfig();
  config.prepare_threshold = 0;
  auto c = MustOpen(config);
  Piping piping;
  for (int i = 0; i < 10; ++i) piping.Add("SELECT $1::int", {Int(i)}, i % 2 == 0);
  ASSERT_OK(piping.Run(*c));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(FirstNumber(piping[i]), i);
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM pg_prepared_statements"), "0");
}

TEST_F(PipelineTest, TheReadingOfOneFlushIsOneTransaction) {
  Piping piping;
  for (int i = 0; i < 4; ++i) piping.AddReading("SELECT pg_current_snapshot()::text, now()::text");
  for (int i = 0; i < 2; ++i) piping.AddReading("SELECT now()::text, current_setting('transaction_read_only')");
  ASSERT_OK(piping.Run(*c_));
  const auto cell = [&](int i, int column) {
    const Rows::Batch batch = piping[i].piped.rows->Take(1);
    return std::string(batch.cells[column].data, batch.cells[column].size);
  };
  const std::string when = cell(0, 1);
  for (int i = 1; i < 4; ++i) EXPECT_EQ(cell(i, 1), when);
  EXPECT_EQ(cell(4, 0), when);
  EXPECT_EQ(cell(5, 1), "on");
  EXPECT_EQ(Ask(*c_, "SHOW transaction_read_only"), "off") << "it ends with the flush";
}

TEST_F(PipelineTest, InAnOpenTransactionNothingRunsAgainAndNothingIsMadeReadOnly) {
  ASSERT_OK(RunSql(*c_, "BEGIN"));
  Piping piping;
  piping.AddReading("SELECT 1");
  piping.Add("INSERT INTO piped VALUES (1)");
  piping.AddReading("SELECT 1 / 0");
  piping.AddReading("SELECT 2");
  ASSERT_OK(piping.Run(*c_));
  EXPECT_OK(piping[0].piped.outcome);
  EXPECT_OK(piping[1].piped.outcome);
  EXPECT_EQ(piping[2].piped.outcome.sqlstate(), "22012");
  EXPECT_EQ(piping[3].piped.outcome.sqlstate(), "25P02");
  EXPECT_EQ(c_->tx_state(), TxState::kFailed);
  ASSERT_OK(RunSql(*c_, "ROLLBACK"));
}

TEST_F(PipelineTest, TransactionsMayBeginAndEndInIt) {
  Piping piping;
  for (const char* sql : {"BEGIN", "INSERT INTO piped VALUES (1)", "INSERT INTO piped VALUES (1)",
                          "INSERT INTO piped VALUES (2)", "COMMIT", "INSERT INTO piped VALUES (3)"}) {
    piping.Add(sql);
  }
  ASSERT_OK(piping.Run(*c_));
  EXPECT_EQ(piping[2].piped.outcome.sqlstate(), "23505");
  EXPECT_EQ(piping[3].piped.outcome.sqlstate(), "25P02");
  EXPECT_EQ(piping[4].piped.outcome.sqlstate(), "25P02") << "rolled back instead";
  EXPECT_OK(piping[5].piped.outcome);
  EXPECT_EQ(Count(), "1");
}

TEST_F(PipelineTest, CopyIsRefusedBeforeItIsSent) {
  Piping piping;
  piping.Add("COPY piped FROM STDIN");
  piping.Add("SELECT 1");
  ASSERT_OK(piping.Run(*c_));
  EXPECT_CODE(piping[0].piped.outcome, DBPOOL_ERR_UNSUPPORTED);
  EXPECT_EQ(FirstNumber(piping[1]), 1);
}

TEST_F(PipelineTest, StatementsMayJoinWhileOthersAreUnderWay) {
  Piping piping;
  c_->StartPipeline(false, Deadline::Never());
  for (int i = 0; i < 1000; ++i) {
    piping.Add("SELECT $1::int", {Int(i)}, i % 3 != 0);
    piping.PipeAll(*c_);
    if (i % 7 == 0) (void)c_->Step();
    piping.TakeAll(*c_);
  }
  const Deadline deadline = Deadline::After(kGenerous);
  while (piping.taken() < 1000 && !deadline.Passed()) {
    (void)Pump(*c_, Deadline::After(kMillisecond));
    piping.TakeAll(*c_);
  }
  c_->EndPipeline();
  EXPECT_EQ(c_->Step(), Want::kDone);
  EXPECT_OK(c_->Finish(nullptr));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(FirstNumber(piping[i]), i);
  EXPECT_EQ(Ask(*c_, "SELECT 1"), "1");
}

TEST_F(PipelineTest, AServerThatEndsTheSessionAnswersAllWhoWait) {
  const std::string pid = PidOf(*c_);
  Piping piping;
  piping.Add("SELECT 1");
  piping.Add("SELECT pg_terminate_backend(" + pid + ")");
  piping.AddReading("SELECT 2");
  piping.Add("INSERT INTO piped VALUES (1)");
  EXPECT_CODE(piping.Run(*c_), DBPOOL_ERR_BROKEN);
  ExpectOkOrEnded(piping[0].piped.outcome);
  for (int i = 1; i <= 3; ++i) {
    const Status& outcome = piping[i].piped.outcome;
    EXPECT_CODE(outcome, DBPOOL_ERR_BROKEN);
    EXPECT_EQ(outcome.sqlstate(), "57P01");
    const bool sent = !outcome.has_flag(DBPOOL_FLAG_NOT_SENT);  // the server may be faster than we are
    EXPECT_TRUE(sent || i > 1);
    EXPECT_EQ(outcome.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN), sent && i == 3) << i;
  }
  EXPECT_TRUE(c_->broken());
  EXPECT_EQ(Count(), "0");
}

TEST_F(PipelineTest, ALossThatIsFoundWhileSendingHasTheServersLastWords) {
  const std::string pid = PidOf(*c_);
  const auto other = MustOpen(SocketConfig());
  Piping piping;
  piping.Add("SELECT 1");
  piping.Add("SELECT pg_terminate_backend(" + pid + ")");
  c_->StartPipeline(true, Deadline::Never());
  piping.PipeAll(*c_);
  EXPECT_EQ(c_->Step(), Want::kRead);
  const std::string alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid;
  ASSERT_TRUE(Await([&] { return Ask(*other, alive) == "0"; }));
  for (int i = 0; i < 3; ++i) piping.Add("INSERT INTO piped VALUES (" + std::to_string(i) + ")");
  piping.PipeAll(*c_);
  EXPECT_TRUE(Pump(*c_, Deadline::After(kGenerous)));
  piping.TakeAll(*c_);
  EXPECT_CODE(c_->Finish(nullptr), DBPOOL_ERR_BROKEN);
  EXPECT_EQ(piping.taken(), 5u);
  ExpectOkOrEnded(piping[0].piped.outcome);
  for (int i = 1; i < 5; ++i) EXPECT_EQ(piping[i].piped.outcome.sqlstate(), "57P01") << i;
}

TEST_F(PipelineTest, ALossInTheMiddleOfAnAnswerLosesNoneOfThem) {
  for (const int64_t bytes : {0, 3, 100, 2000, 50'000}) {
    auto proxy = MakeProxy();
    auto c = MustOpen(TcpConfig(proxy->port()));
    proxy->to_client().cut_after = bytes;
    Piping piping;
    for (int i = 0; i < 20; ++i) piping.Add("SELECT repeat('x', 10000)", {}, i % 2 == 0);
    EXPECT_CODE(piping.Run(*c), DBPOOL_ERR_BROKEN);
    for (Piping::One& one : piping.all()) {
      EXPECT_TRUE(one.piped.outcome.ok() || one.piped.outcome.code() == DBPOOL_ERR_BROKEN);
    }
  }
}

TEST_F(PipelineTest, AbortedFromAnotherThreadItIsOver) {
  Piping piping;
  piping.Add("SELECT pg_sleep(600)");
  piping.Add("SELECT 1");
  c_->StartPipeline(true, Deadline::Never());
  piping.PipeAll(*c_);
  c_->EndPipeline();
  ASSERT_FALSE(Pump(*c_, Deadline::After(20 * kMillisecond)));
  c_->Abort();
  EXPECT_TRUE(Pump(*c_, Deadline::After(kGenerous)));
  piping.TakeAll(*c_);
  EXPECT_CODE(c_->Finish(nullptr), DBPOOL_ERR_BROKEN);
  EXPECT_CODE(piping[1].piped.outcome, DBPOOL_ERR_BROKEN);
}

TEST_F(PipelineTest, AResetInItsMiddleGivesTheConnectionUp) {
  {
    Piping piping;
    piping.Add("SELECT pg_sleep(600)");
    c_->StartPipeline(true, Deadline::Never());
    piping.PipeAll(*c_);
    ASSERT_FALSE(Pump(*c_, Deadline::After(20 * kMillisecond)));
  }
  ASSERT_TRUE(c_->NeedsReset(ResetMode::kSmart));
  EXPECT_CODE(ResetNow(*c_, ResetMode::kSmart), DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(c_->broken());
}

}  // namespace
}  // namespace dbp
