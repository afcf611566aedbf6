#include <atomic>
#include <thread>

#include "driver/pump.h"
#include "tests/contract/contract.h"

// What every driver does, whatever it speaks to: operations, their ends, and the state it knows.

namespace dbp::contract {
namespace {

/// Cancels again and again until told to stop: a request may come before the statement has begun.
class KeepsCancelling {
 public:
  explicit KeepsCancelling(Connection& connection)
      : thread_([canceller = connection.canceller(), this] {
          dbp::Await([&] {
            canceller->Cancel();
            return stop_.load();
          });
        }) {}
  ~KeepsCancelling() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_P(MachineTest, AnswersAPing) {
  EXPECT_OK(Ping(*conn_));
  EXPECT_OK(Ping(*conn_));
  ExpectUsable();
}

TEST_P(MachineTest, TellsWhatItSpeaksTo) {
  ServerInfo info;
  ASSERT_OK(conn_->Inspect(Deadline::After(kGenerous), &info));
  EXPECT_NE(info.product, "");
  EXPECT_NE(info.version, "");
  ExpectUsable();
}

TEST_P(MachineTest, OpensSeveralConnections) {
  auto second = Connect();
  EXPECT_OK(contract::Run(*second, {quirks().rows(1), {}}));
  ExpectUsable();
  conn_.reset();
  EXPECT_OK(Ping(*second));
}

TEST_P(MachineTest, StartsCleanWithoutTransactionOrStream) {
  EXPECT_EQ(conn_->tx_state(), TxState::kNone);
  EXPECT_FALSE(conn_->streaming());
  EXPECT_FALSE(conn_->broken());
  for (ResetMode mode : {ResetMode::kNone, ResetMode::kRollback, ResetMode::kSmart}) {
    EXPECT_FALSE(conn_->NeedsReset(mode)) << static_cast<int>(mode);
  }
}

TEST_P(MachineTest, GivesAllRowsInOrder) {
  ASSERT_OK(Run(quirks().rows(1000)));
  EXPECT_TRUE(rows_->complete());
  EXPECT_FALSE(conn_->streaming());
  const Table table = TakeAll(*rows_);
  ASSERT_EQ(table.size(), 1000u);
  for (size_t i = 0; i < table.size(); ++i) ASSERT_EQ(table[i][0].i64, static_cast<int64_t>(i) + 1);
  EXPECT_EQ(rows_->Take(10).rows, 0u) << "and none after them";
}

TEST_P(MachineTest, KeepsRowsBeyondItsNextStatementAndItself) {
  ASSERT_OK(Run(quirks().rows(100)));
  auto kept = std::move(rows_);
  ASSERT_OK(Run(quirks().rows(5)));
  conn_.reset();
  const Table table = TakeAll(*kept);
  ASSERT_EQ(table.size(), 100u);
  EXPECT_EQ(table[99][0].i64, 100);
}

TEST_P(MachineTest, StreamsInBatchesOfBoundedSize) {
  constexpr int kRows = 100'000;
  ASSERT_OK(RunStream(quirks().rows(kRows)));
  EXPECT_TRUE(conn_->streaming());
  int64_t next = 1;
  uint32_t largest = 0;
  for (;;) {
    const Rows::Batch batch = rows_->Take(UINT32_MAX);
    largest = std::max(largest, batch.rows);
    for (uint32_t r = 0; r < batch.rows; ++r) ASSERT_EQ(batch.cells[r].num.i64, next++);
    if (batch.rows > 0) continue;
    if (rows_->complete()) break;
    conn_->StartFetch(*rows_, 500, Deadline::After(kGenerous));
    ASSERT_OK(Await(*conn_, nullptr));
  }
  EXPECT_EQ(next, kRows + 1);
  EXPECT_LE(largest, 20'000u);
  EXPECT_FALSE(conn_->streaming());
  ExpectUsable();
}

TEST_P(MachineTest, StreamsASmallOrEmptyResultToItsEnd) {
  ASSERT_OK(RunStream(quirks().rows(1)));
  size_t rows = TakeAll(*rows_).size();
  while (!rows_->complete()) {
    conn_->StartFetch(*rows_, 1, Deadline::After(kGenerous));
    ASSERT_OK(Await(*conn_, nullptr));
    rows += TakeAll(*rows_).size();
  }
  EXPECT_EQ(rows, 1u);
  EXPECT_FALSE(conn_->streaming());
  ExpectUsable();
}

TEST_P(MachineTest, ClosesAStreamEarly) {
  for (const bool rows_first : {false, true}) {
    ASSERT_OK(RunStream(quirks().rows(100'000)));
    ASSERT_GT(rows_->Take(10).rows, 0u);
    ASSERT_TRUE(conn_->streaming());
    if (rows_first) rows_.reset();
    conn_->StartCloseStream(Deadline::After(kGenerous));
    ASSERT_OK(Await(*conn_, nullptr));
    EXPECT_FALSE(conn_->streaming());
    ExpectUsable();
  }
}

TEST_P(MachineTest, ReportsAWrongStatementAndGoesOn) {
  for (int round = 0; round < 3; ++round) {
    const Status status = Run(quirks().wrong);
    EXPECT_CODE(status, DBPOOL_ERR_SQL);
    EXPECT_EQ(status.sqlstate(), "42601");
    EXPECT_NE(status.message(), "");
    EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
    ASSERT_NE(status.info(), nullptr);
    EXPECT_EQ(status.info()->phase, uint32_t{DBPOOL_PHASE_QUERY});
    ExpectUsable();
  }
}

TEST_P(MachineTest, FollowsATransaction) {
  for (const char* end : {"commit", "rollback"}) {
    ASSERT_OK(Run("begin"));
    EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
    ASSERT_OK(Run(quirks().rows(1)));
    EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
    ASSERT_OK(Run(end));
    EXPECT_EQ(conn_->tx_state(), TxState::kNone);
  }
}

TEST_P(MachineTest, KnowsATransactionThatHasFailed) {
  ASSERT_OK(Run("begin"));
  EXPECT_CODE(Run(quirks().wrong), DBPOOL_ERR_SQL);
  EXPECT_EQ(conn_->tx_state(), quirks().fails_transactions ? TxState::kFailed : TxState::kOpen);
  ASSERT_OK(Run("rollback"));
  EXPECT_EQ(conn_->tx_state(), TxState::kNone);
  ExpectUsable();
}

TEST_P(MachineTest, RollsAnOpenTransactionBackAtReset) {
  for (ResetMode mode : {ResetMode::kRollback, ResetMode::kSmart, ResetMode::kFull}) {
    ASSERT_OK(Run("begin"));
    EXPECT_FALSE(conn_->NeedsReset(ResetMode::kNone));
    ASSERT_TRUE(conn_->NeedsReset(mode));
    ASSERT_OK(Reset(*conn_, mode));
    EXPECT_EQ(conn_->tx_state(), TxState::kNone);
    EXPECT_FALSE(conn_->NeedsReset(ResetMode::kSmart));
    ExpectUsable();
  }
}

TEST_P(MachineTest, EndsAStreamAtReset) {
  ASSERT_OK(RunStream(quirks().rows(100'000)));
  ASSERT_TRUE(conn_->streaming());
  rows_.reset();
  ASSERT_TRUE(conn_->NeedsReset(ResetMode::kRollback));
  ASSERT_OK(Reset(*conn_, ResetMode::kRollback));
  EXPECT_FALSE(conn_->streaming());
  ExpectUsable();
}

TEST_P(MachineTest, CleansWhatAStatementLeftBehind) {
  ASSERT_OK(Run(quirks().dirty));
  EXPECT_FALSE(conn_->NeedsReset(ResetMode::kNone));
  EXPECT_FALSE(conn_->NeedsReset(ResetMode::kRollback));
  ASSERT_TRUE(conn_->NeedsReset(ResetMode::kSmart));
  ASSERT_OK(Reset(*conn_, ResetMode::kSmart));
  EXPECT_FALSE(conn_->NeedsReset(ResetMode::kSmart));
  ASSERT_OK(Run(quirks().dirty)) << "nothing is left of the first time";
}

TEST_P(MachineTest, TrustsNobodyWhoHadTheNativeHandle) {
  EXPECT_NE(conn_->native(), nullptr);
  ASSERT_TRUE(conn_->NeedsReset(ResetMode::kSmart));
  ASSERT_OK(Reset(*conn_, ResetMode::kSmart));
  ExpectUsable();
}

TEST_P(MachineTest, IsCancelledFromAnotherThread) {
  Status status;
  {
    KeepsCancelling cancelling(*conn_);
    status = Run(quirks().slow);
  }
  EXPECT_CODE(status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CANCELLED));
  EXPECT_EQ(status.sqlstate(), "57014");
  // The last request may have been late and hit what came next; only that.
  EXPECT_TRUE(dbp::Await([&] { return Run(quirks().rows(1)).ok(); }));
  ExpectUsable();
}

TEST_P(MachineTest, IgnoresACancelWhileNothingRuns) {
  conn_->canceller()->Cancel();
  EXPECT_TRUE(dbp::Await([&] { return Run(quirks().rows(1)).ok(); }));
  ExpectUsable();
}

TEST_P(MachineTest, OutlivedByItsCanceller) {
  auto canceller = conn_->canceller();
  conn_.reset();
  canceller->Cancel();
}

TEST_P(MachineTest, KeepsToTheDeadlineOfALongStatement) {
  const Deadline deadline = Deadline::After(50 * kMillisecond);
  const std::string& sql = quirks().slow;
  conn_->StartQuery({sql, {}}, deadline);
  const bool done = Pump(*conn_, deadline);
  EXPECT_EQ(done, quirks().works_in_step);
  if (done) {
    const Status status = conn_->Finish(nullptr);
    EXPECT_CODE(status, DBPOOL_ERR_TIMEOUT);
    EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_TIMEOUT));
  } else {
    KeepsCancelling cancelling(*conn_);
    EXPECT_CODE(Await(*conn_, nullptr), DBPOOL_ERR_CANCELLED);
  }
  EXPECT_TRUE(dbp::Await([&] { return Run(quirks().rows(1)).ok(); }));
  ExpectUsable();
}

TEST_P(MachineTest, WakesABlockedCallerWhenItIsAborted) {
  std::atomic<bool> running{true};
  std::thread aborter([&] {
    // The statement needs no head start: an abort before it must end it as well.
    conn_->Abort();
    dbp::Await([&] { return !running; });
  });
  const Status status = Run(quirks().slow);
  running = false;
  aborter.join();
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_TRUE(conn_->broken());
}

TEST_P(PollTest, WakesACallerThatIsLongInPollWhenItIsAborted) {
  conn_->StartQuery({quirks().slow, {}}, Deadline::After(kGenerous));
  ASSERT_FALSE(Pump(*conn_, Deadline::After(20 * kMillisecond)));
  std::thread aborter([&] { conn_->Abort(); });
  EXPECT_CODE(Await(*conn_, nullptr), DBPOOL_ERR_BROKEN);
  aborter.join();
  EXPECT_TRUE(conn_->broken());
}

TEST_P(MachineTest, AnswersBrokenOnceItIsAborted) {
  conn_->Abort();
  EXPECT_TRUE(conn_->broken());
  EXPECT_CODE(Run(quirks().rows(1)), DBPOOL_ERR_BROKEN);
  EXPECT_CODE(Ping(*conn_), DBPOOL_ERR_BROKEN);
}

TEST_P(MachineTest, IsClosedInTheMiddleOfAStream) {
  ASSERT_OK(RunStream(quirks().rows(100'000)));
  conn_.reset();
  rows_.reset();
  conn_ = Connect();
  ExpectUsable();
}

INSTANTIATE_TEST_SUITE_P(All, MachineTest,
                         testing::Values(SqliteFile(), SqliteMemory(), Postgres(), Fake()), NameOf);

INSTANTIATE_TEST_SUITE_P(All, PollTest, testing::Values(Postgres(), Fake()), NameOf);

}  // namespace
}  // namespace dbp::contract
