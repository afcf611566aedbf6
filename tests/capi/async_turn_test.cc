#include "tests/capi/async.h"

// Calls on SQLite that wait for the writer's turn, or for a thread: they end when they shall, and nobody else
// waits for them.

namespace dbp::capi {
namespace {

class AsyncTurn : public Async {
 protected:
  static constexpr dbpool_acquire_options kWrite = {
      .struct_size = sizeof(dbpool_acquire_options), .timeout_ms = INT64_MAX, .access = DBPOOL_ACCESS_WRITE};

  dbpool_status AcquireForWriting(Answer& answer, dbpool_conn* now = nullptr, int64_t timeout_ms = INT64_MAX) {
    dbpool_acquire_options how = kWrite;
    how.timeout_ms = timeout_ms;
    dbpool_conn none = 0;
    return dbpool_acquire_with_async(writers_.get(), loop(), &how, Answer::OnAcquired, &answer, now ? now : &none,
                                     &answer.op, nullptr);
  }
  /// A lease that has the turn.
  dbpool_conn Writer() {
    dbpool_conn conn = 0;
    EXPECT_STATUS(dbpool_acquire_with(writers_.get(), &kWrite, &conn, nullptr), DBPOOL_OK);
    return conn;
  }
  void MakeTable() {
    const dbpool_conn conn = Borrow(writers_);
    EXPECT_STATUS(Execute(conn, "create table t(x)"), DBPOOL_OK);
    EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  }
  bool AwaitWriters(uint32_t n) {
    return Until([&] { return Stats(writers_).write_waiting == n; });
  }
  void ExpectAllBack() {
    EXPECT_TRUE(Until([&] { return Stats(writers_).leased == 0; }));
    EXPECT_EQ(Stats(writers_).write_waiting, 0u);
  }
  /// With as many statements that do not end as there are threads for them.
  void KeepThreadsBusy() { KeepThreadsBusy(loop()); }
  void KeepThreadsBusy(dbpool_loop* on) {
    for (Answer& answer : busy_) {
      leases_.push_back(Borrow(many_));
      StartEndless(on, leases_.back(), answer);
    }
    // What the loop does in its order: it has begun those before.
    const dbpool_conn conn = Borrow(pool_);
    Answer behind;
    ASSERT_STATUS(AcquireAsync(pool_, on, INT64_MAX, behind), DBPOOL_PENDING);
    ASSERT_STATUS(dbpool_op_cancel(behind.op), DBPOOL_OK);
    ASSERT_TRUE(Answered(behind));
    ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  }
  void TearDown() override {
    for (Answer& answer : busy_) {
      if (answer.op == 0) continue;
      (void)dbpool_op_cancel(answer.op);
      EXPECT_TRUE(Answered(answer));
    }
    for (dbpool_conn conn : leases_) EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  }

