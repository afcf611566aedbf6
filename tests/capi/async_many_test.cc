#include <malloc.h>

#include <chrono>
#include <memory>

#include "tests/capi/async.h"

// A hundred thousand callers that wait: what each costs, and that nothing about them is slow.

namespace dbp::capi {
namespace {

#ifdef NDEBUG
constexpr int kMany = kSanitized ? 2'048 : 100'000;
#else
constexpr int kMany = 2'048;  // a debug build checks the whole queue after every event
#endif
constexpr size_t kMostBytes = 256;

size_t HeapInUse() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

class ManyWaiters : public testing::Test {
 protected:
  /// Starts them; each has its number.
  void Wait(int64_t timeout_ms) {
    for (int i = 0; i < kMany; ++i) {
      dbpool_conn now = 0;
      ASSERT_STATUS(dbpool_acquire_async(pool_.get(), loop_.get(), timeout_ms, OnAnswer, this, &now, &ops_[i], nullptr),
                    DBPOOL_PENDING);
    }
  }
  static void OnAnswer(void* self, dbpool_status status, dbpool_conn conn, dbpool_error* error) {
    auto& mine = *static_cast<ManyWaiters*>(self);
    dbpool_error_free(error);
    ++mine.answered_;
    mine.served_ += status == DBPOOL_OK;
    mine.late_ += status == DBPOOL_ERR_TIMEOUT;
    mine.cancelled_ += status == DBPOOL_ERR_CANCELLED;
    if (conn != 0) {
      EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
    }
  }
  void AwaitAll() {
    ASSERT_TRUE(Await([&] {
      while (Readable(dbpool_loop_fd(loop_.get()))) dbpool_loop_dispatch(loop_.get(), 0);
      return answered_ == kMany;
    }));
    EXPECT_EQ(Stats(pool_).waiting, 0u);
  }

  const Loop loop_ = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  const Pool pool_ = MakePool("sqlite::memory:?pool_size=1&max_overflow=0&max_waiters=1000000");
  const dbpool_conn held_ = Borrow(pool_);
  std::vector<dbpool_op> ops_ = std::vector<dbpool_op>(kMany);
  int answered_ = 0, served_ = 0, late_ = 0, cancelled_ = 0;
};

TEST_F(ManyWaiters, CostAFewHundredBytesEachAndAreServedInOneGo) {
  const size_t before = HeapInUse();
  Wait(INT64_MAX);
  const size_t bytes = (HeapInUse() - before) / kMany;
  RecordProperty("bytes_per_waiter", static_cast<int>(bytes));
  std::printf("%zu bytes for each of %d waiters\n", bytes, kMany);
  if (!kSanitized) {
    EXPECT_LE(bytes, kMostBytes);
  }
  EXPECT_EQ(Stats(pool_).waiting, static_cast<uint32_t>(kMany));
  ASSERT_STATUS(dbpool_release(held_), DBPOOL_OK);
  AwaitAll();
  EXPECT_EQ(served_, kMany);
}

TEST_F(ManyWaiters, AreCancelledNewestFirst) {
  Wait(INT64_MAX);
  for (int i = kMany; i-- > 0;) ASSERT_STATUS(dbpool_op_cancel(ops_[i]), DBPOOL_OK);
  AwaitAll();
  EXPECT_EQ(cancelled_, kMany);
  ASSERT_STATUS(dbpool_release(held_), DBPOOL_OK);
}

TEST_F(ManyWaiters, TimeOutTogether) {
  Wait(50);
  AwaitAll();
  EXPECT_EQ(late_, kMany);
  ASSERT_STATUS(dbpool_release(held_), DBPOOL_OK);
}

}  // namespace
}  // namespace dbp::capi
