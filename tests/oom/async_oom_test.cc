#include <cstdlib>
#include <utility>

#include "tests/oom/sweep.h"

// Asynchronous calls: whatever allocation fails, a call is refused at once or answered once, never both and
// never neither.

namespace dbp::oom {
namespace {

class AsyncOutOfMemory : public OutOfMemory {
 protected:
  void SetUp() override {
    dbpool_options* options = MakeOptions();
    ASSERT_EQ(dbpool_create("sqlite::memory:?pool_size=1", options, &pool_, nullptr), DBPOOL_OK);
    dbpool_options_free(options);
    ASSERT_EQ(dbpool_resize(pool_, 1, 0, nullptr), DBPOOL_OK);
    ASSERT_EQ(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &loop_, nullptr), DBPOOL_OK);
  }
  void TearDown() override {
    dbpool_loop_free(loop_);
    dbpool_unref(pool_);
  }

  static void OnConn(void* self, dbpool_status status, dbpool_conn conn, dbpool_error* error) {
    auto& mine = *static_cast<AsyncOutOfMemory*>(self);
    if (conn != 0) {
      EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
    }
    mine.OnDone(self, status, error);
  }
  static void OnResult(void* self, dbpool_status status, dbpool_result* result, dbpool_error* error) {
    auto& mine = *static_cast<AsyncOutOfMemory*>(self);
    EXPECT_EQ(result != nullptr, status == DBPOOL_OK);
    mine.result_ = result;
    mine.OnDone(self, status, error);
  }
  static void OnRows(void* self, dbpool_status status, const dbpool_batch*, dbpool_error* error) {
    OnDone(self, status, error);
  }
  static void OnPool(void* self, dbpool_status status, dbpool* pool, dbpool_error* error) {
    EXPECT_EQ(pool != nullptr, status == DBPOOL_OK);
    dbpool_unref(pool);
    OnDone(self, status, error);
  }
  static void OnDone(void* self, dbpool_status status, dbpool_error* error) {
    auto& mine = *static_cast<AsyncOutOfMemory*>(self);
    EXPECT_TRUE(status < 0 || !error);
    dbpool_error_free(error);
    ++mine.calls_;
    mine.status_ = status;
  }

