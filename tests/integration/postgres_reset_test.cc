#include "tests/integration/integration.h"
#include "tests/support/tcp_proxy.h"

// What a borrower leaves behind on a PostgreSQL session, the next one does not find.

namespace dbp {
namespace {

/// What a session is, in one line; the same before and after, whoever had it.
constexpr char kPortrait[] =
    "SELECT concat_ws('|', current_user, session_user, current_setting('search_path'), "
    "current_setting('work_mem'), current_setting('role'), current_setting('lock_timeout'), "
    "current_setting('TimeZone'), current_setting('application_name'), "
    "coalesce(current_setting('my.own', true), ''), "
    "(SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'), "
    "(SELECT count(*) FROM pg_listening_channels()), "
    "(SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'by_hand%'), "
    "(SELECT count(*) FROM pg_cursors WHERE name LIKE 'by_hand%'), "
    "to_regclass('pg_temp.by_hand'), current_setting('transaction_read_only'), "
    "current_setting('client_encoding'))";

struct Dirt {
  const char* what;
  std::vector<std::string> sql;
};

const Dirt kDirt[] = {
    {"SET", {"SET work_mem = '77MB'", "SET TimeZone = 'Asia/Tokyo'"}},
    {"a setting of one's own", {"SET my.own = 'x'"}},
    {"set_config", {"SELECT set_config('work_mem', '78MB', false)"}},
    {"application_name", {"SET application_name = 'another'"}},
    {"SET ROLE", {"SET ROLE dbpool"}},
    {"SET SESSION AUTHORIZATION", {"SET SESSION AUTHORIZATION dbpool"}},
    {"search_path", {"SET search_path = pg_catalog"}},
    {"a temporary table", {"CREATE TEMP TABLE by_hand (n int)"}},
    {"SELECT INTO TEMP", {"SELECT 1 AS n INTO TEMP by_hand"}},
    {"an advisory lock", {"SELECT pg_advisory_lock(4711)"}},
    {"LISTEN", {"LISTEN by_hand"}},
    {"PREPARE", {"PREPARE by_hand AS SELECT 1"}},
    {"an open transaction", {"BEGIN", "SET LOCAL work_mem = '79MB'"}},
    {"a read-only transaction", {"BEGIN READ ONLY", "SELECT 1"}},
    {"a read-only session", {"SET default_transaction_read_only = on"}},
    {"a cursor WITH HOLD", {"DECLARE by_hand CURSOR WITH HOLD FOR SELECT 1"}},
    {"a DO block", {"DO $$ BEGIN SET work_mem = '80MB'; END $$"}},
    {"several statements", {"SELECT 1; SET work_mem = '81MB'; LISTEN by_hand"}},
    {"client_encoding", {"SET client_encoding = 'LATIN1'"}},
};

class PostgresReset : public testing::TestWithParam<const char*> {
 protected:
  const abi::Settings settings_ = {
      {"pool_size", "1"}, {"max_overflow", "0"}, {"reset", GetParam()}};
};

TEST_P(PostgresReset, CleansWhateverTheBorrowerDid) {
  Pool pool(PostgresUrl(), settings_);
  const std::string clean = pool.Ask(kPortrait), pid = pool.Ask("SELECT pg_backend_pid()");
  for (const Dirt& dirt : kDirt) {
    SCOPED_TRACE(dirt.what);
    {
      Lease lease(pool);
      for (const std::string& sql : dirt.sql) ASSERT_TRUE(Ok(lease.Run(sql)));
    }
    EXPECT_EQ(pool.Ask(kPortrait), clean);
  }
  EXPECT_EQ(pool.Ask("SELECT pg_backend_pid()"), pid) << "by cleaning, not by replacing";
}

TEST_P(PostgresReset, CleansAFailedTransactionAndWhatFailedInIt) {
  Pool pool(PostgresUrl(), settings_);
  const std::string clean = pool.Ask(kPortrait);
  {
    Lease lease(pool);
    ASSERT_TRUE(Ok(lease.Begin()));
    ASSERT_TRUE(Ok(lease.Run("SET work_mem = '77MB'")));
    ASSERT_TRUE(Ok(lease.Run("CREATE TEMP TABLE by_hand (n int)")));
    EXPECT_TRUE(Is(lease.Run("SELECT 1/0"), DBPOOL_ERR_SQL, "22012"));
    EXPECT_TRUE(Is(lease.Run("SELECT 1"), DBPOOL_ERR_SQL, "25P02"));
  }
  EXPECT_EQ(pool.Ask(kPortrait), clean);
}

TEST_P(PostgresReset, ManyBorrowersInTurnFindTheSameSession) {
  Pool pool(PostgresUrl(), settings_);
  const std::string clean = pool.Ask(kPortrait);
  for (size_t i = 0; i < 200; ++i) {
    Lease lease(pool);
    ASSERT_EQ(lease.Ask(kPortrait), clean) << "after " << kDirt[(i + 18) % 19].what;
    for (const std::string& sql : kDirt[i % 19].sql) ASSERT_TRUE(Ok(lease.Run(sql)));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, PostgresReset, testing::Values("smart", "full"),
                         [](const auto& mode) { return std::string(mode.param); });

const Settings kOne = {{"pool_size", "1"}, {"max_overflow", "0"}};

TEST(PostgresResetCost, APlainLeaseCausesNoRoundTripForItsReset) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "1"}, {"max_overflow", "0"}});
  ASSERT_TRUE(Ok(pool.Run("CREATE TABLE plain (n int)")));
  const std::string insert = "INSERT INTO plain VALUES ($1)", select = "SELECT n FROM plain";
  for (const std::string& sql : {std::string("SELECT count(*) FROM plain"), select, insert}) {
    const abi::Params params = sql == insert ? abi::Params{abi::Int(1)} : abi::Params{};
    // First use, second use (prepared in the same round trip), and by name.
    for (int use = 1; use <= 5; ++use) {
      const int64_t before = proxy.to_server().bursts;
      {
        Lease lease(pool);
        ASSERT_TRUE(Ok(lease.Run(sql, params)));
      }
      Lease next(pool);  // would have to finish a reset
      EXPECT_EQ(proxy.to_server().bursts - before, 1) << sql << ", use " << use;
    }
  }
  EXPECT_EQ(pool.Stats().resets, 0u);
  EXPECT_TRUE(Ok(pool.Run("DROP TABLE plain")));
}

