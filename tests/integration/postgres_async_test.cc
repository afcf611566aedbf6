#include <atomic>
#include <memory>
#include <random>

#include "tests/integration/integration.h"
#include "tests/support/polled_host.h"

// Asynchronous calls on a real server: many at once, cancelled, late, cut off; each is answered once.

namespace dbp {
namespace {

/// What a callback was given.
struct Answer {
  ~Answer() { dbpool_result_free(result); }

  static void OnConn(void* self, dbpool_status status, dbpool_conn conn, dbpool_error* error) {
    static_cast<Answer*>(self)->conn = conn;
    static_cast<Answer*>(self)->Take(status, error);
  }
  static void OnResult(void* self, dbpool_status status, dbpool_result* result, dbpool_error* error) {
    static_cast<Answer*>(self)->result = result;
    static_cast<Answer*>(self)->Take(status, error);
  }
  static void OnRows(void* self, dbpool_status status, const dbpool_batch* batch, dbpool_error* error) {
    static_cast<Answer*>(self)->rows = batch->row_count;
    static_cast<Answer*>(self)->Take(status, error);
  }
  static void OnDone(void* self, dbpool_status status, dbpool_error* error) {
    static_cast<Answer*>(self)->Take(status, error);
  }
  void Take(dbpool_status status, dbpool_error* raw) {
    error = abi::Take(status, raw);
    if (then) then();
    ++calls;
  }
  /// The first cell as text, or the status.
  std::string Value() {
    if (error.code != DBPOOL_OK) return dbpool_status_name(error.code);
    dbpool_batch batch = {.struct_size = sizeof batch};
    if (dbpool_result_fetch(result, 1, &batch, nullptr) != DBPOOL_OK) return "(no row)";
    return abi::Format(batch.cells[0]);
  }

  std::atomic<int> calls{0};
  abi::Error error;
  dbpool_conn conn = 0;
  dbpool_result* result = nullptr;
  uint32_t rows = 0;
  dbpool_op op = 0;
  std::function<void()> then;
};
using Answers = std::vector<std::unique_ptr<Answer>>;

class PostgresAsync : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override { ASSERT_EQ(dbpool_loop_create(GetParam(), &loop_, nullptr), DBPOOL_OK); }
  void TearDown() override { FreeLoop(); }
  void FreeLoop() { dbpool_loop_free(std::exchange(loop_, nullptr)); }

  bool Until(const std::function<bool()>& condition) {
    return Await([&] {
      if (GetParam() != DBPOOL_LOOP_THREAD) host_.Turn(loop_);
      return condition();
    });
  }
  bool Answered(const Answer& answer) {
    return Until([&] { return answer.calls > 0; });
  }

  dbpool_status Query(const abi::Pool& pool, const std::string& sql, Answer& answer, abi::QueryHow how = {}) {
    const dbpool_query_options options = {
        .struct_size = sizeof options, .timeout_ms = how.timeout_ms, .flags = how.flags};
    return dbpool_query_async(pool.get(), loop_, sql.data(), sql.size(), nullptr, 0, &options, Answer::OnResult,
                              &answer, &answer.op, nullptr);
  }
  dbpool_status Query(const abi::Lease& lease, const std::string& sql, Answer& answer, abi::QueryHow how = {}) {
    const dbpool_query_options options = {
        .struct_size = sizeof options, .timeout_ms = how.timeout_ms, .flags = how.flags};
    return dbpool_conn_query_async(lease.token(), loop_, sql.data(), sql.size(), nullptr, 0, &options,
                                   Answer::OnResult, &answer, &answer.op, nullptr);
  }
  Answer& Next(Answers& answers) { return *answers.emplace_back(std::make_unique<Answer>()); }

  dbpool_loop* loop_ = nullptr;
  PolledHost host_;
};
DBP_ON_EVERY_LOOP(PostgresAsync);

TEST_P(PostgresAsync, AThousandOneShotsOnFourConnections) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Answers answers;
  for (int i = 0; i < 1'000; ++i) {
    const std::string sql = i % 7 == 3 ? "select 1 / 0" : "select " + std::to_string(i);
    ASSERT_EQ(Query(pool, sql, Next(answers)), DBPOOL_PENDING);
  }
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(Answered(*answers[i]));
    EXPECT_EQ(answers[i]->Value(), i % 7 == 3 ? "DBPOOL_ERR_SQL" : std::to_string(i));
    EXPECT_EQ(answers[i]->calls, 1);
  }
  EXPECT_LE(pool.Stats().open, 4u);
  EXPECT_TRUE(Until([&] { return pool.Stats().leased == 0; }));
}

