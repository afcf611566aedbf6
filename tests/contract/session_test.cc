#include "tests/contract/contract.h"

// What belongs to a session: transactions as the ABI begins them, read-only turns, resets, the
// writer's turn, and connections that cannot be had.

namespace dbp::contract {
namespace {

class SessionTest : public SqlTest {
 protected:
  void MakeTable() { ASSERT_OK(Run("create table contract_t (a integer)")); }
  int64_t CountRows() { return Number("select count(*) from contract_t"); }
};

constexpr uint32_t kReadOnly = DBPOOL_TX_READ_ONLY;

TEST_P(SessionTest, BeginsEveryKindOfTransaction) {
  MakeTable();
  for (const int32_t isolation :
       {DBPOOL_ISOLATION_DEFAULT, DBPOOL_ISOLATION_READ_COMMITTED, DBPOOL_ISOLATION_REPEATABLE_READ,
        DBPOOL_ISOLATION_SERIALIZABLE}) {
    for (const uint32_t flags : {uint32_t{0}, kReadOnly, kReadOnly | DBPOOL_TX_DEFERRABLE}) {
      dbpool_tx_options options = {};
      options.isolation = isolation;
      options.flags = flags;
      ASSERT_OK(Run(driver_->BeginSql(options))) << driver_->BeginSql(options);
      EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
      EXPECT_EQ(CountRows(), 0);
      if (flags == 0) {
        EXPECT_OK(Run("insert into contract_t values (1)"));
      }
      ASSERT_OK(Run("rollback"));
      EXPECT_EQ(CountRows(), 0);
    }
  }
}

TEST_P(SessionTest, CommitsForOthersToSee) {
  MakeTable();
  ASSERT_OK(Run(driver_->BeginSql({})));
  ASSERT_OK(Run("insert into contract_t values (1)"));
  ASSERT_OK(Run("savepoint a"));
  ASSERT_OK(Run("insert into contract_t values (2)"));
  ASSERT_OK(Run("rollback to savepoint a"));
  EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
  ASSERT_OK(Run("commit"));
  conn_ = Connect();
  EXPECT_EQ(CountRows(), 1);
}

TEST_P(SessionTest, TakesAFailedTransactionBackToASavepoint) {
  MakeTable();
  ASSERT_OK(Run("begin"));
  ASSERT_OK(Run("savepoint a"));
  EXPECT_CODE(Run("insert into contract_t values (missing)"), DBPOOL_ERR_SQL);
  ASSERT_OK(Run("rollback to savepoint a"));
  EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
  ASSERT_OK(Run("insert into contract_t values (1)"));
  ASSERT_OK(Run("commit"));
  EXPECT_EQ(CountRows(), 1);
}

TEST_P(SessionTest, RetriesOnlyWhatAnotherRunMayMend) {
  const auto failed = [](const char* sqlstate) {
    return Status::Error(DBPOOL_ERR_SQL, "", DBPOOL_PHASE_QUERY, sqlstate);
  };
  EXPECT_TRUE(driver_->TransactionMayRetry(failed("40001")));
  for (const char* sqlstate : {"42601", "23505", "25P02", "57014"}) {
    EXPECT_FALSE(driver_->TransactionMayRetry(failed(sqlstate))) << sqlstate;
  }
  EXPECT_FALSE(driver_->TransactionMayRetry(Status::Ok()));
}

/// Enforced where it is free: PostgreSQL would need a round trip.
class ReadOnlyTest : public SessionTest {};

TEST_P(ReadOnlyTest, RefusesAWriteThatSaysItOnlyReads) {
  MakeTable();
  const Status status =
      contract::Run(*conn_, {"insert into contract_t values (1)", {}, false, true});
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "25006");
  EXPECT_EQ(CountRows(), 0);
  ASSERT_OK(contract::Run(*conn_, {"select * from contract_t", {}, false, true}));
}

TEST_P(ReadOnlyTest, RefusesWritesWhileItIsReadOnly) {
  MakeTable();
  for (int round = 0; round < 3; ++round) {
    ASSERT_OK(conn_->SetReadOnly(true));
    EXPECT_EQ(Run("insert into contract_t values (1)").sqlstate(), "25006");
    EXPECT_EQ(CountRows(), round);
    ASSERT_OK(conn_->SetReadOnly(false));
    ASSERT_OK(Run("insert into contract_t values (1)"));
  }
}

TEST_P(SessionTest, LeavesNothingOfABorrowerAfterAReset) {
  MakeTable();
  for (const ResetMode mode : {ResetMode::kSmart, ResetMode::kFull}) {
    ASSERT_OK(Run("create temp table left_behind (a int)"));
    ASSERT_OK(Run("begin"));
    ASSERT_OK(Run("insert into contract_t values (1)"));
    ASSERT_TRUE(conn_->NeedsReset(mode));
    ASSERT_OK(Reset(*conn_, mode));
    EXPECT_EQ(conn_->tx_state(), TxState::kNone);
    EXPECT_EQ(CountRows(), 0);
    EXPECT_EQ(Run("select * from left_behind").sqlstate(), "42P01");
  }
}

TEST_P(SessionTest, RunsKnownStatementsAfterAReset) {
  for (const ResetMode mode : {ResetMode::kRollback, ResetMode::kSmart, ResetMode::kFull}) {
    for (int round = 0; round < 3; ++round) {
      for (int again = 0; again < 3; ++again)
        EXPECT_EQ(Number("select cast($1 as bigint)", {Int(again)}), again);
      ASSERT_OK(Run("create temp table if not exists left_behind (a int)"));
      ASSERT_OK(Run("begin"));
      ASSERT_TRUE(conn_->NeedsReset(mode));
      ASSERT_OK(Reset(*conn_, mode));
    }
  }
}

TEST_P(SessionTest, ResetsATransactionThatHasFailed) {
  ASSERT_OK(Run("begin"));
  EXPECT_CODE(Run("selec 1"), DBPOOL_ERR_SQL);
  ASSERT_OK(Reset(*conn_, ResetMode::kRollback));
  EXPECT_EQ(conn_->tx_state(), TxState::kNone);
  ExpectUsable();
}

TEST_P(SessionTest, RunsTheSqlItWasConfiguredWith) {
  Reopen([](Config& config) { config.init_sql = "create temp table made_at_start (a int)"; });
  EXPECT_EQ(Number("select count(*) from made_at_start"), 0);
  EXPECT_FALSE(conn_->NeedsReset(ResetMode::kSmart))
      << "what the pool set up is not a borrower's dirt";
}

TEST_P(SessionTest, CannotBeOpenedWhenTheSqlItWasConfiguredWithFails) {
  std::string skip;
  auto driver = quirks().make(
      dir_, [](Config& config) { config.init_sql = "selec 1"; }, &skip);
  ASSERT_NE(driver, nullptr);
  std::unique_ptr<Connection> connection;
  const Status status = driver->Connect(Deadline::After(kGenerous), nullptr, &connection);
  EXPECT_TRUE(status.failed());
  EXPECT_EQ(status.sqlstate(), "42601");
  EXPECT_EQ(connection, nullptr);
}

TEST_P(SessionTest, SaysWhyItCannotBeOpened) {
  auto driver = quirks().connect_to(quirks().bad_uri);
  ASSERT_NE(driver, nullptr);
  std::unique_ptr<Connection> connection;
  const Status status = driver->Connect(Deadline::After(kGenerous), nullptr, &connection);
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_NE(status.message(), "");
  ASSERT_NE(status.info(), nullptr);
  EXPECT_EQ(status.info()->phase, uint32_t{DBPOOL_PHASE_CONNECT});
  EXPECT_EQ(connection, nullptr);
}

/// Writes down who came and went, and keeps them waiting if told to.
class CountingGate : public WriteGate {
 public:
  bool Enter() override {
    if (asked) asked();
    queued = !open;
    inside = open;
    entered += open;
    return open;
  }
  void Leave() override { inside = queued = false; }

