#include <cstdlib>
#include <string>
#include <vector>

#include "tests/oom/sweep.h"

// One-shots that share PostgreSQL connections, without memory: each is answered once, the pool stays whole, and the
// loop ends.

namespace dbp::oom {
namespace {

class OneShotsOutOfMemory : public OutOfMemory {
 protected:
  static constexpr int kShots = 12;

  void SetUp() override {
    const char* url = std::getenv("DBPOOL_TEST_POSTGRES_URL");
    ASSERT_NE(url, nullptr) << "run by tests/support/with_postgres";
    dbpool_options* options = MakeOptions();
    EXPECT_EQ(dbpool_options_set(options, "max_waiters", "8", nullptr), DBPOOL_OK);
    EXPECT_EQ(dbpool_options_set(options, "pipeline_depth", "4", nullptr), DBPOOL_OK);
    ASSERT_EQ(dbpool_create(url, options, &pool_, nullptr), DBPOOL_OK);
    dbpool_options_free(options);
  }
  void TearDown() override { dbpool_unref(pool_); }

  static void OnAnswer(void* calls, dbpool_status status, dbpool_result* result, dbpool_error* error) {
    EXPECT_EQ(result != nullptr, status == DBPOOL_OK);
    const bool expected = status == DBPOOL_OK || status == DBPOOL_ERR_NOMEM || status == DBPOOL_ERR_BROKEN ||
                          status == DBPOOL_ERR_FULL || status == DBPOOL_ERR_TIMEOUT || status == DBPOOL_ERR_CANCELLED;
    EXPECT_TRUE(expected) << dbpool_status_name(status) << ": " << (error ? dbpool_error_message(error) : "");
    dbpool_result_free(result);
    dbpool_error_free(error);
    ++*static_cast<int*>(calls);
  }

  dbpool* pool_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Fails, OneShotsOutOfMemory, testing::Values(Fail::kOnce, Fail::kAlways), NameOf);

TEST_P(OneShotsOutOfMemory, AreAnsweredOnceEachAndTheLoopEnds) {
  const std::vector<std::string> texts = {"SELECT 1", "SELECT 2", "VALUES (1)"};
  dbpool_loop* loop = nullptr;
  int calls[kShots] = {};
  bool pending[kShots] = {};
  Sweep(
      [&] {
        ASSERT_EQ(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &loop, nullptr), DBPOOL_OK);
        for (int i = 0; i < kShots; ++i) calls[i] = pending[i] = 0;
      },
      [&] {
        int started = 0;
        for (int i = 0; i < kShots; ++i) {
          const std::string& sql = texts[static_cast<size_t>(i) % texts.size()];
          const dbpool_query_options how = {sizeof how, i % 4 == 3 ? 1 : 200,
                                            i % 2 ? uint32_t{DBPOOL_QUERY_READ_ONLY} : 0};
          dbpool_op op = 0;
          pending[i] = dbpool_query_async(pool_, loop, sql.data(), sql.size(), nullptr, 0, &how, OnAnswer, &calls[i], &op,
                                          nullptr) == DBPOOL_PENDING;
          started += pending[i];
          if (i == 5) (void)dbpool_op_cancel(op);
        }
        const Deadline deadline = Deadline::After(kGenerous);
        for (int answered = 0; answered < started && !deadline.Passed();) {
          const dbpool_status status = dbpool_loop_dispatch(loop, 100);
          EXPECT_TRUE(status == DBPOOL_OK || status == DBPOOL_PENDING) << dbpool_status_name(status);
          answered = 0;
          for (const int count : calls) answered += count;
        }
        return dbpool_status{DBPOOL_OK};
      },
      [&](dbpool_status) {
        dbpool_loop_free(loop);
        for (int i = 0; i < kShots; ++i) EXPECT_EQ(calls[i], int{pending[i]}) << i;
        dbpool_conn conns[kSize] = {};
        for (dbpool_conn& conn : conns) EXPECT_EQ(dbpool_acquire(pool_, 30'000, &conn, nullptr), DBPOOL_OK);
        for (const dbpool_conn conn : conns) EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
      },
      DBPOOL_ERR_NOMEM, GetParam() == Fail::kOnce ? 1 : kBackgroundStride);
}

}  // namespace
}  // namespace dbp::oom
