#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "fixture.h"

namespace dbp::sqlite {
namespace {

using SqliteReset = SqliteTest;

/// Counts who asks for the turn.
class CountingGate : public WriteGate {
 public:
  bool Enter() override {
    ++entered;
    return true;
  }
  void Leave() override { ++left; }
  int entered = 0, left = 0;
};

TEST_F(SqliteReset, ReadingAndWritingLeaveNothingToReset) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  ASSERT_OK(Run(*c, "INSERT INTO t VALUES (1)"));
  ASSERT_OK(Run(*c, "PRAGMA table_info(t)"));
  ASSERT_OK(Run(*c, "SELECT * FROM pragma_table_info('t')"));
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
  EXPECT_TRUE(c->NeedsReset(ResetMode::kFull));
}

TEST_F(SqliteReset, RollsBackAnOpenTransaction) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  for (const ResetMode mode : {ResetMode::kRollback, ResetMode::kSmart, ResetMode::kFull}) {
    ASSERT_OK(Run(*c, "BEGIN; INSERT INTO t VALUES (1)"));
    EXPECT_EQ(c->tx_state(), TxState::kOpen);
    ASSERT_TRUE(c->NeedsReset(mode));
    EXPECT_FALSE(c->NeedsReset(ResetMode::kNone));
    ASSERT_OK(Reset(*c, mode));
    EXPECT_EQ(c->tx_state(), TxState::kNone);
    EXPECT_EQ(Ask(*c, "SELECT count(*) FROM t"), "0");
  }
}

TEST_F(SqliteReset, SmartUndoesWhatStaysInASession) {
  auto c = Connect();
  for (const char* sql : {"PRAGMA foreign_keys = off", "CREATE TEMP TABLE left_over(a)",
                          "ATTACH ':memory:' AS left_over",
                          "CREATE TEMP VIEW left_over AS SELECT 1", "PRAGMA query_only = on"}) {
    ASSERT_OK(Run(*c, sql));
    ASSERT_TRUE(c->NeedsReset(ResetMode::kSmart)) << sql;
    ASSERT_OK(Reset(*c, ResetMode::kSmart));
    EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
    EXPECT_EQ(Ask(*c, "PRAGMA foreign_keys"), "1");
    EXPECT_EQ(Ask(*c, "PRAGMA query_only"), "0");
    EXPECT_EQ(Ask(*c, "SELECT count(*) FROM pragma_database_list WHERE name = 'left_over'"), "0");
    EXPECT_EQ(Ask(*c, "SELECT count(*) FROM temp.sqlite_schema"), "0");
  }
}

TEST_F(SqliteReset, TheNativeHandleMakesItDirtyAndIsReplaced) {
  auto c = Connect();
  auto* db = static_cast<sqlite3*>(c->native());
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA cache_size = 3; BEGIN", nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_TRUE(c->NeedsReset(ResetMode::kSmart));
  ASSERT_OK(Reset(*c, ResetMode::kSmart));
  EXPECT_NE(Ask(*c, "PRAGMA cache_size"), "3");
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
}

TEST_F(SqliteReset, ADatabaseInMemorySurvivesAReset) {
  config_.sqlite.memory = true;
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t AS SELECT 1 AS a"));
  ASSERT_OK(Reset(*c, ResetMode::kFull));
  EXPECT_EQ(Ask(*c, "SELECT a FROM t"), "1");
}

TEST_F(SqliteReset, AFailureToOpenAnewBreaksTheConnection) {
  ASSERT_OK(TryConnect());
  config_.sqlite.mode = SqliteMode::kReadWrite;
  auto c = Connect();
  std::filesystem::remove(config_.sqlite.path);
  const Status status = Reset(*c, ResetMode::kFull);
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_TRUE(c->broken());
  EXPECT_CODE(Run(*c, "SELECT 1"), DBPOOL_ERR_BROKEN);
}

TEST_F(SqliteReset, PingFindsAFileThatWasRemoved) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  const auto ping = [&] {
    c->StartPing(Deadline::After(kGenerous));
    c->Step();
    return c->Finish(nullptr);
  };
  EXPECT_OK(ping());
  std::filesystem::remove(config_.sqlite.path);
  EXPECT_CODE(ping(), DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(c->broken());
}

TEST_F(SqliteReset, WritersAskForTheirTurnAndGiveItBack) {
  auto c = Connect();
  CountingGate gate;
  c->SetWriteGate(&gate);
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  EXPECT_EQ(gate.entered, 1);
  EXPECT_EQ(gate.left, 1);
  ASSERT_OK(Run(*c, "SELECT * FROM t"));
  ASSERT_OK(Run(*c, "BEGIN"));
  EXPECT_EQ(gate.entered, 1);
  ASSERT_OK(Run(*c, "INSERT INTO t VALUES (1)"));
  EXPECT_EQ(gate.entered, 2);
  EXPECT_EQ(gate.left, 1);
  ASSERT_OK(Run(*c, "COMMIT"));
  EXPECT_EQ(gate.left, 2);
  EXPECT_CODE(Run(*c, "INSERT INTO nowhere VALUES (1)"), DBPOOL_ERR_SQL);
  EXPECT_EQ(gate.left, gate.entered);
}

TEST_F(SqliteReset, AResetGivesTheTurnBack) {
  auto c = Connect();
  CountingGate gate;
  c->SetWriteGate(&gate);
  ASSERT_OK(Run(*c, "BEGIN IMMEDIATE"));
  EXPECT_EQ(gate.entered, 1);
  ASSERT_OK(Reset(*c, ResetMode::kSmart));
  EXPECT_EQ(gate.left, 1);
}

}  // namespace
}  // namespace dbp::sqlite