  std::function<void()> asked;
  bool open = true, inside = false, queued = false;
  int entered = 0;
};

class WriteGateTest : public SessionTest {
 protected:
  void SetUp() override {
    SessionTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(driver_->traits().single_writer);
    MakeTable();
    conn_->SetWriteGate(&gate_);
  }
  void TearDown() override {
    if (conn_ != nullptr) conn_->SetWriteGate(nullptr);
    SessionTest::TearDown();
  }
  CountingGate gate_;
};

TEST_P(WriteGateTest, IsEnteredForAWriteAndLeftAfterIt) {
  ASSERT_OK(Run("select * from contract_t"));
  EXPECT_EQ(gate_.entered, 0) << "a reader needs no turn";
  ASSERT_OK(Run("insert into contract_t values (1)"));
  EXPECT_GE(gate_.entered, 1);
  EXPECT_FALSE(gate_.inside);
}

TEST_P(WriteGateTest, IsHeldUntilTheTransactionIsOver) {
  ASSERT_OK(Run(driver_->BeginSql({})));
  EXPECT_TRUE(gate_.inside);
  ASSERT_OK(Run("insert into contract_t values (1)"));
  EXPECT_CODE(Run("selec 1"), DBPOOL_ERR_SQL);
  EXPECT_TRUE(gate_.inside);
  ASSERT_OK(Run("commit"));
  EXPECT_FALSE(gate_.inside);
  ASSERT_OK(Run(driver_->BeginSql({})));
  ASSERT_OK(Reset(*conn_, ResetMode::kRollback));
  EXPECT_FALSE(gate_.inside);
}

TEST_P(WriteGateTest, IsLeftAfterAWriteThatFails) {
  EXPECT_CODE(Run("insert into contract_t values (1); insert into contract_missing values (1)"),
              DBPOOL_ERR_SQL);
  EXPECT_FALSE(gate_.inside);
}

TEST_P(WriteGateTest, IsNotNeededByATransactionThatOnlyReads) {
  dbpool_tx_options options = {};
  options.flags = DBPOOL_TX_READ_ONLY;
  ASSERT_OK(Run(driver_->BeginSql(options)));
  EXPECT_EQ(CountRows(), 0);
  EXPECT_EQ(gate_.entered, 0);
  ASSERT_OK(Run("rollback"));
}

TEST_P(WriteGateTest, IsWaitedForWithoutBlockingAndTheWriteGoesOnWhereItStopped) {
  gate_.open = false;
  conn_->StartQuery({.sql = "select 1; insert into contract_t values (1); insert into contract_t values (2)"},
                    Deadline::After(kGenerous));
  EXPECT_EQ(conn_->Step(), Want::kTurn);
  EXPECT_EQ(conn_->Step(), Want::kTurn) << "asked again";
  EXPECT_TRUE(gate_.queued);
  gate_.open = true;
  ASSERT_EQ(conn_->Step(), Want::kDone);
  std::unique_ptr<Rows> rows;
  EXPECT_OK(conn_->Finish(&rows));
  ASSERT_TRUE(rows && (rows = rows->TakeNext()) && (rows = rows->TakeNext()));
  EXPECT_FALSE(rows->TakeNext());
  EXPECT_FALSE(gate_.inside);
  EXPECT_EQ(CountRows(), 2);
}

TEST_P(WriteGateTest, ACancelEndsTheWaitForItAndLeavesTheQueue) {
  gate_.open = false;
  conn_->StartQuery({.sql = "insert into contract_t values (1)"}, Deadline::After(kGenerous));
  ASSERT_EQ(conn_->Step(), Want::kTurn);
  conn_->canceller()->Cancel();
  ASSERT_EQ(conn_->Step(), Want::kDone);
  const Status status = conn_->Finish(nullptr);
  EXPECT_CODE(status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_NOT_SENT));
  EXPECT_FALSE(gate_.queued);
  gate_.open = true;
  EXPECT_EQ(CountRows(), 0);
  EXPECT_OK(Run("insert into contract_t values (1)"));
}

