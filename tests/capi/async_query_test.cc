#include <memory>

#include "tests/capi/async.h"

// Statements on a loop: of a lease, and one-shots.

namespace dbp::capi {
namespace {

class AsyncQuery : public Async {};
DBP_ON_EVERY_LOOP(AsyncQuery);

// ---- statements

TEST_P(AsyncQuery, AQueryOfALeaseAnswersWithItsRows) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  ASSERT_STATUS(QueryAsync(conn, loop(), "select 40 + 2", answer), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(answer));
  EXPECT_EQ(answer.value(), "42");
  EXPECT_GT(dbpool_result_elapsed_ns(answer.result), 0);
  EXPECT_EQ(answer.calls(), 1);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, ArgumentsNeedNotOutliveTheCall) {
  const dbpool_conn conn = Borrow(pool_);
  Answer on_lease, one_shot;
  std::string sql = "select $1 || ':' || hex($2) || ':' || $3 || ':' || ifnull($4, 'null')";
  std::string text = "some text", bytes("\0\1\2", 3);
  dbpool_value params[] = {
      {.data = text.data(), .size = static_cast<uint32_t>(text.size()), .type = DBPOOL_TEXT},
      {.data = bytes.data(), .size = static_cast<uint32_t>(bytes.size()), .type = DBPOOL_BYTES},
      {.type = DBPOOL_INT64, .num = {.i64 = 5}},
      {}};
  ASSERT_STATUS(dbpool_conn_query_async(conn, loop(), sql.data(), sql.size(), params, 4, nullptr,
                                        Answer::OnResult, &on_lease, nullptr, nullptr),
                DBPOOL_PENDING);
  ASSERT_STATUS(dbpool_query_async(pool_.get(), loop(), sql.data(), sql.size(), params, 4, nullptr,
                                   Answer::OnResult, &one_shot, nullptr, nullptr),
                DBPOOL_PENDING);
  sql.assign(sql.size(), '?');
  text.assign(text.size(), '?');
  bytes.assign(bytes.size(), '?');
  for (dbpool_value& param : params) param = {};
  ASSERT_TRUE(Answered(on_lease));
  EXPECT_EQ(on_lease.value(), "some text:000102:5:null");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(one_shot));
  EXPECT_EQ(one_shot.value(), "some text:000102:5:null");
}

