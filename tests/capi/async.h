#ifndef DBP_TESTS_CAPI_ASYNC_H_
#define DBP_TESTS_CAPI_ASYNC_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/capi/capi.h"
#include "tests/capi/loop.h"

// Where asynchronous calls answer in tests.

namespace dbp::capi {

/// What a callback was given. One per call; it must outlive the callback.
class Answer {
 public:
  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    dbpool_result_free(result);
    dbpool_unref(pool);
  }

  static void OnAcquired(void* self, dbpool_status status, dbpool_conn conn, dbpool_error* error) {
    static_cast<Answer*>(self)->Take(status, error, [&](Answer& mine) { mine.conn = conn; });
  }
  static void OnResult(void* self, dbpool_status status, dbpool_result* result, dbpool_error* error) {
    static_cast<Answer*>(self)->Take(status, error, [&](Answer& mine) { mine.result = result; });
  }
  static void OnRows(void* self, dbpool_status status, const dbpool_batch* batch, dbpool_error* error) {
    static_cast<Answer*>(self)->Take(status, error, [&](Answer& mine) { mine.Add(*batch); });
  }
  static void OnDone(void* self, dbpool_status status, dbpool_error* error) {
    static_cast<Answer*>(self)->Take(status, error, [](Answer&) {});
  }
  static void OnCreated(void* self, dbpool_status status, dbpool* pool, dbpool_error* error) {
    static_cast<Answer*>(self)->Take(status, error, [&](Answer& mine) { mine.pool = pool; });
  }

  int calls() const { return calls_; }
  /// The first cell of the result, or the name of the status.
  std::string value();
  void Add(const dbpool_batch& batch) {
    for (uint32_t i = 0; i < batch.row_count * batch.column_count; ++i) {
      numbers.push_back(batch.cells[i].num.i64);
    }
  }

  // From the callback; read them when calls() is not 0 any more.
  dbpool_status status = DBPOOL_PENDING;
  uint32_t flags = 0;
  std::string message;
  dbpool_conn conn = 0;
  dbpool_result* result = nullptr;
  dbpool* pool = nullptr;
  std::vector<int64_t> numbers;
  std::thread::id thread;

  std::function<void(Answer&)> then;  ///< called in the callback
  dbpool_op op = 0;

 private:
  void Take(dbpool_status got, dbpool_error* error, const std::function<void(Answer&)>& keep) {
    status = got;
    flags = dbpool_error_flags(error);
    message = dbpool_error_message(error);
    EXPECT_EQ(error != nullptr, got < 0);
    dbpool_error_free(error);
    thread = std::this_thread::get_id();
    keep(*this);
    if (then) then(*this);
    ++calls_;
  }

  std::atomic<int> calls_{0};
};

inline std::string Answer::value() {
  if (status != DBPOOL_OK) return dbpool_status_name(status);
  dbpool_batch batch = {.struct_size = sizeof batch};
  const dbpool_status fetched = dbpool_result_fetch(result, 1, &batch, nullptr);
  if (fetched != DBPOOL_OK) return dbpool_status_name(fetched);
  char text[256];
  dbpool_value_format(batch.cells, text, sizeof text);
  return text;
}

inline dbpool_status AcquireAsync(const Pool& pool, dbpool_loop* loop, int64_t timeout_ms, Answer& answer,
                                  dbpool_conn* now = nullptr) {
  dbpool_conn none = 0;
  return dbpool_acquire_async(pool.get(), loop, timeout_ms, Answer::OnAcquired, &answer, now ? now : &none,
                              &answer.op, nullptr);
}
inline constexpr dbpool_query_options kDefaults = {.struct_size = sizeof(dbpool_query_options)};
inline dbpool_status QueryAsync(const Pool& pool, dbpool_loop* loop, const std::string& sql, Answer& answer,
                                dbpool_query_options how = kDefaults) {
  return dbpool_query_async(pool.get(), loop, sql.data(), sql.size(), nullptr, 0, &how, Answer::OnResult,
                            &answer, &answer.op, nullptr);
}
inline dbpool_status QueryAsync(dbpool_conn conn, dbpool_loop* loop, const std::string& sql, Answer& answer,
                                dbpool_query_options how = kDefaults) {
  return dbpool_conn_query_async(conn, loop, sql.data(), sql.size(), nullptr, 0, &how, Answer::OnResult,
                                 &answer, &answer.op, nullptr);
}

/// Runs until it is cancelled, for all a test waits.
inline constexpr char kEndless[] =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

class Async : public EveryLoop {
 protected:
  dbpool_loop* loop() const { return loop_.get(); }
  bool Answered(const Answer& answer) {
    return Until([&] { return answer.calls() > 0; });
  }
  /// Starts a statement that does not end by itself.
  void StartEndless(dbpool_conn conn, Answer& answer, int64_t timeout_ms = -1) {
    StartEndless(loop(), conn, answer, timeout_ms);
  }
  static void StartEndless(dbpool_loop* on, dbpool_conn conn, Answer& answer, int64_t timeout_ms = -1) {
    ASSERT_STATUS(QueryAsync(conn, on, kEndless, answer,
                             {.struct_size = sizeof(dbpool_query_options), .timeout_ms = timeout_ms}),
                  DBPOOL_PENDING);
  }

  Pool pool_ = MakePool("sqlite::memory:?pool_size=1&max_overflow=0");
};
/// Starts a call on the process's own loop, waits for its callback, and answers as the synchronous call would.
dbpool_status AnswerOf(const std::function<dbpool_status(Answer&)>& start, dbpool_error** error);

}  // namespace dbp::capi

#endif  // DBP_TESTS_CAPI_ASYNC_H_