TEST_P(WriteGateTest, ACancelThatComesJustBeforeTheQueueIsNotLost) {
  gate_.open = false;
  gate_.asked = [&] { conn_->canceller()->Cancel(); };
  conn_->StartQuery({.sql = "insert into contract_t values (1)"}, Deadline::Never());
  ASSERT_EQ(conn_->Step(), Want::kDone);
  EXPECT_CODE(conn_->Finish(nullptr), DBPOOL_ERR_CANCELLED);
  EXPECT_FALSE(gate_.queued);
}

TEST_P(WriteGateTest, InATransactionThatGetsNoTurnNothingIsWrittenAndItStaysOpen) {
  ASSERT_OK(Run("begin"));
  gate_.open = false;
  conn_->StartQuery({.sql = "insert into contract_t values (1)"}, Deadline::After(kGenerous));
  ASSERT_EQ(conn_->Step(), Want::kTurn);
  conn_->canceller()->Cancel();
  ASSERT_EQ(conn_->Step(), Want::kDone);
  EXPECT_CODE(conn_->Finish(nullptr), DBPOOL_ERR_CANCELLED);
  EXPECT_FALSE(gate_.queued);
  EXPECT_EQ(conn_->tx_state(), TxState::kOpen);
  ASSERT_OK(Run("rollback"));
}

