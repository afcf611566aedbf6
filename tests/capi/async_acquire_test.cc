#include <climits>
#include <random>

#include "tests/capi/async.h"

// Connections that are waited for on a loop, and calls that are cancelled.

namespace dbp::capi {
namespace {

class AsyncAcquire : public Async {};
DBP_ON_EVERY_LOOP(AsyncAcquire);

// ---- acquire

TEST_P(AsyncAcquire, AnIdleConnectionComesAtOnceAndWithoutACallback) {
  Answer answer;
  dbpool_conn conn = 0;
  answer.op = 1;
  EXPECT_STATUS(AcquireAsync(pool_, loop(), -1, answer, &conn), DBPOOL_OK);
  EXPECT_NE(conn, 0u);
  EXPECT_EQ(answer.op, 0u);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  Answer after;
  ASSERT_STATUS(QueryAsync(pool_, loop(), "select 1", after), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(after));
  EXPECT_EQ(answer.calls(), 0);
}

TEST_P(AsyncAcquire, WaitersAreServedInTheOrderTheyCame) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answers[5];
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) {
    answers[i].then = [&order, i](Answer& mine) {
      order.push_back(i);
      EXPECT_STATUS(dbpool_release(mine.conn), DBPOOL_OK);
    };
    ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, answers[i]), DBPOOL_PENDING);
    EXPECT_NE(answers[i].op, 0u);
  }
  EXPECT_EQ(Stats(pool_).waiting, 5u);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  for (Answer& answer : answers) {
    ASSERT_TRUE(Answered(answer));
    EXPECT_STATUS(answer.status, DBPOOL_OK);
    EXPECT_EQ(answer.calls(), 1);
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(Stats(pool_).idle, 1u);
}