TEST(PostgresResetCost, ATransactionThatWasCommittedCausesNoReset) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}});
  for (int i = 0; i < 3; ++i) {
    Lease lease(pool);
    ASSERT_TRUE(Ok(lease.Begin()));
    ASSERT_TRUE(Ok(lease.Run("SELECT 1")));
    ASSERT_TRUE(Ok(lease.Commit()));
  }
  EXPECT_EQ(pool.Stats().resets, 0u);
}

TEST(PostgresResetCost, AnswersAreReadBeforeTheNextStatementAfterAStreamWasLeftOpen) {
  Pool pool(PostgresUrl(), kOne);
  for (int i = 0; i < 10; ++i) {
    {
      abi::Result stream;
      Lease lease(pool);
      ASSERT_TRUE(Ok(lease.Begin()));
      ASSERT_TRUE(Ok(lease.Run("SELECT generate_series(1, 1000000)", {}, {.flags = DBPOOL_QUERY_STREAM}, &stream)));
    }
    ASSERT_TRUE(Await([&] { return pool.Stats().idle == 1; }));
    Lease lease(pool);
    ASSERT_EQ(lease.Ask("SELECT 1"), "1");
  }
  EXPECT_EQ(pool.Stats().closed, 0u);
}

TEST(PostgresResetCost, InitSqlGoesOutAtReleaseAsWell) {
  Settings settings = kOne;
  settings.insert(settings.end(), {{"init_sql", "SET work_mem = '99MB'"}, {"reset_timeout", "400ms"}});
  Pool pool(PostgresUrl(), settings);
  for (int i = 0; i < 3; ++i) {
    {
      Lease lease(pool);
      ASSERT_TRUE(Ok(lease.Run("SET work_mem = '1MB'")));
    }
    // Nobody comes before the keeper looks at the answer, which is there long since.
    const uint64_t looked = pool.Stats().pings;
    ASSERT_TRUE(Await([&] { return pool.Stats().pings > looked || pool.Stats().closed > 0; }));
  }
  EXPECT_EQ(pool.Stats().closed, 0u);
  EXPECT_EQ(pool.Ask("SHOW work_mem"), "99MB");
}

TEST(PostgresResetCost, InitSqlHoldsForEveryBorrower) {
  Pool pool(PostgresUrl(),
            {{"pool_size", "1"}, {"max_overflow", "0"}, {"init_sql", "SET work_mem = '99MB'"}});
  {
    Lease lease(pool);
    EXPECT_EQ(lease.Ask("SHOW work_mem"), "99MB");
    ASSERT_TRUE(Ok(lease.Run("SET work_mem = '1MB'")));
  }
  EXPECT_EQ(pool.Ask("SHOW work_mem"), "99MB");
}

}  // namespace
}  // namespace dbp
