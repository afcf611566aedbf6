#include <atomic>
#include <thread>

#include "tests/contract/contract.h"
#include "tests/support/piping.h"

// Many statements in one operation.

namespace dbp::contract {
namespace {

class PipelineTest : public MachineTest {};

TEST_P(PipelineTest, AnswersEachStatementWithItsOwnRows) {
  Piping piping;
  for (int n = 1; n <= 100; ++n) piping.Add(quirks().rows(n));
  ASSERT_OK(piping.Run(*conn_));
  for (int n = 1; n <= 100; ++n) {
    Piping::One& one = piping[n - 1];
    ASSERT_OK(one.piped.outcome);
    EXPECT_EQ(contract::TakeAll(*one.piped.rows).size(), static_cast<size_t>(n));
  }
  ExpectUsable();
}

TEST_P(PipelineTest, OfNothingIsOver) {
  Piping piping;
  EXPECT_OK(piping.Run(*conn_));
  ExpectUsable();
}

TEST_P(PipelineTest, MayFollowAStream) {
  for (const bool to_its_end : {true, false}) {
    ASSERT_OK(RunStream(quirks().rows(1000)));
    while (to_its_end && !rows_->complete()) {
      (void)contract::TakeAll(*rows_);
      conn_->StartFetch(*rows_, 100, Deadline::After(kGenerous));
      ASSERT_OK(contract::Await(*conn_, nullptr));
    }
    if (!to_its_end) {
      conn_->StartCloseStream(Deadline::After(kGenerous));
      ASSERT_OK(contract::Await(*conn_, nullptr));
    }
    Piping piping;
    for (int i = 0; i < 3; ++i) piping.Add(quirks().rows(5));
    ASSERT_OK(piping.Run(*conn_));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(contract::TakeAll(*piping[i].piped.rows).size(), 5u);
  }
}

TEST_P(PipelineTest, AFailureFailsAloneIfItEndsItsUnit) {
  for (const bool read_only : {false, true}) {
    Piping piping;
    for (int i = 0; i < 30; ++i) {
      piping.Add(i % 3 == 1 ? quirks().wrong : quirks().rows(i + 1), {}, read_only);
    }
    ASSERT_OK(piping.Run(*conn_));
    for (int i = 0; i < 30; ++i) {
      const Status& outcome = piping[i].piped.outcome;
      if (i % 3 == 1) {
        EXPECT_EQ(outcome.sqlstate(), "42601") << Describe(outcome);
        EXPECT_EQ(piping[i].piped.rows, nullptr);
      } else {
        ASSERT_OK(outcome);
        EXPECT_EQ(contract::TakeAll(*piping[i].piped.rows).size(), static_cast<size_t>(i) + 1);
      }
    }
    ExpectUsable();
  }
}

TEST_P(PipelineTest, AFailureKeepsTheRestOfItsUnitFromRunning) {
  Piping piping;
  piping.AddMember(quirks().rows(1));
  piping.AddMember(quirks().wrong);
  piping.AddMember(quirks().rows(2));
  piping.Add(quirks().rows(3));  // ends it
  piping.Add(quirks().rows(4));
  ASSERT_OK(piping.Run(*conn_));
  EXPECT_OK(piping[0].piped.outcome);
  EXPECT_EQ(piping[1].piped.outcome.sqlstate(), "42601");
  for (int skipped : {2, 3}) {
    EXPECT_CODE(piping[skipped].piped.outcome, DBPOOL_ERR_SQL);
    EXPECT_EQ(piping[skipped].piped.outcome.sqlstate(), "25P02");
    EXPECT_EQ(piping[skipped].piped.rows, nullptr);
  }
  EXPECT_OK(piping[4].piped.outcome);
  ExpectUsable();
}

TEST_P(PipelineTest, OnABrokenConnectionAnswersAllOfThemAsNotSent) {
  conn_->Abort();
  Piping piping;
  for (int i = 0; i < 3; ++i) piping.Add(quirks().rows(1));
  EXPECT_CODE(piping.Run(*conn_), DBPOOL_ERR_BROKEN);
  for (int i = 1; i < 3; ++i) {
    EXPECT_CODE(piping[i].piped.outcome, DBPOOL_ERR_BROKEN);
    EXPECT_TRUE(piping[i].piped.outcome.has_flag(DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_CONN_BROKEN));
  }
}

TEST_P(PipelineTest, IsCancelledLikeAnyStatement) {
  Piping piping;
  piping.Add(quirks().slow);
  conn_->StartPipeline(true, Deadline::After(kGenerous));
  piping.PipeAll(*conn_);
  conn_->EndPipeline();
  const auto canceller = conn_->canceller();
  std::atomic<bool> over{false};
  std::thread cancels([&] {
    dbp::Await([&] {
      canceller->Cancel();
      return over.load();
    });
  });
  EXPECT_TRUE(Pump(*conn_, Deadline::After(kGenerous)));
  over = true;
  cancels.join();
  piping.TakeAll(*conn_);
  EXPECT_OK(conn_->Finish(nullptr));
  EXPECT_CODE(piping[0].piped.outcome, DBPOOL_ERR_CANCELLED);
}

class PipelineSqlTest : public SqlTest {};

TEST_P(PipelineSqlTest, StatementsSeeWhatThoseBeforeThemDid) {
  Piping piping;
  piping.Add("create table contract_t (a integer)");
  for (int i = 1; i <= 50; ++i) piping.Add("insert into contract_t values ($1)", {Int(i)});
  piping.Add("select sum(a) from contract_t");
  ASSERT_OK(piping.Run(*conn_));
  for (int i = 1; i <= 50; ++i) EXPECT_EQ(piping[i].piped.rows->affected(), 1);
  EXPECT_EQ(FirstNumber(piping[51]), 1275);
}

TEST_P(PipelineSqlTest, AUnitThatBeginsCommitsAndCleansUpIsATransaction) {
  ASSERT_OK(Run("create table contract_t (a integer)"));
  for (const char* second : {"select 1", "insert into contract_nowhere values (1)", "selec 1"}) {
    const bool fails = std::string_view(second) != "select 1";
    Piping piping;
    piping.AddMember("begin");
    piping.AddMember("insert into contract_t values (1)");
    piping.AddMember(second);
    piping.Add("commit");
    piping.AddCleaning("rollback");
    piping.Add("select count(*) from contract_t");
    ASSERT_OK(piping.Run(*conn_));
    for (int i : {0, 1, 4}) EXPECT_OK(piping[i].piped.outcome);
    for (int i : {2, 3}) EXPECT_EQ(piping[i].piped.outcome.ok(), !fails);
    EXPECT_EQ(piping[4].piped.rows != nullptr, fails) << "it ran";
    EXPECT_EQ(FirstNumber(piping[5]), 1) << "the first alone";
    EXPECT_EQ(conn_->tx_state(), TxState::kNone);
  }
}

TEST_P(PipelineSqlTest, NothingIsCleanedUpOutsideATransaction) {
  Piping piping;
  piping.Add("selec 1");
  piping.AddCleaning("rollback");
  ASSERT_OK(piping.Run(*conn_));
  EXPECT_EQ(piping[0].piped.outcome.sqlstate(), "42601");
  EXPECT_OK(piping[1].piped.outcome);
  EXPECT_EQ(piping[1].piped.rows, nullptr);
}

TEST_P(PipelineSqlTest, ASavepointUndoesAUnitOfAnOpenTransaction) {
  ASSERT_OK(Run("create table contract_t (a integer)"));
  ASSERT_OK(Run("begin"));
  ASSERT_OK(Run("insert into contract_t values (1)"));
  Piping piping;
  piping.AddMember("savepoint here");
  piping.AddMember("insert into contract_t values (2)");
  piping.AddMember("insert into contract_nowhere values (1)");
  piping.Add("release here");
  piping.AddCleaning("rollback to here");
  piping.AddCleaning("release here");
  ASSERT_OK(piping.Run(*conn_));
  EXPECT_EQ(piping[3].piped.outcome.sqlstate(), "25P02");
  EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
  ASSERT_OK(Run("commit"));
  EXPECT_EQ(Number("select sum(a) from contract_t"), 1);
}

TEST_P(PipelineSqlTest, ABrokenPromiseToReadIsAnErrorAndNoWrite) {
  ASSERT_OK(Run("create table contract_t (a integer)"));
  Piping piping;
  for (int i = 0; i < 9; ++i) {
    if (i % 3 == 1) {
      piping.AddReading("insert into contract_t values ($1)", {Int(i)});
    } else {
      piping.AddReading("select $1 + 0", {Int(i)});
    }
  }
  piping.Add("insert into contract_t values (100)");
  ASSERT_OK(piping.Run(*conn_));
  for (int i = 0; i < 9; ++i) {
    if (i % 3 == 1) {
      EXPECT_CODE(piping[i].piped.outcome, DBPOOL_ERR_SQL);
      EXPECT_EQ(piping[i].piped.outcome.sqlstate(), "25006");
    } else {
      EXPECT_EQ(FirstNumber(piping[i]), i);
    }
  }
  EXPECT_OK(piping[9].piped.outcome) << "who promised nothing may write";
  EXPECT_EQ(Number("select sum(a) from contract_t"), 100);
}

TEST_P(PipelineSqlTest, TakesNeitherTextsOfSeveralNorWrongParameters) {
  Piping piping;
  piping.Add("select 1; select 2");
  piping.Add("select 1");
  piping.Add("select $1", {Int(1), Int(2)});
  piping.Add("select 2");
  ASSERT_OK(piping.Run(*conn_));
  EXPECT_CODE(piping[0].piped.outcome, DBPOOL_ERR_INVALID);
  EXPECT_EQ(FirstNumber(piping[1]), 1);
  EXPECT_CODE(piping[2].piped.outcome, DBPOOL_ERR_INVALID);
  EXPECT_EQ(FirstNumber(piping[3]), 2);
}

TEST_P(PipelineSqlTest, MoreThanTheBuffersHoldGoesBothWays) {
  const std::string text(100'000, 'x');
  Piping piping;
  for (int i = 0; i < 100; ++i) piping.Add("select $1 || ''", {contract::Text(text)});
  ASSERT_OK(piping.Run(*conn_));
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK(piping[i].piped.outcome);
    const Rows::Batch batch = piping[i].piped.rows->Take(1);
    EXPECT_EQ(batch.cells[0].size, text.size());
  }
}

INSTANTIATE_TEST_SUITE_P(All, PipelineTest,
                         testing::Values(SqliteFile(), SqliteMemory(), Postgres(), Fake()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, PipelineSqlTest,
                         testing::Values(SqliteFile(), SqliteMemory(), Postgres()), NameOf);

}  // namespace
}  // namespace dbp::contract
