#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.h"

namespace dbp::sqlite {
namespace {

using SqliteOpen = SqliteTest;

/// Root may do everything, so permissions are tried as somebody else.
class AsNobody {
 public:
  AsNobody() { done_ = geteuid() != 0 || seteuid(65534) == 0; }
  ~AsNobody() {
    if (geteuid() != getuid() && seteuid(getuid()) != 0) std::abort();
  }
  bool done() const { return done_; }

 private:
  bool done_;
};

void ExpectConnectError(const Status& status, std::string_view path, std::string_view advice) {
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_NE(status.message().find(path), std::string::npos) << Describe(status);
  EXPECT_NE(status.message().find(advice), std::string::npos) << Describe(status);
  ASSERT_NE(status.info(), nullptr);
  EXPECT_EQ(status.info()->phase, DBPOOL_PHASE_CONNECT);
}

TEST_F(SqliteOpen, MakesTheFileAndSetsWal) {
  auto c = Connect();
  EXPECT_EQ(Ask(*c, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Ask(*c, "PRAGMA foreign_keys"), "1");
  EXPECT_EQ(Ask(*c, "PRAGMA synchronous"), "1");
}

TEST_F(SqliteOpen, SaysThatAFileIsMissing) {
  config_.sqlite.mode = SqliteMode::kReadWrite;
  ExpectConnectError(TryConnect(), config_.sqlite.path, "does not exist");
  config_.sqlite.mode = SqliteMode::kReadOnly;
  ExpectConnectError(TryConnect(), config_.sqlite.path, "mode=rwc");
}

TEST_F(SqliteOpen, SaysThatTheDirectoryIsMissing) {
  config_.sqlite.path = dir_.File("no/such/file.db");
  ExpectConnectError(TryConnect(), dir_.File("no/such"), "create it first");
}

TEST_F(SqliteOpen, SaysThatItIsADirectory) {
  config_.sqlite.path = dir_.path();
  ExpectConnectError(TryConnect(), dir_.path(), "is a directory");
}

TEST_F(SqliteOpen, SaysThatItIsNotADatabase) {
  std::ofstream(config_.sqlite.path) << std::string(5000, 'x');
  ExpectConnectError(TryConnect(), config_.sqlite.path, "not an SQLite database");
}

TEST_F(SqliteOpen, SaysThatTheFileMayNotBeWritten) {
  { auto made = Connect(); }
  std::filesystem::permissions(dir_.path(), std::filesystem::perms::all);
  ASSERT_EQ(chmod(config_.sqlite.path.c_str(), 0444), 0);
  const AsNobody nobody;
  if (!nobody.done()) GTEST_SKIP() << "cannot become another user";
  ExpectConnectError(TryConnect(), config_.sqlite.path, "mode=ro");
}

TEST_F(SqliteOpen, SaysThatTheDirectoryMayNotBeWritten) {
  ASSERT_EQ(chmod(dir_.path().c_str(), 0555), 0);
  const AsNobody nobody;
  if (!nobody.done()) GTEST_SKIP() << "cannot become another user";
  ExpectConnectError(TryConnect(), config_.sqlite.path, "write permission");
}

TEST_F(SqliteOpen, ReadOnlyReadsAndDoesNotWrite) {
  ASSERT_OK(Run(*Connect(), "CREATE TABLE t(a)"));
  config_.sqlite.mode = SqliteMode::kReadOnly;
  driver_.reset();
  auto c = Connect();
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM t"), "0");
  EXPECT_EQ(Run(*c, "INSERT INTO t VALUES (1)").sqlstate(), "25006");
}

TEST_F(SqliteOpen, LeavesWalToAReadOnlyConnectionAsItIs) {
  config_.sqlite.journal_mode = "delete";
  ASSERT_OK(Run(*Connect(), "CREATE TABLE t(a)"));
  config_.sqlite.journal_mode = "wal";
  config_.sqlite.mode = SqliteMode::kReadOnly;
  driver_.reset();
  EXPECT_EQ(Ask(*Connect(), "PRAGMA journal_mode"), "delete");
}

// SQLite itself gives up at once where a writer is in the way of the switch, 40001.
TEST_F(SqliteOpen, WaitsForAWriterBeforeItSwitchesToWal) {
  config_.sqlite.journal_mode = "delete";
  auto writer = Connect();
  ASSERT_OK(Run(*writer, "CREATE TABLE t(a)"));
  ASSERT_OK(Run(*writer, "BEGIN IMMEDIATE"));
  config_.sqlite.journal_mode = "wal";
  config_.lock_timeout = 20 * kMillisecond;
  const Status status = TryConnect();
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_EQ(status.sqlstate(), "55P03");
  ASSERT_OK(Run(*writer, "COMMIT"));
  EXPECT_OK(TryConnect());
}

TEST_F(SqliteOpen, APathIsNeverAUri) {
  config_.sqlite.path = dir_.File("file:x?mode=memory");
  ASSERT_OK(Run(*Connect(), "CREATE TABLE t(a)"));
  EXPECT_TRUE(std::filesystem::exists(config_.sqlite.path));
}

TEST_F(SqliteOpen, RunsInitSqlAndCountsItAsClean) {
  config_.init_sql = "PRAGMA cache_size = 77; CREATE TABLE IF NOT EXISTS seen(a)";
  auto c = Connect();
  EXPECT_EQ(Ask(*c, "PRAGMA cache_size"), "77");
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
}

TEST_F(SqliteOpen, RefusesInitSqlThatFails) {
  config_.init_sql = "SELECT absent";
  const Status status = TryConnect();
  EXPECT_CODE(status, DBPOOL_ERR_CONNECT);
  EXPECT_EQ(status.sqlstate(), "42703");
}

TEST_F(SqliteOpen, RefusesInitSqlThatLeavesATransactionOpen) {
  config_.init_sql = "BEGIN";
  EXPECT_CODE(TryConnect(), DBPOOL_ERR_CONNECT);
}

TEST_F(SqliteOpen, InitSqlEndsAtTheDeadline) {
  config_.init_sql = Numbers(1'000'000'000'000);
  std::unique_ptr<Driver> driver;
  ASSERT_OK(MakeSqliteDriver(config_, &driver));
  std::unique_ptr<Connection> c;
  EXPECT_CODE(driver->Connect(Deadline::After(20 * kMillisecond), nullptr, &c), DBPOOL_ERR_TIMEOUT);
}

TEST_F(SqliteOpen, MemoryIsOneDatabaseForAllConnectionsOfADriver) {
  config_.sqlite.memory = true;
  { ASSERT_OK(Run(*Connect(), "CREATE TABLE t AS SELECT 7 AS a")); }
  EXPECT_EQ(Ask(*Connect(), "SELECT a FROM t"), "7");
  driver_.reset();
  EXPECT_EQ(Run(*Connect(), "SELECT a FROM t").sqlstate(), "42P01");
}

TEST_F(SqliteOpen, TellsWhatItIs) {
  ServerInfo info;
  ASSERT_OK(Connect()->Inspect(Deadline::Never(), &info));
  EXPECT_EQ(info.product, "SQLite");
  EXPECT_EQ(info.database, config_.sqlite.path);
  EXPECT_FALSE(info.read_only);
}

}  // namespace
}  // namespace dbp::sqlite