TEST_P(PostgresAsync, AStatementOnALeaseIsSentBeforeTheLoopRuns) {
  abi::Pool pool(PostgresUrl()), other(PostgresUrl());
  const abi::Lease lease(pool);
  Answer answer;
  ASSERT_EQ(Query(lease, "select pg_advisory_lock(4712)", answer), DBPOOL_PENDING);
  const std::string held = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4712 and granted";
  EXPECT_TRUE(Await([&] { return other.Ask(held) == "1"; })) << "nobody has dispatched";
  ASSERT_TRUE(Answered(answer));
  EXPECT_EQ(answer.error.code, DBPOOL_OK);
}

TEST_P(PostgresAsync, WaitingForManyServersTakesNoThread) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "10"}, {"max_overflow", "0"}});
  const Stopwatch watch;
  Answers answers;
  for (int i = 0; i < 10; ++i) ASSERT_EQ(Query(pool, "select pg_sleep(0.3), 5", Next(answers)), DBPOOL_PENDING);
  for (const auto& answer : answers) ASSERT_TRUE(Answered(*answer));
  EXPECT_GE(watch.millis(), 300);
  for (const auto& answer : answers) EXPECT_EQ(answer->error.code, DBPOOL_OK) << answer->error.Describe();
}

TEST_P(PostgresAsync, ALateStatementIsCancelledAndTheLeaseGoesOn) {
  abi::Pool pool(PostgresUrl());
  int survived = 0;
  // On a busy machine the server may be too late with its answer to the cancel, and is given up.
  for (int round = 0; survived < 10 && round < 200; ++round) {
    const abi::Lease lease(pool);
    const std::string session = lease.Ask("select pg_backend_pid()");
    Answer late, next;
    ASSERT_EQ(Query(lease, "select pg_sleep(60)", late, {.timeout_ms = 20}), DBPOOL_PENDING);
    ASSERT_TRUE(Answered(late));
    ASSERT_EQ(late.error.code, DBPOOL_ERR_TIMEOUT);
    if (late.error.has(DBPOOL_FLAG_CONN_BROKEN)) continue;
    ASSERT_EQ(Query(lease, "select pg_backend_pid()", next), DBPOOL_PENDING);
    ASSERT_TRUE(Answered(next));
    EXPECT_EQ(next.Value(), session);
    ++survived;
  }
  EXPECT_EQ(survived, 10);
}

TEST_P(PostgresAsync, ACancelHitsItsOwnCallOnly) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  std::mt19937 random(17);
  const int rounds = kSanitized ? 20 : 100;
  int cancelled = 0;
  for (int round = 0; round < rounds; ++round) {
    Answers answers;
    for (int i = 0; i < 8; ++i) {
      ASSERT_EQ(Query(pool, "select " + std::to_string(i) + " from pg_sleep(0.002)", Next(answers)), DBPOOL_PENDING);
    }
    const uint32_t chosen = random() % 8;
    EXPECT_TRUE(Until([&] { return random() % 4 == 0; }));
    (void)dbpool_op_cancel(answers[chosen]->op);
    for (uint32_t i = 0; i < 8; ++i) {
      ASSERT_TRUE(Answered(*answers[i]));
      const std::string value = answers[i]->Value();
      if (i == chosen && value == "DBPOOL_ERR_CANCELLED") {
        ++cancelled;
      } else {
        EXPECT_EQ(value, std::to_string(i)) << "chosen: " << chosen << ", " << answers[i]->error.Describe();
      }
    }
  }
  EXPECT_GT(cancelled, 0);
}

TEST_P(PostgresAsync, ACancelThatComesBeforeItsStatementHasBegunIsSentAgain) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"query_timeout", "off"}});
  abi::Lease lease(pool);
  for (int i = 0; i < 50; ++i) {
    Answer answer;
    ASSERT_EQ(Query(lease, "select count(*) from (select pg_sleep(600)) s", answer), DBPOOL_PENDING);
    for (int spin = 0; spin < i; ++spin) (void)dbpool_loop_dispatch(loop_, 0);
    ASSERT_EQ(dbpool_op_cancel(answer.op), DBPOOL_OK);
    ASSERT_TRUE(Answered(answer)) << i;
    EXPECT_TRUE(Is(answer.error, DBPOOL_ERR_CANCELLED, "57014"));
  }
}

