#include <utility>

#include "tests/capi/async.h"
#include "tests/capi/misuse.h"

// Every asynchronous call with arguments that are wrong: told at once, no callback, no call pending.

namespace dbp::capi {
namespace {

class AsyncMisuse : public testing::Test {
 protected:
  ~AsyncMisuse() override { EXPECT_STATUS(dbpool_release(conn_), DBPOOL_OK); }

  Pool pool_ = MakePool("sqlite::memory:?pool_size=2&max_overflow=0");
  dbpool_conn conn_ = Borrow(pool_);
};

TEST_F(AsyncMisuse, NullForAnyPointerThatIsNeeded) {
  dbpool* p = pool_.get();
  dbpool_batch batch = {.struct_size = sizeof batch};
  Result result;
  ASSERT_STATUS(Stream(conn_, "select 1", &result), DBPOOL_OK);
  dbpool_conn now = 1;
  dbpool_op op = 1;
  const auto untouched = [&](dbpool_status status) {
    EXPECT_EQ(std::exchange(op, 1), 0u);
    return status;
  };
  ExpectInvalid({
      {"acquire_async: pool",
       [&](auto e) {
         return untouched(dbpool_acquire_async(nullptr, nullptr, 0, Answer::OnAcquired, nullptr, &now, &op, e));
       }},
      {"acquire_async: callback",
       [&](auto e) { return untouched(dbpool_acquire_async(p, nullptr, 0, nullptr, nullptr, &now, &op, e)); }},
      {"acquire_async: out_now",
       [&](auto e) {
         return untouched(dbpool_acquire_async(p, nullptr, 0, Answer::OnAcquired, nullptr, nullptr, &op, e));
       }},
      {"acquire_with_async: callback",
       [&](auto e) {
         return untouched(dbpool_acquire_with_async(p, nullptr, nullptr, nullptr, nullptr, &now, &op, e));
       }},
      {"acquire_with_async: out_now",
       [&](auto e) {
         return untouched(
             dbpool_acquire_with_async(p, nullptr, nullptr, Answer::OnAcquired, nullptr, nullptr, &op, e));
       }},
      {"query_async: sql",
       [&](auto e) {
         return untouched(dbpool_query_async(p, nullptr, nullptr, 0, nullptr, 0, nullptr, Answer::OnResult, nullptr,
                                             &op, e));
       }},
      {"query_async: callback",
       [&](auto e) {
         return untouched(
             dbpool_query_async(p, nullptr, "select 1", 8, nullptr, 0, nullptr, nullptr, nullptr, &op, e));
       }},
      {"conn_query_async: params",
       [&](auto e) {
         return untouched(dbpool_conn_query_async(conn_, nullptr, "select $1", 9, nullptr, 1, nullptr,
                                                  Answer::OnResult, nullptr, &op, e));
       }},
      {"conn_query_async: callback",
       [&](auto e) {
         return untouched(dbpool_conn_query_async(conn_, nullptr, "select 1", 8, nullptr, 0, nullptr, nullptr,
                                                  nullptr, &op, e));
       }},
      {"describe_async: sql",
       [&](auto e) {
         return untouched(
             dbpool_conn_describe_async(conn_, nullptr, nullptr, 0, Answer::OnResult, nullptr, &op, e));
       }},
      {"begin_async: callback",
       [&](auto e) {
         return untouched(dbpool_conn_begin_async(conn_, nullptr, nullptr, nullptr, nullptr, &op, e));
       }},
      {"commit_async: callback",
       [&](auto e) { return untouched(dbpool_conn_commit_async(conn_, nullptr, nullptr, nullptr, &op, e)); }},
      {"rollback_async: callback",
       [&](auto e) { return untouched(dbpool_conn_rollback_async(conn_, nullptr, nullptr, nullptr, &op, e)); }},
      {"savepoint_async: callback",
       [&](auto e) { return untouched(dbpool_conn_savepoint_async(conn_, nullptr, "s", nullptr, nullptr, &op, e)); }},
      {"savepoint_async: name",
       [&](auto e) {
         return untouched(
             dbpool_conn_savepoint_async(conn_, nullptr, nullptr, Answer::OnDone, nullptr, &op, e));
       }},
      {"rollback_to_async: an empty name",
       [&](auto e) {
         return untouched(dbpool_conn_rollback_to_async(conn_, nullptr, "", Answer::OnDone, nullptr, &op, e));
       }},
      {"release_savepoint_async: a name of 64 bytes",
       [&](auto e) {
         return untouched(dbpool_conn_release_savepoint_async(conn_, nullptr, std::string(64, 'x').c_str(),
                                                              Answer::OnDone, nullptr, &op, e));
       }},
      {"ping_async: callback",
       [&](auto e) { return untouched(dbpool_conn_ping_async(conn_, nullptr, -1, nullptr, nullptr, &op, e)); }},
      {"fetch_async: result",
       [&](auto e) {
         return untouched(
             dbpool_result_fetch_async(nullptr, nullptr, 1, Answer::OnRows, nullptr, &batch, &op, e));
       }},
      {"fetch_async: out_now",
       [&](auto e) {
         return untouched(
             dbpool_result_fetch_async(result.get(), nullptr, 1, Answer::OnRows, nullptr, nullptr, &op, e));
       }},
      {"fetch_async: callback",
       [&](auto e) {
         return untouched(dbpool_result_fetch_async(result.get(), nullptr, 1, nullptr, nullptr, &batch, &op, e));
       }},
      {"create_async: callback",
       [&](auto e) {
         return untouched(dbpool_create_async("sqlite::memory:", nullptr, nullptr, nullptr, nullptr, &op, e));
       }},
      {"close_async: pool",
       [&](auto e) {
         return untouched(dbpool_close_async(nullptr, nullptr, 0, Answer::OnDone, nullptr, &op, e));
       }},
      {"close_async: callback",
       [&](auto e) { return untouched(dbpool_close_async(p, nullptr, 0, nullptr, nullptr, &op, e)); }},
  });
  EXPECT_EQ(now, 0u);
}

TEST_F(AsyncMisuse, TimeoutsBelowMinusOne) {
  dbpool* p = pool_.get();
  for (const int64_t ms : {int64_t{-2}, INT64_MIN}) {
    ExpectInvalid({
        {"acquire_async",
         [=](auto e) {
           dbpool_conn now = 1;
           const dbpool_status status =
               dbpool_acquire_async(p, nullptr, ms, Answer::OnAcquired, nullptr, &now, nullptr, e);
           EXPECT_EQ(now, 0u);
           return status;
         }},
        {"close_async",
         [=](auto e) { return dbpool_close_async(p, nullptr, ms, Answer::OnDone, nullptr, nullptr, e); }},
        {"ping_async",
         [=, this](auto e) {
           return dbpool_conn_ping_async(conn_, nullptr, ms, Answer::OnDone, nullptr, nullptr, e);
         }},
        {"query_async",
         [=](auto e) {
           const dbpool_query_options how = {.struct_size = sizeof how, .timeout_ms = ms};
           return dbpool_query_async(p, nullptr, "select 1", DBPOOL_NTS, nullptr, 0, &how, Answer::OnResult,
                                     nullptr, nullptr, e);
         }},
        {"begin_async",
         [=, this](auto e) {
           const dbpool_tx_options how = {.struct_size = sizeof how, .timeout_ms = ms};
           return dbpool_conn_begin_async(conn_, nullptr, &how, Answer::OnDone, nullptr, nullptr, e);
         }},
    });
  }
}

TEST_F(AsyncMisuse, UnknownFlags) {
  dbpool* p = pool_.get();
  ExpectInvalid({
      {"acquire_with_async",
       [=](auto e) {
         const dbpool_acquire_options how = {.struct_size = sizeof how, .access = 3};
         dbpool_conn now = 0;
         return dbpool_acquire_with_async(p, nullptr, &how, Answer::OnAcquired, nullptr, &now, nullptr, e);
       }},
      {"query_async",
       [=](auto e) {
         const dbpool_query_options how = {.struct_size = sizeof how, .flags = 1u << 31};
         return dbpool_query_async(p, nullptr, "select 1", DBPOOL_NTS, nullptr, 0, &how, Answer::OnResult, nullptr,
                                   nullptr, e);
       }},
      {"begin_async",
       [this](auto e) {
         const dbpool_tx_options how = {.struct_size = sizeof how, .isolation = 9};
         return dbpool_conn_begin_async(conn_, nullptr, &how, Answer::OnDone, nullptr, nullptr, e);
       }},
  });
}

TEST_F(AsyncMisuse, OutOpMayBeNull) {
  Answer answer;
  ASSERT_STATUS(dbpool_query_async(pool_.get(), nullptr, "select 1", DBPOOL_NTS, nullptr, 0, nullptr,
                                   Answer::OnResult, &answer, nullptr, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Await([&] { return answer.calls() > 0; }));
  EXPECT_EQ(answer.value(), "1");
}

}  // namespace
}  // namespace dbp::capi