TEST_P(AsyncAcquire, AWaiterTimesOutOnceAndOthersStay) {
  const dbpool_conn conn = Borrow(pool_);
  Answer stays, leaves;
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, stays), DBPOOL_PENDING);
  ASSERT_STATUS(AcquireAsync(pool_, loop(), 20, leaves), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(leaves));
  EXPECT_STATUS(leaves.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_TRUE(leaves.flags & DBPOOL_FLAG_TIMEOUT);
  EXPECT_NE(leaves.message.find("1 of at most 1 are lent"), std::string::npos) << leaves.message;
  EXPECT_EQ(stays.calls(), 0);
  EXPECT_EQ(Stats(pool_).timed_out, 1u);
  EXPECT_EQ(Stats(pool_).waiting, 1u);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(stays));
  EXPECT_STATUS(dbpool_release(stays.conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, NotWaitingIsAnsweredAtOnce) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  EXPECT_STATUS(AcquireAsync(pool_, loop(), 0, answer), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(answer.op, 0u);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, AQueueThatIsFullRefusesAtOnce) {
  const Pool pool = MakePool("sqlite::memory:?pool_size=1&max_overflow=0&max_waiters=1");
  const dbpool_conn conn = Borrow(pool);
  Answer first, second;
  ASSERT_STATUS(AcquireAsync(pool, loop(), -1, first), DBPOOL_PENDING);
  EXPECT_STATUS(AcquireAsync(pool, loop(), -1, second), DBPOOL_ERR_FULL);
  EXPECT_STATUS(dbpool_op_cancel(first.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(first));
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, OptionsOfAcquireAreCopiedAndHold) {
  const Pool pool = MakePool("sqlite::memory:?pool_size=1&max_overflow=0");
  const dbpool_conn conn = Borrow(pool);
  Answer reader;
  dbpool_conn none = 0;
  std::string tag = "the reader, who waits";
  dbpool_acquire_options how = {.struct_size = sizeof how, .access = DBPOOL_ACCESS_READ, .tag = tag.c_str()};
  ASSERT_STATUS(dbpool_acquire_with_async(pool.get(), loop(), &how, Answer::OnAcquired, &reader, &none,
                                          &reader.op, nullptr),
                DBPOOL_PENDING);
  tag.assign(tag.size(), '?');
  how.access = DBPOOL_ACCESS_WRITE;
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(reader));
  ASSERT_STATUS(reader.status, DBPOOL_OK);
  EXPECT_STATUS(Execute(reader.conn, "create table t(x)"), DBPOOL_ERR_SQL) << "lent for reading";
  Error error;
  dbpool_conn another = 0;
  EXPECT_STATUS(dbpool_acquire(pool.get(), 0, &another, error.out()), DBPOOL_ERR_TIMEOUT);
  EXPECT_NE(std::string(dbpool_error_hint(error.get())).find("the reader, who waits"), std::string::npos);
  EXPECT_STATUS(dbpool_release(reader.conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, TheWritersTurnIsWaitedForWithoutHoldingUpTheLoop) {
  const TempDir dir;
  const Pool pool = MakePool("sqlite:" + dir.File("x.db") + "?pool_size=3&max_overflow=0");
  const dbpool_acquire_options how = {.struct_size = sizeof how, .access = DBPOOL_ACCESS_WRITE};
  Answer second, query;
  dbpool_conn writer = 0, now = 0;
  ASSERT_STATUS(dbpool_acquire_with(pool.get(), &how, &writer, nullptr), DBPOOL_OK);
  ASSERT_STATUS(dbpool_acquire_with_async(pool.get(), loop(), &how, Answer::OnAcquired, &second, &now,
                                          &second.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_STATUS(QueryAsync(pool, loop(), "select 7", query), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(query)) << "the loop goes on";
  EXPECT_EQ(second.calls(), 0);
  ASSERT_STATUS(dbpool_release(writer), DBPOOL_OK);
  ASSERT_TRUE(Answered(second));
  EXPECT_STATUS(second.status, DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(second.conn), DBPOOL_OK);
}

// ---- cancel

TEST_P(AsyncAcquire, ACancelledWaiterIsToldOnceAndLeavesItsPlace) {
  const dbpool_conn conn = Borrow(pool_);
  Answer cancelled, next;
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, cancelled), DBPOOL_PENDING);
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, next), DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_op_cancel(cancelled.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(cancelled));
  EXPECT_STATUS(cancelled.status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(dbpool_op_cancel(cancelled.op), DBPOOL_ERR_STALE);
  EXPECT_EQ(Stats(pool_).waiting, 1u);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(next));
  EXPECT_STATUS(next.status, DBPOOL_OK);
  EXPECT_EQ(cancelled.calls(), 1);
  EXPECT_STATUS(dbpool_release(next.conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, NumbersThatAreNoCallsAreStale) {
  Answer pending;
  const dbpool_conn conn = Borrow(pool_);
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, pending), DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_op_cancel(0), DBPOOL_ERR_STALE);
  EXPECT_STATUS(dbpool_op_cancel(UINT64_MAX), DBPOOL_ERR_STALE);
  std::mt19937_64 random(4711);
  for (int i = 0; i < 3'000; ++i) {
    const dbpool_op number = random();
    if (number != pending.op) {
      EXPECT_STATUS(dbpool_op_cancel(number), DBPOOL_ERR_STALE) << number;
    }
    const dbpool_op near = pending.op ^ (uint64_t{1} << (i % 64));
    EXPECT_STATUS(dbpool_op_cancel(near), DBPOOL_ERR_STALE) << near;
  }
  EXPECT_EQ(pending.calls(), 0);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(pending));
  ASSERT_STATUS(pending.status, DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(pending.conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, ACancelEndsAStatementAndTheLeaseGoesOn) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  StartEndless(conn, answer);
  EXPECT_STATUS(dbpool_op_cancel(answer.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(answer));
  EXPECT_STATUS(answer.status, DBPOOL_ERR_CANCELLED);
  EXPECT_EQ(answer.result, nullptr);
  EXPECT_EQ(Ask(conn, "select 3"), "3");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncAcquire, ACancelOfTheLeaseEndsItsStatement) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  StartEndless(conn, answer);
  ASSERT_TRUE(Until([&] {
    EXPECT_STATUS(dbpool_conn_cancel(conn, nullptr), DBPOOL_OK);
    return answer.calls() > 0;
  }));
  EXPECT_STATUS(answer.status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

}  // namespace
}  // namespace dbp::capi
