#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/integration.h"

// Processes that die while they write.

namespace dbp {
namespace {

#if !defined(__SANITIZE_THREAD__)  // a child that starts threads is not for TSan
TEST(SqliteCrash, AKilledWriterLeavesASoundDatabaseWithWholeTransactions) {
  TempDir dir;
  const std::string url = SqliteUrl(dir.File("data.db"));
  Pool pool(url);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE t (round INTEGER, half INTEGER, x BLOB)")));
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      Pool own;  // the parent's pool is of no use here
      if (!own.Create(url).ok()) _exit(1);
      for (int n = 0;; ++n) {
        const abi::Lease lease(own);
        const abi::Params params = {Int(round)};
        if (!lease.Begin().ok() ||
            !lease.Run("INSERT INTO t VALUES ($1, 1, zeroblob(3000))", params).ok() ||
            !lease.Run("INSERT INTO t VALUES ($1, 2, zeroblob(3000))", params).ok() ||
            !lease.Commit().ok()) {
          _exit(2);
        }
      }
    }
    ASSERT_TRUE(Await([&] {
      return pool.Ask("SELECT count(*) >= 20 FROM t WHERE round = $1", {Int(round)}) == "1";
    }));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << status;
    EXPECT_EQ(pool.Ask("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(pool.Ask("SELECT count(*) FILTER (WHERE half = 1) - "
                       "count(*) FILTER (WHERE half = 2) FROM t"),
              "0");
    EXPECT_TRUE(Ok(pool.Run("INSERT INTO t VALUES (-1, 1, NULL), (-1, 2, NULL)")));
  }
}
#endif

}  // namespace
}  // namespace dbp