  /// The status of a call that was started so.
  dbpool_status Finish(dbpool_status started) {
    if (started == DBPOOL_PENDING) {
      const Deadline deadline = Deadline::After(kGenerous);
      while (calls_ == 0 && !deadline.Passed()) dbpool_loop_dispatch(loop_, 100);
      EXPECT_EQ(calls_, 1);
      started = status_;
    } else {
      EXPECT_EQ(calls_, 0);
    }
    calls_ = 0;
    return started;
  }
  void FreeResult() { dbpool_result_free(std::exchange(result_, nullptr)); }
  void ExpectWhole() { EXPECT_EQ(dbpool_health(pool_, 30'000, nullptr), DBPOOL_OK); }

  dbpool* pool_ = nullptr;
  dbpool_loop* loop_ = nullptr;
  dbpool_result* result_ = nullptr;
  int calls_ = 0;
  dbpool_status status_ = DBPOOL_OK;
};
INSTANTIATE_TEST_SUITE_P(Fails, AsyncOutOfMemory, testing::Values(Fail::kOnce, Fail::kAlways), NameOf);

TEST_P(AsyncOutOfMemory, AOneShot) {
  const dbpool_value param = {.data = "text", .size = 4, .type = DBPOOL_TEXT};
  Sweep([] {},
        [&] {
          return Finish(dbpool_query_async(pool_, loop_, "select $1", DBPOOL_NTS, &param, 1, nullptr, OnResult, this,
                                           nullptr, nullptr));
        },
        [&](dbpool_status) {
          FreeResult();
          ExpectWhole();
        },
        DBPOOL_ERR_TIMEOUT);
}

TEST_P(AsyncOutOfMemory, AcquireThatWaits) {
  dbpool_conn held = 0;
  Sweep([&] { ASSERT_EQ(dbpool_acquire(pool_, 30'000, &held, nullptr), DBPOOL_OK); },
        [&] {
          const dbpool_acquire_options how = {.struct_size = sizeof how, .timeout_ms = 30'000, .tag = "a tag"};
          dbpool_conn now = 0;
          const dbpool_status started =
              dbpool_acquire_with_async(pool_, loop_, &how, OnConn, this, &now, nullptr, nullptr);
          EXPECT_EQ(dbpool_release(held), DBPOOL_OK);
          return Finish(started);
        },
        [&](dbpool_status) { ExpectWhole(); });
}

TEST_P(AsyncOutOfMemory, AcquireThatTimesOut) {
  dbpool_conn held = 0;
  Sweep([&] { ASSERT_EQ(dbpool_acquire(pool_, 30'000, &held, nullptr), DBPOOL_OK); },
        [&] {
          dbpool_conn now = 0;
          const dbpool_status status =
              Finish(dbpool_acquire_async(pool_, loop_, 1, OnConn, this, &now, nullptr, nullptr));
          return status == DBPOOL_ERR_TIMEOUT ? dbpool_status{DBPOOL_OK} : status;
        },
        [&](dbpool_status) {
          EXPECT_EQ(dbpool_release(held), DBPOOL_OK);
          ExpectWhole();
        });
}

TEST_P(AsyncOutOfMemory, ATransactionOfALease) {
  dbpool_conn conn = 0;
  Sweep([&] { ASSERT_EQ(dbpool_acquire(pool_, 30'000, &conn, nullptr), DBPOOL_OK); },
        [&] {
          dbpool_status status = Finish(dbpool_conn_begin_async(conn, loop_, nullptr, OnDone, this, nullptr, nullptr));
          if (status < 0) return status;
          status = Finish(dbpool_conn_query_async(conn, loop_, "select 1", DBPOOL_NTS, nullptr, 0, nullptr, OnResult,
                                                  this, nullptr, nullptr));
          FreeResult();
          if (status < 0) return status;
          return Finish(dbpool_conn_commit_async(conn, loop_, OnDone, this, nullptr, nullptr));
        },
        [&](dbpool_status) {
          EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
          ExpectWhole();
        },
        DBPOOL_ERR_BROKEN);
}

TEST_P(AsyncOutOfMemory, AStream) {
  Sweep([] {},
        [&] {
          const dbpool_query_options how = {.struct_size = sizeof how, .flags = DBPOOL_QUERY_STREAM};
          dbpool_status status = Finish(
              dbpool_query_async(pool_, loop_,
                                 "with recursive n(i) as (select 1 union all select i + 1 from n where i < 600) "
                                 "select i from n",
                                 DBPOOL_NTS, nullptr, 0, &how, OnResult, this, nullptr, nullptr));
          while (status == DBPOOL_OK) {
            dbpool_batch batch = {.struct_size = sizeof batch};
            status = Finish(
                dbpool_result_fetch_async(result_, loop_, 200, OnRows, this, &batch, nullptr, nullptr));
          }
          FreeResult();
          return status;
        },
        [&](dbpool_status) { ExpectWhole(); }, DBPOOL_ERR_TIMEOUT);
}

TEST_P(AsyncOutOfMemory, CreateAndClose) {
  Sweep([] {},
        [&] {
          return Finish(
              dbpool_create_async("sqlite::memory:?lazy=on", nullptr, loop_, OnPool, this, nullptr, nullptr));
        },
        [](dbpool_status) {});
  dbpool* closing = nullptr;
  Sweep([&] { ASSERT_EQ(dbpool_create("sqlite::memory:", nullptr, &closing, nullptr), DBPOOL_OK); },
        [&] { return Finish(dbpool_close_async(closing, loop_, 0, OnDone, this, nullptr, nullptr)); },
        [&](dbpool_status) { dbpool_unref(closing); });
}

/// A connection whose life must be asked for: the acquire has a step on the socket.
TEST_P(AsyncOutOfMemory, AcquireThatPings) {
  const char* uri = std::getenv("DBPOOL_TEST_POSTGRES_URL");
  if (!uri) GTEST_SKIP() << "no server";
  dbpool_options* options = MakeOptions();
  ASSERT_EQ(dbpool_options_set(options, "ping_after", "0", nullptr), DBPOOL_OK);
  dbpool* pool = nullptr;
  ASSERT_EQ(dbpool_create(uri, options, &pool, nullptr), DBPOOL_OK);
  dbpool_options_free(options);
  Sweep(
      [&] {
        // A new one, which has room for no watch yet, and must end whatever failed.
        dbpool_loop_free(std::exchange(loop_, nullptr));
        ASSERT_EQ(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &loop_, nullptr), DBPOOL_OK);
      },
      [&] {
        dbpool_conn now = 0;
        return Finish(dbpool_acquire_async(pool, loop_, 30'000, OnConn, this, &now, nullptr, nullptr));
      },
      [&](dbpool_status) {
        dbpool_conn both[kSize] = {};
        for (dbpool_conn& conn : both) EXPECT_EQ(dbpool_acquire(pool, 30'000, &conn, nullptr), DBPOOL_OK);
        for (dbpool_conn conn : both) EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
      });
  dbpool_unref(pool);
}

}  // namespace
}  // namespace dbp::oom