TEST_P(PostgresAsync, StreamsAreReadWithoutBlocking) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"max_overflow", "0"}});
  Answer opened;
  ASSERT_EQ(Query(pool, "select generate_series(1, 50000)", opened, {.flags = DBPOOL_QUERY_STREAM}), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(opened));
  ASSERT_EQ(opened.error.code, DBPOOL_OK) << opened.error.Describe();
  uint32_t rows = 0, later = 0;
  for (;;) {
    Answer fetched;
    dbpool_batch now = {.struct_size = sizeof now};
    dbpool_status status = dbpool_result_fetch_async(opened.result, loop_, 1'000, Answer::OnRows, &fetched, &now,
                                                     &fetched.op, nullptr);
    if (status == DBPOOL_PENDING) {
      ++later;
      ASSERT_TRUE(Answered(fetched));
      status = fetched.error.code;
    }
    if (status == DBPOOL_DONE) break;
    ASSERT_EQ(status, DBPOOL_OK);
    rows += now.row_count + fetched.rows;
  }
  EXPECT_EQ(rows, 50'000u);
  EXPECT_GT(later, 0u);
  EXPECT_TRUE(Until([&] { return pool.Stats().leased == 0; }));
}

TEST_P(PostgresAsync, AStreamFreedInTheMiddleIsCancelledInTheBackground) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}});
  Answer opened, after;
  ASSERT_EQ(Query(pool, "select generate_series(1, 100000000)", opened, {.flags = DBPOOL_QUERY_STREAM}),
            DBPOOL_PENDING);
  ASSERT_TRUE(Answered(opened));
  ASSERT_EQ(opened.error.code, DBPOOL_OK);
  dbpool_result_free(std::exchange(opened.result, nullptr));
  ASSERT_EQ(Query(pool, "select 9", after), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(after));
  EXPECT_EQ(after.Value(), "9");
}

TEST_P(PostgresAsync, AKilledServerProcessIsAnAnswer) {
  // Else who shares a victim's connection is lost with it.
  abi::Pool pool(PostgresUrl(), {{"pool_size", "4"}, {"max_overflow", "0"}, {"pipeline_depth", "off"}});
  abi::Pool killer(PostgresUrl());
  Answers answers;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(Query(pool, "select pg_sleep(60) /* async victim */", Next(answers)), DBPOOL_PENDING);
  }
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(Query(pool, "select 1", Next(answers)), DBPOOL_PENDING);
  }
  EXPECT_TRUE(Until([&] {
    killer.Run("select pg_terminate_backend(pid) from pg_stat_activity where query like '%async victim%' and "
               "pid <> pg_backend_pid()");
    return answers[0]->calls + answers[1]->calls + answers[2]->calls + answers[3]->calls == 4;
  }));
  for (int i = 0; i < 44; ++i) {
    ASSERT_TRUE(Answered(*answers[i]));
    EXPECT_EQ(answers[i]->Value(), i < 4 ? "DBPOOL_ERR_BROKEN" : "1") << answers[i]->error.Describe();
    EXPECT_EQ(answers[i]->calls, 1);
  }
}

TEST_P(PostgresAsync, AReadOnlyOneShotIsTriedAgainWhenItsConnectionIsLost) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"max_overflow", "0"}});
  abi::Pool killer(PostgresUrl());
  Answer answer;
  ASSERT_EQ(Query(pool, "select pg_sleep(0.5), 1 /* lost once */", answer, {.flags = DBPOOL_QUERY_READ_ONLY}),
            DBPOOL_PENDING);
  EXPECT_TRUE(Until([&] {
    return killer.Ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%lost once%' "
                      "and pid <> pg_backend_pid() and state = 'active'") == "1";
  }));
  ASSERT_TRUE(Answered(answer));
  EXPECT_EQ(answer.error.code, DBPOOL_OK) << answer.error.Describe();
}