TEST_P(WriteGateTest, IsLeftWhenTheConnectionGoes) {
  ASSERT_OK(Run(driver_->BeginSql({})));
  EXPECT_TRUE(gate_.inside);
  conn_.reset();
  EXPECT_FALSE(gate_.inside);
}

/// What only PostgreSQL keeps in a session, by the words that leave it there.
class DirtTest : public SessionTest {
 protected:
  void ExpectCleaned(const std::string& dirty, const std::string& look) {
    for (const ResetMode mode : {ResetMode::kSmart, ResetMode::kFull}) {
      const std::string before = Row(look)[0].text;
      ASSERT_OK(Run(dirty)) << dirty;
      EXPECT_NE(Row(look)[0].text, before) << dirty << " leaves no trace to be cleaned";
      ASSERT_TRUE(conn_->NeedsReset(mode)) << dirty;
      ASSERT_OK(Reset(*conn_, mode));
      EXPECT_EQ(Row(look)[0].text, before) << dirty;
      EXPECT_FALSE(conn_->NeedsReset(ResetMode::kSmart));
    }
  }
};

TEST_P(DirtTest, SettingsReturnToTheirDefaults) {
  ExpectCleaned("set work_mem = '1234kB'", "show work_mem");
  ExpectCleaned("select set_config('work_mem', '1234kB', false)", "show work_mem");
  ExpectCleaned("select 1; set search_path = pg_catalog", "show search_path");
  ExpectCleaned("set session characteristics as transaction read only",
                "show default_transaction_read_only");
}

TEST_P(DirtTest, SettingsOfThePoolSurvive) {
  Reopen([](Config& config) {
    config.application_name = "contract";
    config.search_path = "pg_catalog";
    config.init_sql = "set work_mem = '4321kB'";
  });
  for (const ResetMode mode : {ResetMode::kSmart, ResetMode::kFull}) {
    ASSERT_OK(
        Run("set work_mem = '1MB'; set search_path = public; set application_name = 'other'"));
    ASSERT_OK(Reset(*conn_, mode));
    EXPECT_EQ(Row("show work_mem")[0].text, "4321kB");
    EXPECT_EQ(Row("show search_path")[0].text, "pg_catalog");
    EXPECT_EQ(Row("show application_name")[0].text, "contract");
  }
}

TEST_P(DirtTest, LocksChannelsCursorsAndStatementsGo) {
  ExpectCleaned(
      "select pg_advisory_lock(4711)",
      "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()");
  ExpectCleaned("listen a_channel", "select count(*) from pg_listening_channels()");
  ExpectCleaned("declare a_cursor cursor with hold for select 1",
                "select count(*) from pg_cursors where is_holdable");
  ExpectCleaned("prepare by_hand as select 1",
                "select count(*) from pg_prepared_statements where name = 'by_hand'");
  ExpectCleaned("do $$ begin perform set_config('work_mem', '1234kB', false); end $$",
                "show work_mem");
}

INSTANTIATE_TEST_SUITE_P(All, DirtTest, testing::Values(Postgres()), NameOf);

class CopyTest : public SessionTest {};

TEST_P(CopyTest, IsRefusedAndNeverHangs) {
  MakeTable();
  for (const char* sql : {"copy contract_t from stdin", "copy contract_t to stdout",
                          "select 1; copy contract_t to stdout"}) {
    EXPECT_CODE(Run(sql), DBPOOL_ERR_UNSUPPORTED) << sql;
    if (conn_->broken()) conn_ = Connect();
    ExpectUsable();
  }
}

INSTANTIATE_TEST_SUITE_P(All, CopyTest, testing::Values(Postgres()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, SessionTest,
                         testing::Values(SqliteFile(), SqliteMemory(), Postgres()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, ReadOnlyTest, testing::Values(SqliteFile(), SqliteMemory()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, WriteGateTest, testing::Values(SqliteFile(), SqliteMemory()), NameOf);

}  // namespace
}  // namespace dbp::contract
