#include "tests/integration/one_shots.h"
#include "tests/support/servers.h"

// Through PgBouncer. Each statement may meet another server session, in transaction mode, and nobody tells us the
// mode: so with the defaults nothing is prepared by name, shared or set that rests on one session.

namespace dbp {
namespace {

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

TEST(PgBouncerTransaction, ModeWorksWithTheDefaults) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "transaction", "default_pool_size = 2");
  Pool pool(bouncer.url(), {{"pool_size", "6"}, {"max_overflow", "0"}});
  Work(pool);
}

TEST(PgBouncerTransaction, ModeHasNoSettingOfOursOnItsSharedSessionsUnlessAskedFor) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "transaction", "default_pool_size = 1");
  for (const char* reset : {"smart", "full"}) {
    Pool pool(bouncer.url(), {{"reset", reset}, {"pool_size", "1"}});
    EXPECT_EQ(pool.Ask("SHOW lock_timeout"), "0");
    EXPECT_EQ(pool.Ask("SHOW lock_timeout"), "0") << "after a reset";
  }
  Pool asked(bouncer.url(), {{"lock_timeout", "7s"}});
  EXPECT_EQ(asked.Ask("SHOW lock_timeout"), "7s");
}

/// How many statements the session of the pool's only connection has by name after many uses of one.
std::string Prepared(const std::string& url, const abi::Settings& threshold) {
  abi::Settings settings = {{"pool_size", "1"}, {"max_overflow", "0"}};
  settings.insert(settings.end(), threshold.begin(), threshold.end());
  Pool pool(url, settings);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.Ask("SELECT $1::int", {Int(i)}), std::to_string(i));
  return pool.Ask("SELECT count(*) FROM pg_prepared_statements");
}

TEST(PgBouncerSession, HasStatementsPreparedByNameIfAskedFor) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "session", "default_pool_size = 10");
  EXPECT_EQ(Prepared(PostgresTcpUrl(), {}), "1");
  EXPECT_EQ(Prepared(bouncer.url(), {}), "0");
  EXPECT_EQ(Prepared(bouncer.url(), {{"prepare_threshold", "2"}}), "1");
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
DBP_ON_EVERY_LOOP(PgBouncerPipelines);

TEST_P(PgBouncerPipelines, WorkInSessionModeWithTheDefaults) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "session", "default_pool_size = 10");
  Pool pool(bouncer.url(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Work(pool);
}

TEST_P(PgBouncerPipelines, WorkInSessionModeSharedAndPreparedIfAskedFor) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "session", "default_pool_size = 10");
  Pool pool(bouncer.url(), {{"pool_size", "4"}, {"max_overflow", "0"}, {"prepare_threshold", "2"}});
  Work(pool);
}

TEST_P(PgBouncerPipelines, WorkInTransactionModeWithTheDefaults) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "transaction", "default_pool_size = 2");
  Pool pool(bouncer.url(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Work(pool);
}

TEST_P(PgBouncerPipelines, ShareNoConnectionUnlessAskedFor) {
  NEEDS_PGBOUNCER();
  PgBouncer bouncer(PortOf(PostgresTcpUrl()), "session", "default_pool_size = 10");
  for (const bool asked : {false, true}) {
    abi::Settings settings = kOne;
    if (asked) settings.push_back({"prepare_threshold", "2"});
    Pool pool(bouncer.url(), settings);
    ExpectBehindALock(pool, asked, asked ? 0 : 20);
  }
}

}  // namespace
}  // namespace dbp