  const TempDir dir_;
  const std::string uri_ = "sqlite:" + dir_.File("x.db") + "?max_overflow=0&";
  Pool writers_ = MakePool(uri_ + "pool_size=3");
  Pool many_ = MakePool("sqlite::memory:?max_overflow=0&pool_size=12");
  Answer busy_[8];
  std::vector<dbpool_conn> leases_;
};
DBP_ON_EVERY_LOOP(AsyncTurn);

// ---- acquired for writing

TEST_P(AsyncTurn, ALeaseForWritingComesAtOnceIfTheTurnIsFree) {
  Answer answer;
  dbpool_conn conn = 0;
  ASSERT_STATUS(AcquireForWriting(answer, &conn), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncTurn, WhoWaitsForItIsServedInOrder) {
  const dbpool_conn writer = Writer();
  Answer first, second;
  ASSERT_STATUS(AcquireForWriting(first), DBPOOL_PENDING);
  ASSERT_STATUS(AcquireForWriting(second), DBPOOL_PENDING);
  ASSERT_TRUE(AwaitWriters(2));
  ASSERT_STATUS(dbpool_release(writer), DBPOOL_OK);
  ASSERT_TRUE(Answered(first));
  ASSERT_STATUS(first.status, DBPOOL_OK);
  EXPECT_EQ(second.calls(), 0);
  ASSERT_STATUS(dbpool_release(first.conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(second));
  ASSERT_STATUS(second.status, DBPOOL_OK);
  ASSERT_STATUS(dbpool_release(second.conn), DBPOOL_OK);
  ExpectAllBack();
}

TEST_P(AsyncTurn, AWaitForItEndsWithItsCancel) {
  const dbpool_conn writer = Writer();
  Answer waiter;
  ASSERT_STATUS(AcquireForWriting(waiter), DBPOOL_PENDING);
  ASSERT_TRUE(AwaitWriters(1));
  EXPECT_STATUS(dbpool_op_cancel(waiter.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(waiter));
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(waiter.flags & DBPOOL_FLAG_NOT_SENT);
  EXPECT_EQ(Stats(writers_).leased, 1u);
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
  ExpectAllBack();
}

TEST_P(AsyncTurn, AWaitForItEndsAtItsDeadline) {
  const dbpool_conn writer = Writer();
  Answer waiter;
  ASSERT_STATUS(AcquireForWriting(waiter, nullptr, 20), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(waiter));
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_NE(waiter.message.find("writer's turn"), std::string::npos) << waiter.message;
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
  ExpectAllBack();
}

TEST_P(AsyncTurn, AWaitForItEndsWithTheLoop) {
  if (shared()) GTEST_SKIP() << "the shared loop is not freed";
  const dbpool_conn writer = Writer();
  Answer waiter;
  ASSERT_STATUS(AcquireForWriting(waiter), DBPOOL_PENDING);
  ASSERT_TRUE(AwaitWriters(1));
  loop_.reset();
  EXPECT_EQ(waiter.calls(), 1);
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
  ExpectAllBack();
}

TEST_P(AsyncTurn, AWaitForItEndsWithThePool) {
  const dbpool_conn writer = Writer();
  Answer waiter, closed;
  ASSERT_STATUS(AcquireForWriting(waiter), DBPOOL_PENDING);
  ASSERT_TRUE(AwaitWriters(1));
  ASSERT_STATUS(dbpool_close_async(writers_.get(), loop(), INT64_MAX, Answer::OnDone, &closed, &closed.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(waiter));
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CLOSED);
  EXPECT_EQ(closed.calls(), 0) << "a lease is out";
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
  ASSERT_TRUE(Answered(closed));
  EXPECT_STATUS(closed.status, DBPOOL_OK);
}

// ---- a statement that writes

TEST_P(AsyncTurn, AStatementThatWaitsForItEndsWhenItShallAndIsNotSent) {
  MakeTable();
  const dbpool_conn writer = Writer(), late_conn = Borrow(writers_), cancelled_conn = Borrow(writers_);
  Answer late, cancelled;
  ASSERT_STATUS(QueryAsync(late_conn, loop(), "insert into t values (1)", late,
                           {.struct_size = sizeof(dbpool_query_options), .timeout_ms = 30}),
                DBPOOL_PENDING);
  ASSERT_STATUS(QueryAsync(cancelled_conn, loop(), "insert into t values (2)", cancelled), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(late));
  EXPECT_STATUS(late.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(late.flags, uint32_t{DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE});
  ASSERT_TRUE(AwaitWriters(1));
  EXPECT_STATUS(dbpool_op_cancel(cancelled.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(cancelled));
  EXPECT_STATUS(cancelled.status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(cancelled.flags & DBPOOL_FLAG_NOT_SENT);
  for (dbpool_conn conn : {writer, late_conn, cancelled_conn}) EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_EQ(Ask(writers_, "select count(*) from t"), "0");
  ExpectAllBack();
}

TEST_P(AsyncTurn, AStatementThatWaitsForItEndsWithTheLoop) {
  if (shared()) GTEST_SKIP() << "the shared loop is not freed";
  MakeTable();
  const dbpool_conn writer = Writer(), conn = Borrow(writers_);
  Answer waiter, begins;
  ASSERT_STATUS(QueryAsync(conn, loop(), "insert into t values (1)", waiter,
                           {.struct_size = sizeof(dbpool_query_options), .timeout_ms = INT64_MAX}),
                DBPOOL_PENDING);
  ASSERT_STATUS(QueryAsync(writers_, loop(), "insert into t values (1)", begins), DBPOOL_PENDING);
  ASSERT_TRUE(AwaitWriters(2));
  loop_.reset();
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(begins.status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(Execute(writer, "insert into t values (3)"), DBPOOL_OK);
  for (dbpool_conn each : {writer, conn}) EXPECT_STATUS(dbpool_release(each), DBPOOL_OK);
  ExpectAllBack();
}

TEST_P(AsyncTurn, WritersWaitInOrderAndEachWrites) {
  MakeTable();
  const Pool pool = MakePool(uri_ + "pool_size=40");
  const dbpool_conn writer = Borrow(pool);
  ASSERT_STATUS(Execute(writer, "begin immediate"), DBPOOL_OK);
  std::vector<std::unique_ptr<Answer>> answers;
  std::vector<dbpool_conn> leases;
  for (uint32_t i = 0; i < 30; ++i) {
    leases.push_back(Borrow(pool));
    ASSERT_STATUS(QueryAsync(leases.back(), loop(), "insert into t values (" + std::to_string(i) + ")",
                             *answers.emplace_back(std::make_unique<Answer>())),
                  DBPOOL_PENDING);
    ASSERT_TRUE(Until([&] { return Stats(pool).write_waiting == i + 1; })) << "no thread is needed to wait";
  }
  Answer ends;
  ASSERT_STATUS(QueryAsync(writer, loop(), "commit", ends), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(ends)) << "whoever is inside finds a thread";
  for (const auto& answer : answers) {
    ASSERT_TRUE(Answered(*answer));
    EXPECT_STATUS(answer->status, DBPOOL_OK) << answer->message;
  }
  EXPECT_EQ(Ask(writers_, "select group_concat(x) = (select group_concat(x) from (select x from t order by x)) from t"),
            "1");
  for (dbpool_conn conn : leases) EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
}

// ---- a statement for which there is no thread

TEST_P(AsyncTurn, AStatementThatWaitsForAThreadEndsAtItsDeadline) {
  KeepThreadsBusy();
  const dbpool_conn conn = Borrow(many_);
  Answer late;
  ASSERT_STATUS(QueryAsync(conn, loop(), "select 1", late,
                           {.struct_size = sizeof(dbpool_query_options), .timeout_ms = 100}),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(late));
  EXPECT_STATUS(late.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(late.flags, uint32_t{DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE});
  for (const Answer& answer : busy_) EXPECT_EQ(answer.calls(), 0);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncTurn, AStatementThatWaitsForAThreadEndsWithItsCancel) {
  KeepThreadsBusy();
  const dbpool_conn conn = Borrow(many_), other = Borrow(many_);
  Answer cancelled, pinged;
  ASSERT_STATUS(QueryAsync(conn, loop(), "select 1", cancelled), DBPOOL_PENDING);
  ASSERT_STATUS(dbpool_conn_ping_async(other, loop(), INT64_MAX, Answer::OnDone, &pinged, &pinged.op, nullptr),
                DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_op_cancel(cancelled.op), DBPOOL_OK);
  EXPECT_STATUS(dbpool_op_cancel(pinged.op), DBPOOL_OK);
  for (Answer* answer : {&cancelled, &pinged}) {
    ASSERT_TRUE(Answered(*answer));
    EXPECT_STATUS(answer->status, DBPOOL_ERR_CANCELLED);
    EXPECT_TRUE(answer->flags & DBPOOL_FLAG_NOT_SENT);
  }
  for (const Answer& answer : busy_) EXPECT_EQ(answer.calls(), 0);
  for (dbpool_conn each : {conn, other}) {
    EXPECT_EQ(Ask(each, "select 4"), "4");
    EXPECT_STATUS(dbpool_release(each), DBPOOL_OK);
  }
}

TEST_P(AsyncTurn, AFetchThatWaitsForAThreadEndsWithItsResult) {
  const dbpool_conn conn = Borrow(many_);
  Answer rows, fetch;
  ASSERT_STATUS(QueryAsync(conn, loop(), "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
                           rows, {.struct_size = sizeof(dbpool_query_options), .flags = DBPOOL_QUERY_STREAM}),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(rows));
  KeepThreadsBusy();
  dbpool_batch now = {.struct_size = sizeof now};
  dbpool_status status = DBPOOL_OK;
  while ((status = dbpool_result_fetch_async(rows.result, loop(), 0, Answer::OnRows, &fetch, &now, &fetch.op,
                                             nullptr)) == DBPOOL_OK) {
  }
  ASSERT_STATUS(status, DBPOOL_PENDING);
  dbpool_result_free(std::exchange(rows.result, nullptr));
  ASSERT_TRUE(Answered(fetch));
  EXPECT_STATUS(fetch.status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(Until([&] { return Ask(conn, "select 4") == "4"; })) << "once the result is gone";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncTurn, CallsThatWaitForAThreadEndWithTheLoop) {
  if (shared()) GTEST_SKIP() << "the shared loop is not freed";
  KeepThreadsBusy(nullptr);  // which stays, and so do they
  const dbpool_conn conn = Borrow(many_), other = Borrow(many_);
  dbpool_pipeline* pipeline = nullptr;
  ASSERT_STATUS(dbpool_pipeline_create(DBPOOL_PIPELINE_TRANSACTION, &pipeline, nullptr), DBPOOL_OK);
  ASSERT_STATUS(dbpool_pipeline_add(pipeline, "select 1", DBPOOL_NTS, nullptr, 0, nullptr), DBPOOL_OK);
  Answer begins, runs, query;
  ASSERT_STATUS(dbpool_conn_begin_async(conn, loop(), nullptr, Answer::OnDone, &begins, &begins.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_STATUS(dbpool_pipeline_run_async(pipeline, other, loop(), nullptr, Answer::OnDone, &runs, &runs.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_STATUS(QueryAsync(many_, loop(), "select 1", query), DBPOOL_PENDING);
  loop_.reset();
  for (const Answer* answer : {&begins, &runs, &query}) {
    EXPECT_EQ(answer->calls(), 1);
    EXPECT_STATUS(answer->status, DBPOOL_ERR_CANCELLED);
  }
  for (const Answer& answer : busy_) EXPECT_EQ(answer.calls(), 0);
  dbpool_pipeline_free(pipeline);
  for (dbpool_conn each : {conn, other}) {
    EXPECT_EQ(Ask(each, "select 4"), "4");
    EXPECT_STATUS(dbpool_release(each), DBPOOL_OK);
  }
}

TEST_P(AsyncTurn, WhatHasAThreadEndsWithTheLoopAndMayLeaveItToOneThatWaits) {
  if (shared()) GTEST_SKIP() << "the shared loop is not freed";
  KeepThreadsBusy();
  Answer waits;
  ASSERT_STATUS(QueryAsync(many_, loop(), "select 1", waits), DBPOOL_PENDING);
  loop_.reset();
  for (Answer& answer : busy_) {
    EXPECT_EQ(answer.calls(), 1);
    EXPECT_STATUS(answer.status, DBPOOL_ERR_CANCELLED);
    answer.op = 0;
  }
  EXPECT_EQ(waits.calls(), 1);
  EXPECT_TRUE(waits.status == DBPOOL_ERR_CANCELLED || waits.status == DBPOOL_OK) << dbpool_status_name(waits.status);
}

TEST_P(AsyncTurn, AnAcquireThatWaitsForAThreadEndsWhenItShall) {
  const Pool pool = MakePool("sqlite::memory:?max_overflow=0&pool_size=1&ping_after=0");
  KeepThreadsBusy();
  Answer late, cancelled;
  dbpool_conn now = 0;
  ASSERT_STATUS(dbpool_acquire_async(pool.get(), loop(), 60, Answer::OnAcquired, &late, &now, &late.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(late));
  EXPECT_STATUS(late.status, DBPOOL_ERR_TIMEOUT);
  ASSERT_STATUS(AcquireAsync(pool, loop(), INT64_MAX, cancelled), DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_op_cancel(cancelled.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(cancelled));
  EXPECT_STATUS(cancelled.status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(Until([&] { return Stats(pool).leased == 0; }));
  EXPECT_EQ(Stats(pool).open, 1u) << "nothing is wrong with the connection";
}

}  // namespace
}  // namespace dbp::capi