TEST_P(AsyncQuery, AnErrorOfTheDatabaseComesWithTheCallback) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  ASSERT_STATUS(QueryAsync(conn, loop(), "selec 1", answer), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(answer));
  EXPECT_STATUS(answer.status, DBPOOL_ERR_SQL);
  EXPECT_NE(answer.message.find("selec"), std::string::npos);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, ALeaseWithACallUnderWayIsBusyForAllElse) {
  const dbpool_conn conn = Borrow(pool_);
  Answer running, refused;
  StartEndless(conn, running);
  EXPECT_STATUS(QueryAsync(conn, loop(), "select 1", refused), DBPOOL_ERR_BUSY);
  EXPECT_EQ(refused.op, 0u);
  EXPECT_STATUS(Execute(conn, "select 1"), DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_conn_commit_async(conn, loop(), Answer::OnDone, &refused, nullptr, nullptr),
                DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_conn_ping_async(conn, loop(), -1, Answer::OnDone, &refused, nullptr, nullptr),
                DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_op_cancel(running.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(running));
  EXPECT_EQ(refused.calls(), 0);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, AStatementTimesOutAndTheLeaseGoesOn) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  StartEndless(conn, answer, 30);
  ASSERT_TRUE(Answered(answer));
  EXPECT_STATUS(answer.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_TRUE(answer.flags & DBPOOL_FLAG_TIMEOUT);
  EXPECT_EQ(Ask(conn, "select 3"), "3");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, DescribeAndPing) {
  const dbpool_conn conn = Borrow(pool_);
  Answer described, pinged;
  ASSERT_STATUS(dbpool_conn_describe_async(conn, loop(), "select $1 as a, 2 as b", DBPOOL_NTS, Answer::OnResult,
                                           &described, nullptr, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(described));
  ASSERT_STATUS(described.status, DBPOOL_OK);
  const dbpool_column* columns = nullptr;
  ASSERT_EQ(dbpool_result_columns(described.result, &columns), 2u);
  EXPECT_STREQ(columns[1].name, "b");
  EXPECT_EQ(dbpool_result_params(described.result, nullptr), 1u);
  ASSERT_STATUS(dbpool_conn_ping_async(conn, loop(), -1, Answer::OnDone, &pinged, nullptr, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(pinged));
  EXPECT_STATUS(pinged.status, DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, ATransactionStepByStep) {
  const dbpool_conn conn = Borrow(pool_);
  ASSERT_STATUS(Execute(conn, "create table t(x)"), DBPOOL_OK);
  const auto call = [&](auto start) {
    Answer answer;
    EXPECT_STATUS(start(answer), DBPOOL_PENDING);
    EXPECT_TRUE(Answered(answer));
    return Named{answer.status};
  };
  const auto begin = [&](uint32_t flags) {
    return call([&](Answer& a) {
      const dbpool_tx_options how = {.struct_size = sizeof how, .flags = flags};
      return dbpool_conn_begin_async(conn, loop(), &how, Answer::OnDone, &a, nullptr, nullptr);
    });
  };
  const auto commit = [&] {
    return call([&](Answer& a) {
      return dbpool_conn_commit_async(conn, loop(), Answer::OnDone, &a, nullptr, nullptr);
    });
  };
  const auto rollback = [&] {
    return call([&](Answer& a) {
      return dbpool_conn_rollback_async(conn, loop(), Answer::OnDone, &a, nullptr, nullptr);
    });
  };
  EXPECT_EQ(commit(), Named{DBPOOL_ERR_SQL}) << "none is open";
  EXPECT_EQ(begin(0), Named{DBPOOL_OK});
  EXPECT_EQ(begin(0), Named{DBPOOL_ERR_SQL}) << "one is open already";
  ASSERT_STATUS(Execute(conn, "insert into t values (1)"), DBPOOL_OK);
  EXPECT_EQ(commit(), Named{DBPOOL_OK});
  EXPECT_EQ(begin(0), Named{DBPOOL_OK});
  ASSERT_STATUS(Execute(conn, "insert into t values (2)"), DBPOOL_OK);
  EXPECT_EQ(rollback(), Named{DBPOOL_OK});
  EXPECT_EQ(Ask(conn, "select group_concat(x) from t"), "1");
  EXPECT_EQ(begin(DBPOOL_TX_READ_ONLY), Named{DBPOOL_OK});
  EXPECT_STATUS(Execute(conn, "insert into t values (3)"), DBPOOL_ERR_SQL);
  EXPECT_EQ(rollback(), Named{DBPOOL_OK});
  EXPECT_STATUS(Execute(conn, "insert into t values (4)"), DBPOOL_OK) << "read-only ends with it";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, ASavepointUndoesWhatCameAfterIt) {
  const dbpool_conn conn = Borrow(pool_);
  const auto call = [&](auto* function, const char* name) {
    Answer answer;
    EXPECT_STATUS(function(conn, loop(), name, Answer::OnDone, &answer, nullptr, nullptr), DBPOOL_PENDING);
    EXPECT_TRUE(Answered(answer));
    return Named{answer.status};
  };
  ASSERT_STATUS(Execute(conn, "create table t(x)"), DBPOOL_OK);
  EXPECT_EQ(call(dbpool_conn_savepoint_async, "s"), Named{DBPOOL_ERR_SQL}) << "no transaction is open";
  ASSERT_STATUS(dbpool_conn_begin(conn, nullptr, nullptr), DBPOOL_OK);
  EXPECT_EQ(call(dbpool_conn_savepoint_async, "a \"b\""), Named{DBPOOL_OK});
  ASSERT_STATUS(Execute(conn, "insert into t values (1)"), DBPOOL_OK);
  EXPECT_EQ(call(dbpool_conn_rollback_to_async, "a \"b\""), Named{DBPOOL_OK});
  ASSERT_STATUS(Execute(conn, "insert into t values (2)"), DBPOOL_OK);
  EXPECT_EQ(call(dbpool_conn_release_savepoint_async, "a \"b\""), Named{DBPOOL_OK});
  EXPECT_EQ(call(dbpool_conn_rollback_to_async, "a \"b\""), Named{DBPOOL_ERR_SQL}) << "it is forgotten";
  ASSERT_STATUS(dbpool_conn_commit(conn, nullptr), DBPOOL_OK);
  EXPECT_EQ(Ask(conn, "select group_concat(x) from t"), "2");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncQuery, WritersOfManyLeasesDoNotStarveEachOther) {
  const TempDir dir;
  constexpr int kWriters = 24;  // more than threads that run statements
  const Pool pool = MakePool("sqlite:" + dir.File("x.db") + "?pool_size=24&max_overflow=0");
  ASSERT_EQ(Ask(pool, "create table t(x)"), "DBPOOL_DONE");
  struct Writer {
    dbpool_conn conn = 0;
    Answer begun, written, committed;
  };
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < kWriters; ++i) {
    Writer& writer = *writers.emplace_back(std::make_unique<Writer>());
    writer.conn = Borrow(pool);
    writer.written.then = [this, &writer](Answer&) {
      EXPECT_STATUS(dbpool_conn_commit_async(writer.conn, loop(), Answer::OnDone, &writer.committed, nullptr, nullptr),
                    DBPOOL_PENDING);
    };
    writer.begun.then = [this, &writer](Answer& mine) {
      ASSERT_STATUS(mine.status, DBPOOL_OK);
      EXPECT_STATUS(QueryAsync(writer.conn, loop(), "insert into t values (1)", writer.written), DBPOOL_PENDING);
    };
  }
  for (const auto& writer : writers) {
    ASSERT_STATUS(dbpool_conn_begin_async(writer->conn, loop(), nullptr, Answer::OnDone, &writer->begun, nullptr, nullptr),
                  DBPOOL_PENDING);
  }
  for (const auto& writer : writers) {
    ASSERT_TRUE(Answered(writer->committed));
    EXPECT_STATUS(writer->committed.status, DBPOOL_OK);
    EXPECT_STATUS(dbpool_release(writer->conn), DBPOOL_OK);
  }
  EXPECT_EQ(Ask(pool, "select count(*) from t"), "24");
}

// ---- one-shots

TEST_P(AsyncQuery, OneShotsShareAConnectionAndEachGetsItsOwnAnswer) {
  constexpr int kMany = kSanitized ? 100 : 1'000;
  std::vector<std::unique_ptr<Answer>> answers;
  for (int i = 0; i < kMany; ++i) {
    answers.push_back(std::make_unique<Answer>());
    const bool fails = i % 10 == 3;
    const std::string sql = fails ? "select no_such_column" : "select " + std::to_string(i);
    ASSERT_STATUS(QueryAsync(pool_, loop(), sql, *answers.back()), DBPOOL_PENDING);
  }
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(Answered(*answers[i]));
    EXPECT_EQ(answers[i]->value(), i % 10 == 3 ? "DBPOOL_ERR_SQL" : std::to_string(i));
    EXPECT_EQ(answers[i]->calls(), 1);
  }
  EXPECT_EQ(Stats(pool_).idle, 1u);
}

TEST_P(AsyncQuery, ATimeoutOfAOneShotCoversItsWaitForAConnection) {
  const dbpool_conn conn = Borrow(pool_);
  Answer waits, runs;
  const dbpool_query_options how = {.struct_size = sizeof how, .timeout_ms = 30};
  ASSERT_STATUS(QueryAsync(pool_, loop(), "select 1", waits, how), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(waits));
  EXPECT_STATUS(waits.status, DBPOOL_ERR_TIMEOUT);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_STATUS(QueryAsync(pool_, loop(), kEndless, runs, how), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(runs));
  EXPECT_STATUS(runs.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(Stats(pool_).idle, 1u);
}

TEST_P(AsyncQuery, OneShotsAreCancelledWaitingAndRunning) {
  Answer running, waiting;
  ASSERT_STATUS(QueryAsync(pool_, loop(), kEndless, running), DBPOOL_PENDING);
  ASSERT_TRUE(Until([&] { return Stats(pool_).leased == 1; }));
  ASSERT_STATUS(QueryAsync(pool_, loop(), "select 1", waiting), DBPOOL_PENDING);
  ASSERT_TRUE(Until([&] { return Stats(pool_).waiting == 1; }));
  EXPECT_STATUS(dbpool_op_cancel(waiting.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(waiting));
  EXPECT_STATUS(waiting.status, DBPOOL_ERR_CANCELLED);
  EXPECT_EQ(running.calls(), 0);
  EXPECT_STATUS(dbpool_op_cancel(running.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(running));
  EXPECT_STATUS(running.status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(Until([&] { return Stats(pool_).idle == 1; }));
}

}  // namespace
}  // namespace dbp::capi
