#include <dbpool/dbpool.h>

#include "tests/integration/one_shots.h"
#include "tests/support/tcp_proxy.h"

// How long one-shots that share connections wait and run, what becomes of a connection whose callers have left, and
// what the pool's figures say of it.

namespace dbp {
namespace {

class OneShotWaits : public OneShots {
 protected:
  std::string Sleeping() {
    return admin_->Ask("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(3600)%' "
                       "AND pid <> pg_backend_pid()");
  }
};
DBP_ON_EVERY_LOOP(OneShotWaits);

TEST_P(OneShotWaits, ATimeOutOfNoneIsNoneAndNotThePoolsDefaults) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"acquire_timeout", "50ms"}, {"query_timeout", "50ms"}});
  Lease lease(pool);
  Shot& patient = Send(pool, "SELECT count(*) FROM shot", {}, {.timeout_ms = INT64_MAX});
  Shot& other = Send(pool, "SELECT 1");
  EXPECT_TRUE(Until([&] { return other.calls == 1; }));
  EXPECT_TRUE(Is(other.error, DBPOOL_ERR_TIMEOUT));
  EXPECT_EQ(patient.calls, 0) << "it came before that one";
  Locked locked(*admin_);
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  EXPECT_TRUE(Until([&] { return Blocked() == "1"; }));
  Shot& behind = Send(pool, "SELECT 1");
  EXPECT_TRUE(Until([&] { return behind.calls == 1; }));
  EXPECT_TRUE(Is(behind.error, DBPOOL_ERR_TIMEOUT));
  EXPECT_EQ(patient.calls, 0);
  locked.Open();
  ASSERT_TRUE(AllAnswered());
  EXPECT_EQ(patient.value, "0");
}

TEST_P(OneShotWaits, WhoDoesNotWaitTakesAnIdleConnectionAllTheSame) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"acquire_timeout", "0"}});
  for (int i = 0; i < 20; ++i) {
    Shot& shot = Send(pool, "SELECT count(*) FROM shot");
    EXPECT_TRUE(Until([&] { return shot.calls == 1; }));
    EXPECT_TRUE(Ok(shot.error));
  }
}

TEST_P(OneShotWaits, AConnectionThatAllHaveLeftComesBackAndTheServerRunsNothingMoreForThem) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"query_timeout", "off"}, {"pipeline_depth", "64"}});
  for (int i = 0; i < 64; ++i) Send(pool, "SELECT pg_sleep(3600)");
  EXPECT_TRUE(Until([&] { return Sleeping() == "1"; }));
  for (const Shot& shot : shots_) dbpool_op_cancel(shot.op);
  ASSERT_TRUE(AllAnswered());
  for (const Shot& shot : shots_) EXPECT_TRUE(Is(shot.error, DBPOOL_ERR_CANCELLED));
  Shot& next = Send(pool, "SELECT 1", {}, {.timeout_ms = 10'000});
  EXPECT_TRUE(Until([&] { return next.calls == 1; }));
  EXPECT_TRUE(Ok(next.error));
  EXPECT_TRUE(Until([&] { return Sleeping() == "0"; }));
}

TEST_P(OneShotWaits, AConnectionComesBackTooWhenTheLastOneWaitedForIsAnsweredBeforeTheOthers) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"query_timeout", "off"}});
  Locked locked(*admin_);
  Shot& wanted = Send(pool, "SELECT count(*) FROM shot");
  EXPECT_TRUE(Until([&] { return Blocked() == "1"; }));
  Shot& left = Send(pool, "SELECT pg_sleep(3600)");
  Shot& sent = Send(pool, "SELECT 1", {}, {.timeout_ms = 50});
  EXPECT_TRUE(Until([&] { return sent.calls == 1; }));
  dbpool_op_cancel(left.op);
  EXPECT_TRUE(Until([&] { return left.calls == 1; }));
  locked.Open();
  ASSERT_TRUE(AllAnswered());
  EXPECT_TRUE(Ok(wanted.error));
  EXPECT_TRUE(AllReturned(pool));
  EXPECT_TRUE(Until([&] { return Sleeping() == "0"; }));
}

TEST_P(OneShotWaits, WhatWasNotSentToAConnectionThatStallsMovesOnWhenACallerLeaves) {
  TcpProxy proxy("127.0.0.1", PortOf(PostgresTcpUrl()));
  Pool pool(AtPort(PostgresTcpUrl(), proxy.port()), {{"pool_size", "1"}, {"max_overflow", "1"}, {"query_timeout", "off"}});
  EXPECT_EQ(pool.Ask("SELECT 1"), "1");
  {
    Lease both[] = {Lease(pool), Lease(pool)};
  }
  const std::string text(4'000'000, 'x');
  Lease other(pool);  // so that all take the same connection
  proxy.to_server().mode = TcpProxy::Mode::kStall;
  Shot& first = Send(pool, "SELECT length($1::text)", {abi::Text(text)});
  for (int i = 0; i < 8; ++i) Send(pool, "SELECT length($1::text) + $2::int", {abi::Text(text), Int(i)});
  EXPECT_TRUE(Until([&] { return pool.Stats().leased == 2 && pool.Stats().waiting == 0; })) << "all are given to it";
  Shot& last = shots_.back();
  dbpool_op_cancel(first.op);
  EXPECT_TRUE(Until([&] { return first.calls == 1; }));
  EXPECT_TRUE(Until([&] { return pool.Stats().waiting > 0; })) << "they wait for another connection";
  EXPECT_EQ(last.calls, 0);
  proxy.to_server().mode = TcpProxy::Mode::kPass;
  EXPECT_EQ(other.Release(), DBPOOL_OK);
  ASSERT_TRUE(AllAnswered());
  for (int i = 0; i < 8; ++i) EXPECT_EQ(shots_[i + 1].value, std::to_string(4'000'000 + i));
}

