#include "tests/capi/async.h"

// Rows that are waited for on a loop.

namespace dbp::capi {
namespace {

// ---- streams

class AsyncStream : public Async {
 protected:
  /// All that is left, answered at once or by callbacks.
  std::vector<int64_t> Rest(dbpool_result* result, dbpool_status* end) {
    std::vector<int64_t> numbers;
    for (;;) {
      Answer answer;
      dbpool_batch now = {.struct_size = sizeof now};
      dbpool_status status = dbpool_result_fetch_async(result, loop(), 100, Answer::OnRows, &answer, &now,
                                                       &answer.op, nullptr);
      if (status == DBPOOL_PENDING) {
        EXPECT_EQ(now.row_count, 0u);
        EXPECT_TRUE(Answered(answer));
        status = answer.status;
      } else {
        answer.Add(now);
      }
      numbers.insert(numbers.end(), answer.numbers.begin(), answer.numbers.end());
      if (status != DBPOOL_OK) {
        *end = status;
        return numbers;
      }
    }
  }
  static constexpr dbpool_query_options kStream = {.struct_size = sizeof(dbpool_query_options), .flags = DBPOOL_QUERY_STREAM};
};
DBP_ON_EVERY_LOOP(AsyncStream);

TEST_P(AsyncStream, GivesAllRowsInOrderOfALeaseAndOfAOneShot) {
  for (const bool one_shot : {false, true}) {
    const dbpool_conn conn = one_shot ? 0 : Borrow(pool_);
    Answer opened;
    ASSERT_STATUS(one_shot ? QueryAsync(pool_, loop(), Numbers(2'500), opened, kStream)
                           : QueryAsync(conn, loop(), Numbers(2'500), opened, kStream),
                  DBPOOL_PENDING);
    ASSERT_TRUE(Answered(opened));
    ASSERT_STATUS(opened.status, DBPOOL_OK);
    EXPECT_EQ(Stats(pool_).leased, 1u) << "held by the stream";
    dbpool_status end = DBPOOL_OK;
    const std::vector<int64_t> numbers = Rest(opened.result, &end);
    EXPECT_STATUS(end, DBPOOL_DONE);
    ASSERT_EQ(numbers.size(), 2'500u);
    for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], static_cast<int64_t>(i + 1));
    if (conn != 0) {
      EXPECT_EQ(Ask(conn, "select 1"), "1");
      EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
    }
    EXPECT_EQ(Stats(pool_).idle, 1u) << "released at its end";
  }
}

TEST_P(AsyncStream, ABufferedResultIsReadWithoutACallback) {
  Answer buffered;
  ASSERT_STATUS(QueryAsync(pool_, loop(), Numbers(250), buffered), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(buffered));
  Answer never;
  dbpool_batch now = {.struct_size = sizeof now};
  uint32_t rows = 0;
  dbpool_status status;
  while ((status = dbpool_result_fetch_async(buffered.result, loop(), 100, Answer::OnRows, &never, &now,
                                             &never.op, nullptr)) == DBPOOL_OK) {
    rows += now.row_count;
  }
  EXPECT_STATUS(status, DBPOOL_DONE);
  EXPECT_EQ(rows, 250u);
  EXPECT_EQ(never.calls(), 0);
}

TEST_P(AsyncStream, FreedBeforeItsEndItGivesItsLeaseBack) {
  Answer opened;
  ASSERT_STATUS(QueryAsync(pool_, loop(), Numbers(100'000), opened, kStream), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(opened));
  ASSERT_STATUS(opened.status, DBPOOL_OK);
  dbpool_result_free(std::exchange(opened.result, nullptr));
  EXPECT_TRUE(Until([&] { return Stats(pool_).idle == 1; }));
  EXPECT_EQ(Ask(pool_, "select 5"), "5");
}

TEST_P(AsyncStream, FreedWithAFetchUnderWayTheCallbackStillComes) {
  for (int i = 0; i < 20; ++i) {
    Answer opened, fetched;
    ASSERT_STATUS(QueryAsync(pool_, loop(), Numbers(1'000'000'000), opened, kStream), DBPOOL_PENDING);
    ASSERT_TRUE(Answered(opened));
    ASSERT_STATUS(opened.status, DBPOOL_OK);
    dbpool_batch now = {.struct_size = sizeof now};
    dbpool_status status;
    while ((status = dbpool_result_fetch_async(opened.result, loop(), 1'000'000, Answer::OnRows, &fetched, &now,
                                               &fetched.op, nullptr)) == DBPOOL_OK) {}
    ASSERT_STATUS(status, DBPOOL_PENDING);
    dbpool_result_free(std::exchange(opened.result, nullptr));
    ASSERT_TRUE(Answered(fetched));
    const bool came_before = fetched.status == DBPOOL_OK && !external();  // on the loop's thread, before it was freed
    EXPECT_TRUE(fetched.status == DBPOOL_ERR_CANCELLED || came_before) << dbpool_status_name(fetched.status);
    EXPECT_EQ(fetched.calls(), 1);
    EXPECT_TRUE(Until([&] { return Stats(pool_).idle == 1; }));
  }
}

TEST_P(AsyncStream, AFetchAfterTheReleaseIsStale) {
  const dbpool_conn conn = Borrow(pool_);
  Answer opened, fetched;
  ASSERT_STATUS(QueryAsync(conn, loop(), Numbers(10'000), opened, kStream), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(opened));
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  dbpool_batch now = {.struct_size = sizeof now};
  EXPECT_STATUS(dbpool_result_fetch_async(opened.result, loop(), 0, Answer::OnRows, &fetched, &now, &fetched.op,
                                          nullptr),
                DBPOOL_ERR_STALE);
  EXPECT_EQ(fetched.op, 0u);
}

}  // namespace
}  // namespace dbp::capi
