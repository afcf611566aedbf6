#include "tests/integration/integration.h"
#include "tests/support/servers.h"

// Through PgBouncer. In session mode everything works with the defaults; in transaction mode, where
// each statement may meet another server session, statements must not be prepared by name.

namespace dbp {
namespace {

using abi::Int;
using abi::Is;
using abi::Lease;
using abi::Ok;
using abi::Pool;

#define NEEDS_PGBOUNCER() \
  if (!PgBouncer::Available()) GTEST_SKIP() << "PgBouncer is not installed here"

/// What programs do all day, on several threads, so that sessions behind PgBouncer are shared.
void Work(Pool& pool) {
  ASSERT_TRUE(pool);
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE IF NOT EXISTS bounced (n int); TRUNCATE bounced")));
  OnThreads(6, [&](int thread) {
    for (int i = 0; i < 40; ++i) {
      EXPECT_EQ(pool.Ask("SELECT $1::int + 1", {Int(i)}), std::to_string(i + 1));
      Lease lease(pool);
      ASSERT_TRUE(Ok(lease.Begin()));
      ASSERT_TRUE(Ok(lease.Run("INSERT INTO bounced VALUES ($1)", {Int(thread)})));
      ASSERT_EQ(lease.Ask("SELECT count(*) > 0 FROM bounced WHERE n = $1", {Int(thread)}), "true");
      ASSERT_TRUE(Ok(lease.Commit()));
    }
  });
  EXPECT_EQ(pool.Ask("SELECT count(*) FROM bounced"), "240");
  abi::Result result;
  ASSERT_TRUE(Ok(pool.Run("SELECT i FROM generate_series(1, 5000) i", {},
                          {.flags = DBPOOL_QUERY_STREAM}, &result)));
  EXPECT_EQ(result.Rows().size(), 5000u);
  EXPECT_TRUE(Is(pool.Run("SELECT pg_sleep(60)", {}, {.timeout_ms = 200}), DBPOOL_ERR_TIMEOUT));
  EXPECT_TRUE(Is(pool.Run("SELECT 1/0"), DBPOOL_ERR_SQL, "22012"));
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
}

TEST(PgBouncerSession, ModeWorksWithTheDefaults) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "session", "default_pool_size = 10");
  Pool pool(bouncer.url(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Work(pool);
  {
    Lease lease(pool);
    ASSERT_TRUE(Ok(lease.Run("SET work_mem = '9MB'")));
    EXPECT_EQ(lease.Ask("SHOW work_mem"), "9MB");
  }
  EXPECT_EQ(pool.Ask("SHOW work_mem"), "4MB");
}

TEST(PgBouncerTransaction, ModeWorksWithoutPreparedStatements) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "transaction", "default_pool_size = 2");
  Pool pool(bouncer.url(), {{"pool_size", "6"}, {"max_overflow", "0"}, {"prepare_threshold", "0"}});
  Work(pool);
}

TEST(PgBouncerTransaction, ModeTakesLockTimeoutOffForSettingsThatWouldStickToSharedSessions) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "transaction", "default_pool_size = 1");
  {
    Pool pool(bouncer.url(), {{"prepare_threshold", "0"}, {"lock_timeout", "off"}});
    EXPECT_EQ(pool.Ask("SHOW lock_timeout"), "0");
  }
}

}  // namespace
}  // namespace dbp