TEST_P(PostgresAsync, TransactionsStepByStep) {
  abi::Pool pool(PostgresUrl());
  abi::Lease lease(pool);
  ASSERT_TRUE(abi::Ok(lease.Run("create temp table t(x int)")));
  const auto done = [&](auto start, dbpool_status wanted) {
    Answer answer;
    ASSERT_EQ(start(&answer), DBPOOL_PENDING);
    ASSERT_TRUE(Answered(answer));
    EXPECT_EQ(answer.error.code, wanted) << answer.error.Describe();
  };
  const auto begin = [&](Answer* a) {
    return dbpool_conn_begin_async(lease.token(), loop_, nullptr, Answer::OnDone, a, nullptr, nullptr);
  };
  const auto commit = [&](Answer* a) {
    return dbpool_conn_commit_async(lease.token(), loop_, Answer::OnDone, a, nullptr, nullptr);
  };
  const auto rollback = [&](Answer* a) {
    return dbpool_conn_rollback_async(lease.token(), loop_, Answer::OnDone, a, nullptr, nullptr);
  };
  done(begin, DBPOOL_OK);
  ASSERT_TRUE(abi::Ok(lease.Run("insert into t values (1)")));
  done(commit, DBPOOL_OK);
  done(begin, DBPOOL_OK);
  ASSERT_TRUE(abi::Ok(lease.Run("insert into t values (2)")));
  done(rollback, DBPOOL_OK);
  done(begin, DBPOOL_OK);
  EXPECT_EQ(lease.Run("select 1 / 0").code, DBPOOL_ERR_SQL);
  done(commit, DBPOOL_ERR_SQL);  // 25P02: it had failed
  EXPECT_EQ(lease.Ask("select string_agg(x::text, ',') from t"), "1");
}

TEST_P(PostgresAsync, ClosingThePoolAnswersEverythingThatIsPending) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Answers answers;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Query(pool, "select pg_sleep(60)", Next(answers)), DBPOOL_PENDING);
  ASSERT_TRUE(Until([&] { return pool.Stats().leased == 4; }));
  Answer closed;
  ASSERT_EQ(dbpool_close_async(pool.get(), loop_, 50, Answer::OnDone, &closed, nullptr, nullptr), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(closed));
  for (const auto& answer : answers) {
    ASSERT_TRUE(Answered(*answer));
    EXPECT_LT(answer->error.code, 0);
    EXPECT_EQ(answer->calls, 1);
  }
  EXPECT_TRUE(Until([&] { return pool.Stats().open == 0; }));
}

TEST_P(PostgresAsync, FreeingTheLoopAnswersEverythingThatIsPending) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "4"}, {"max_overflow", "0"}});
  Answers answers;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Query(pool, "select pg_sleep(60)", Next(answers)), DBPOOL_PENDING);
  ASSERT_TRUE(Until([&] { return pool.Stats().leased == 4; }));
  const Stopwatch watch;
  FreeLoop();
  EXPECT_LT(watch.ticks(), 20'000);
  for (const auto& answer : answers) {
    EXPECT_EQ(answer->calls, 1);
    EXPECT_EQ(answer->error.code, DBPOOL_ERR_CANCELLED) << answer->error.Describe();
  }
  EXPECT_EQ(pool.Ask("select 4"), "4") << "the pool stays as it is";
}

TEST_P(PostgresAsync, ALeaseMovesBetweenLoopsAndThreads) {
  abi::Pool pool(PostgresUrl());
  abi::Lease lease(pool);
  for (int i = 0; i < 50; ++i) {
    Answer mine, shared;
    ASSERT_EQ(Query(lease, "select 1", mine), DBPOOL_PENDING);
    ASSERT_TRUE(Answered(mine));
    EXPECT_EQ(mine.Value(), "1");
    EXPECT_EQ(lease.Ask("select 2"), "2");
    ASSERT_EQ(dbpool_conn_query_async(lease.token(), nullptr, "select 3", DBPOOL_NTS, nullptr, 0, nullptr,
                                      Answer::OnResult, &shared, nullptr, nullptr),
              DBPOOL_PENDING);
    ASSERT_TRUE(Answered(shared));
    EXPECT_EQ(shared.Value(), "3");
  }
}

TEST_P(PostgresAsync, ADirtyConnectionIsCleanedBeforeTheNextWaiterGetsIt) {
  abi::Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"reset", "full"}});
  abi::Lease lease(pool);
  ASSERT_TRUE(abi::Ok(lease.Run("set application_name = 'dirty'")));
  Answers answers;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Query(pool, i % 2 ? "set application_name = 'dirty'" : "select current_setting('application_name')",
                    Next(answers)),
              DBPOOL_PENDING);
  }
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Answered(*answers[i]));
    ASSERT_EQ(answers[i]->error.code, DBPOOL_OK) << answers[i]->error.Describe();
    if (i % 2 == 0) {
      EXPECT_NE(answers[i]->Value(), "dirty");
    }
  }
}

}  // namespace
}  // namespace dbp
