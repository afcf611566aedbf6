#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/integration/integration.h"

// Files that are missing, read-only, something else, or on a full disk.

namespace dbp {
namespace {

class SqliteFiles : public testing::Test {
 protected:
  void MakeDatabase() {
    Pool pool(url_);
    ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (x BLOB)")));
  }
  Error Open(const std::string& path, const abi::Settings& settings = {}) {
    Pool pool;
    const Stopwatch watch;
    Error error = pool.Create(SqliteUrl(path), settings);
    EXPECT_LT(watch.ticks(), 2000) << "what waiting does not mend is refused at once";
    return error;
  }

  TempDir dir_;
  const std::string file_ = dir_.File("data.db");
  const std::string url_ = SqliteUrl(file_);
};

TEST_F(SqliteFiles, AMissingFileIsNotCreatedByModeRw) {
  for (const char* mode : {"rw", "ro"}) {
    const Error error = Open(file_, {{"mode", mode}});
    EXPECT_TRUE(Is(error, DBPOOL_ERR_CONNECT)) << mode;
    EXPECT_NE(error.message.find(file_), std::string::npos) << error.message;
    EXPECT_FALSE(std::filesystem::exists(file_));
  }
}

TEST_F(SqliteFiles, AMissingDirectoryADirectoryAndNoDatabaseAreRefusedByName) {
  std::ofstream(dir_.File("text")) << std::string(4096, 'x');
  for (const std::string& path : {dir_.File("none/data.db"), dir_.path(), dir_.File("text")}) {
    const Error error = Open(path);
    EXPECT_TRUE(Is(error, DBPOOL_ERR_CONNECT)) << path;
    EXPECT_NE(error.message.find(path), std::string::npos) << error.message;
  }
}

TEST_F(SqliteFiles, AFileOpenedReadOnlyReadsAndRefusesToWrite) {
  MakeDatabase();
  Pool pool(url_, {{"mode", "ro"}});
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(Is(pool.Run("INSERT INTO t VALUES (1)"), DBPOOL_ERR_SQL, "25006"));
}

TEST_F(SqliteFiles, AReadOnlyFileIsRefusedOrReadButNeverWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write to read-only files";
  MakeDatabase();
  ASSERT_EQ(chmod(file_.c_str(), 0444), 0);
  ASSERT_EQ(chmod(dir_.path().c_str(), 0555), 0);
  Pool pool;
  const Error error = pool.Create(url_);
  if (error.ok()) {
    EXPECT_TRUE(Is(pool.Run("INSERT INTO t VALUES (1)"), DBPOOL_ERR_SQL, "25006"));
  } else {
    EXPECT_TRUE(Is(error, DBPOOL_ERR_CONNECT));
  }
  pool.Drop();
  chmod(dir_.path().c_str(), 0755);
}

/// Fills the database until it says no; the statement is refused, and what was there stays usable.
void FillUp(const Lease& lease) {
  Error error;
  for (int i = 0; i < 1000 && error.ok(); ++i) {
    error = lease.Run("INSERT INTO t VALUES (zeroblob(65536))");
  }
  EXPECT_TRUE(Is(error, DBPOOL_ERR_SQL, "53100"));
}

TEST_F(SqliteFiles, ADatabaseAtItsLargestSizeIsDiskFullAndGoesOnServing) {
  MakeDatabase();
  Pool pool(url_,
            {{"pool_size", "1"}, {"max_overflow", "0"}, {"init_sql", "PRAGMA max_page_count=64"}});
  {
    Lease lease(pool);
    FillUp(lease);
    EXPECT_TRUE(Ok(lease.Run("DELETE FROM t")));
  }
  EXPECT_TRUE(Ok(pool.Run("INSERT INTO t VALUES (1)")));
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM t"), "1");
}

TEST_F(SqliteFiles, AFullDiskIsToldAndThePoolGoesOnWhenThereIsRoomAgain) {
  const std::string disk = dir_.File("disk");
  ASSERT_EQ(mkdir(disk.c_str(), 0755), 0);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "needs root and the right to mount";
  }
  {
    std::ofstream(disk + "/ballast") << std::string(256 * 1024, 'x');
    Pool pool(SqliteUrl(disk + "/data.db"));
    EXPECT_TRUE(Ok(pool.Run("CREATE TABLE t (x BLOB)")));
    {
      Lease lease(pool);
      EXPECT_TRUE(Ok(lease.Begin()));
      FillUp(lease);
      EXPECT_EQ(lease.Ask("SELECT 1"), "1");
    }
    std::filesystem::remove(disk + "/ballast");
    EXPECT_TRUE(Ok(pool.Run("INSERT INTO t VALUES (zeroblob(1000))")));
    EXPECT_EQ(pool.Ask("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(pool.Stats().leased, 0u);
  }
  EXPECT_EQ(umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace dbp
