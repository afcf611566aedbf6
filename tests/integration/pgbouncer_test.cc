#include "tests/integration/one_shots.h"
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

// What is sent without waiting for answers: shared one-shots, pipelines, the promise to read.
class PgBouncerPipelines : public OneShots {
 protected:
  void Work(const Pool& pool) {
    for (int i = 0; i < 300; ++i) {
      Send(pool, i % 7 == 3 ? "SELECT 1 / ($1::int - $1::int)" : "SELECT $1::int", {Int(i)},
           {.flags = i % 2 ? uint32_t{DBPOOL_QUERY_READ_ONLY} : 0});
    }
    Shot& write = Send(pool, "CREATE TEMP TABLE bounced_temp (a int)", {}, {.flags = DBPOOL_QUERY_READ_ONLY});
    ASSERT_TRUE(AllAnswered());
    for (int i = 0; i < 300; ++i) {
      if (i % 7 == 3) {
        EXPECT_TRUE(Is(shots_[i].error, DBPOOL_ERR_SQL, "22012"));
      } else {
        EXPECT_EQ(shots_[i].value, std::to_string(i)) << shots_[i].error.Describe();
      }
    }
    EXPECT_EQ(write.error.code == DBPOOL_OK || write.error.sqlstate == "25006", true) << write.error.Describe();
    RunPipelines(pool);
  }
  static void RunPipelines(const Pool& pool) {
    OnThreads(3, [&pool](int) {
      dbpool_pipeline* pipeline = nullptr;
      ASSERT_EQ(dbpool_pipeline_create(0, &pipeline, nullptr), DBPOOL_OK);
      for (int i = 0; i < 30; ++i) {
        const dbpool_value value = Int(i);
        EXPECT_EQ(dbpool_pipeline_add(pipeline, "SELECT $1::int", DBPOOL_NTS, &value, 1, nullptr), DBPOOL_OK);
      }
      for (const uint32_t flags : {0, 2, 0, 2}) {
        Lease lease(pool);
        const dbpool_query_options how = {sizeof how, -1, flags};
        EXPECT_EQ(dbpool_pipeline_run(pipeline, lease.token(), &how, nullptr), DBPOOL_OK);
        for (int i = 0; i < 30; ++i) {
          abi::Result result;
          ASSERT_EQ(dbpool_pipeline_result(pipeline, static_cast<size_t>(i), result.out(), nullptr), DBPOOL_OK);
          EXPECT_EQ(result.Rows()[0][0], std::to_string(i));
        }
      }
      dbpool_pipeline_free(pipeline);
    });
  }
};
DBP_ON_BOTH_LOOPS(PgBouncerPipelines);

TEST_P(PgBouncerPipelines, WorkInSessionModeWithTheDefaults) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "session", "default_pool_size = 10");
  Pool pool(bouncer.url(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Work(pool);
}

TEST_P(PgBouncerPipelines, WorkInTransactionModeWithoutPreparedStatements) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "transaction", "default_pool_size = 2");
  Pool pool(bouncer.url(), {{"pool_size", "4"}, {"max_overflow", "0"}, {"prepare_threshold", "0"}, {"lock_timeout", "off"}});
  Work(pool);
}

}  // namespace
}  // namespace dbp