TEST_P(OneShotWaits, AreTriedOnceMoreIfTheirConnectionIsFoundLostBeforeAnythingIsSent) {
  // The hook spoils the next connection that is lent, so that the pool cannot know.
  static std::atomic<bool> spoil;
  dbpool_hooks hooks = {.struct_size = sizeof hooks};
  hooks.lent = [](void*, dbpool_conn conn) -> dbpool_status {
    if (spoil.exchange(false)) {
      const char* sql = "SELECT pg_terminate_backend(pg_backend_pid())";
      EXPECT_EQ(dbpool_conn_query(conn, sql, DBPOOL_NTS, nullptr, 0, nullptr, nullptr, nullptr), DBPOOL_ERR_BROKEN);
    }
    return DBPOOL_OK;
  };
  dbpool_options* options = dbpool_options_new();
  ASSERT_EQ(dbpool_options_set(options, "pool_size", "2", nullptr), DBPOOL_OK);
  ASSERT_EQ(dbpool_options_set_hooks(options, &hooks, nullptr), DBPOOL_OK);
  dbpool* raw = nullptr;
  ASSERT_EQ(dbpool_create(PostgresUrl().c_str(), options, &raw, nullptr), DBPOOL_OK);
  dbpool_options_free(options);
  for (const char* sql : {"INSERT INTO shot VALUES (1) RETURNING a", "SELECT 1 FROM pg_typeof(1), (SELECT set_config('a.b', '1', false)) b"}) {
    spoil = true;
    Shot& shot = shots_.emplace_back();
    ASSERT_EQ(dbpool_query_async(raw, loop_, sql, DBPOOL_NTS, nullptr, 0, nullptr, Shot::Callback, &shot, &shot.op, nullptr),
              DBPOOL_PENDING);
    EXPECT_TRUE(Until([&] { return shot.calls == 1; }));
    EXPECT_TRUE(Ok(shot.error)) << sql;
    EXPECT_EQ(shot.value, "1");
    EXPECT_FALSE(spoil);
  }
  dbpool_unref(raw);
}

TEST_P(OneShotWaits, ThatStreamHaveTheirTimeForEachFetchAnew) {
  Pool pool(PostgresUrl(), kOne);
  constexpr int64_t kLimit = 1'500;  // a row comes with the next one, which fills the buffer of the server
  constexpr uint32_t kRows = 9;      // all of them take longer
  const std::string sql = "SELECT repeat('x', 100000), pg_sleep(0.2) FROM generate_series(1, 9)";
  const dbpool_query_options how = {sizeof how, kLimit, DBPOOL_QUERY_STREAM};
  const auto read_all = [](dbpool_result* result) {
    dbpool_batch batch = {.struct_size = sizeof batch};
    uint32_t rows = 0;
    dbpool_status status;
    while ((status = dbpool_result_fetch(result, 1, &batch, nullptr)) == DBPOOL_OK) rows += batch.row_count;
    EXPECT_EQ(status, DBPOOL_DONE);
    dbpool_result_free(result);
    return rows;
  };
  dbpool_result* result = nullptr;
  ASSERT_EQ(dbpool_query(pool.get(), sql.data(), sql.size(), nullptr, 0, &how, &result, nullptr), DBPOOL_OK);
  EXPECT_EQ(read_all(result), kRows);
  struct Answer {
    std::atomic<bool> there{false};
    dbpool_result* result = nullptr;
  } answer;
  const auto keep = [](void* self, dbpool_status, dbpool_result* got, dbpool_error* error) {
    dbpool_error_free(error);
    static_cast<Answer*>(self)->result = got;
    static_cast<Answer*>(self)->there = true;
  };
  ASSERT_EQ(dbpool_query_async(pool.get(), loop_, sql.data(), sql.size(), nullptr, 0, &how, keep, &answer, nullptr, nullptr),
            DBPOOL_PENDING);
  ASSERT_TRUE(Until([&] { return answer.there.load(); }));
  ASSERT_NE(answer.result, nullptr);
  EXPECT_EQ(read_all(answer.result), kRows);
}

TEST_P(OneShotWaits, AreCountedAmongThoseWhoWaitAndAreRefused) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"max_waiters", "5"}});
  Lease lease(pool);
  for (int i = 0; i < 20; ++i) Send(pool, "SELECT 1", {}, {.timeout_ms = INT64_MAX});
  EXPECT_TRUE(Until([&] { return pool.Stats().refused == 15; }));
  EXPECT_EQ(pool.Stats().waiting, 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(shots_[i].calls, 0) << "the first come first";
  for (int i = 5; i < 20; ++i) {
    ASSERT_TRUE(Until([&] { return shots_[i].calls == 1; }));
    EXPECT_TRUE(Is(shots_[i].error, DBPOOL_ERR_FULL));
    EXPECT_NE(shots_[i].error.message.find("5 callers wait already"), std::string::npos) << shots_[i].error.message;
  }
  EXPECT_EQ(lease.Release(), DBPOOL_OK);
  ASSERT_TRUE(AllAnswered());
  EXPECT_TRUE(Until([&] { return pool.Stats().waiting == 0; }));
}

}  // namespace
}  // namespace dbp
