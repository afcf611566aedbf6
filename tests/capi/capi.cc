#include "tests/capi/async.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace {
bool in_child = false;
}

// LeakSanitizer asks this at exit. In a child it cannot stop the parent's threads, which are not there, and takes
// what is theirs for lost.
extern "C" __attribute__((visibility("default"))) int __lsan_is_turned_off() { return in_child; }

namespace dbp::capi {

Options MakeOptions(const Settings& settings) {
  Options options(dbpool_options_new());
  for (const auto& [name, value] : settings) {
    Error error;
    EXPECT_STATUS(dbpool_options_set(options.get(), name.c_str(), value.c_str(), error.out()),
                  DBPOOL_OK)
        << error.message();
  }
  return options;
}

Pool MakePool(const std::string& uri, const Settings& settings) {
  const Options options = MakeOptions(settings);
  Error error;
  dbpool* pool = nullptr;
  EXPECT_STATUS(dbpool_create(uri.c_str(), options.get(), &pool, error.out()), DBPOOL_OK)
      << error.message();
  return Pool(pool);
}

dbpool_conn Borrow(const Pool& pool) {
  Error error;
  dbpool_conn conn = 0;
  EXPECT_STATUS(dbpool_acquire(pool.get(), -1, &conn, error.out()), DBPOOL_OK) << error.message();
  return conn;
}

dbpool_statistics Stats(const Pool& pool) {
  dbpool_statistics stats = {.struct_size = sizeof stats};
  EXPECT_STATUS(dbpool_stats(pool.get(), &stats), DBPOOL_OK);
  return stats;
}

dbpool_status Execute(dbpool_conn conn, const std::string& sql, dbpool_error** error) {
  return dbpool_conn_query(conn, sql.data(), sql.size(), nullptr, 0, nullptr, nullptr, error);
}

dbpool_status Stream(dbpool_conn conn, const std::string& sql, Result* out) {
  const dbpool_query_options how = {.struct_size = sizeof how, .flags = DBPOOL_QUERY_STREAM};
  return dbpool_conn_query(conn, sql.data(), sql.size(), nullptr, 0, &how, out->out(), nullptr);
}

namespace {

std::string FirstCell(dbpool_status status, Result& result) {
  dbpool_batch batch;
  if (status == DBPOOL_OK) status = result.Fetch(1, &batch);
  if (status != DBPOOL_OK) return dbpool_status_name(status);
  char text[256];
  dbpool_value_format(batch.cells, text, sizeof text);
  return text;
}

}  // namespace

std::string Ask(dbpool_conn conn, const std::string& sql) {
  Result result;
  return FirstCell(dbpool_conn_query(conn, sql.c_str(), DBPOOL_NTS, nullptr, 0, nullptr,
                                     result.out(), nullptr),
                   result);
}

std::string Ask(const Pool& pool, const std::string& sql) {
  Result result;
  return FirstCell(dbpool_query(pool.get(), sql.c_str(), DBPOOL_NTS, nullptr, 0, nullptr,
                                result.out(), nullptr),
                   result);
}

std::string Numbers(int last) {
  return "with recursive n(i) as (select 1 union all select i + 1 from n where i < " +
         std::to_string(last) + ") select i from n";
}

dbpool_status AnswerOf(const std::function<dbpool_status(Answer&)>& start, dbpool_error** error) {
  Answer answer;
  const dbpool_status status = start(answer);
  if (status != DBPOOL_PENDING) return status;
  EXPECT_TRUE(Await([&] { return answer.calls() > 0; }));
  if (answer.conn != 0) {
    EXPECT_STATUS(dbpool_release(answer.conn), DBPOOL_OK);
  }
  if (error && answer.status < 0) *error = dbpool_error_new(answer.status, answer.message.c_str());
  return answer.status;
}

const std::vector<PoolCall>& PoolCalls() {
  static const std::vector<PoolCall> calls = {
      {"close", [](dbpool* p, dbpool_error** e) { return dbpool_close(p, 0, e); }},
      {"acquire",
       [](dbpool* p, dbpool_error** e) {
         dbpool_conn conn = 0;
         const dbpool_status status = dbpool_acquire(p, 100, &conn, e);
         dbpool_release(conn);
         return status;
       }},
      {"acquire_async",
       [](dbpool* p, dbpool_error** e) {
         dbpool_conn now = 0;
         const dbpool_status status = AnswerOf(
             [&](Answer& a) {
               return dbpool_acquire_async(p, nullptr, 100, Answer::OnAcquired, &a, &now, nullptr, e);
             },
             e);
         dbpool_release(now);
         return status;
       }},
      {"acquire_with_async",
       [](dbpool* p, dbpool_error** e) {
         dbpool_conn now = 0;
         const dbpool_acquire_options how = {.struct_size = sizeof how, .timeout_ms = 100};
         const dbpool_status status = AnswerOf(
             [&](Answer& a) {
               return dbpool_acquire_with_async(p, nullptr, &how, Answer::OnAcquired, &a, &now, nullptr, e);
             },
             e);
         dbpool_release(now);
         return status;
       }},
      {"query_async",
       [](dbpool* p, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_query_async(p, nullptr, "select 1", DBPOOL_NTS, nullptr, 0, nullptr,
                                         Answer::OnResult, &a, nullptr, e);
             },
             e);
       }},
      {"close_async",
       [](dbpool* p, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) { return dbpool_close_async(p, nullptr, 0, Answer::OnDone, &a, nullptr, e); }, e);
       }},
      {"acquire_with",
       [](dbpool* p, dbpool_error** e) {
         dbpool_conn conn = 0;
         const dbpool_acquire_options how = {.struct_size = sizeof how, .timeout_ms = 100};
         const dbpool_status status = dbpool_acquire_with(p, &how, &conn, e);
         dbpool_release(conn);
         return status;
       }},
      {"stats",
       [](dbpool* p, dbpool_error**) {
         dbpool_statistics stats = {.struct_size = sizeof stats};
         return dbpool_stats(p, &stats);
       }},
      {"invalidate", dbpool_invalidate},
      {"reconnect", [](dbpool* p, dbpool_error** e) { return dbpool_reconnect(p, 5000, e); }},
      {"resize", [](dbpool* p, dbpool_error** e) { return dbpool_resize(p, 2, 1, e); }},
      {"health", [](dbpool* p, dbpool_error** e) { return dbpool_health(p, 5000, e); }},
      {"watch",
       [](dbpool* p, dbpool_error** e) {
         uint64_t watch = 0;
         const auto ignore = [](void*, const dbpool_event*) {};
         const dbpool_status status = dbpool_watch(p, nullptr, ignore, nullptr, nullptr, &watch, e);
         if (status != DBPOOL_OK) return status;
         return dbpool_unwatch(p, watch);
       }},
      {"query",
       [](dbpool* p, dbpool_error** e) {
         return dbpool_query(p, "select 1", DBPOOL_NTS, nullptr, 0, nullptr, nullptr, e);
       }},
      {"transaction",
       [](dbpool* p, dbpool_error** e) {
         const auto nothing = [](void*, dbpool_conn, dbpool_error**) { return dbpool_status{DBPOOL_OK}; };
         return dbpool_transaction(p, nothing, nullptr, nullptr, e);
       }},
  };
  return calls;
}

const std::vector<LeaseCall>& LeaseCalls() {
  static const std::vector<LeaseCall> calls = {
      {"query",
       [](dbpool_conn c, dbpool_error** e) {
         return dbpool_conn_query(c, "select 1", DBPOOL_NTS, nullptr, 0, nullptr, nullptr, e);
       }},
      {"describe",
       [](dbpool_conn c, dbpool_error** e) {
         Result result;
         return dbpool_conn_describe(c, "select 1", DBPOOL_NTS, result.out(), e);
       }},
      {"begin", [](dbpool_conn c, dbpool_error** e) { return dbpool_conn_begin(c, nullptr, e); }},
      {"savepoint",
       [](dbpool_conn c, dbpool_error** e) { return dbpool_conn_savepoint(c, "s", e); }},
      {"rollback_to",
       [](dbpool_conn c, dbpool_error** e) { return dbpool_conn_rollback_to(c, "s", e); }},
      {"release_savepoint",
       [](dbpool_conn c, dbpool_error** e) { return dbpool_conn_release_savepoint(c, "s", e); }},
      {"pipeline_run",
       [](dbpool_conn c, dbpool_error** e) {
         dbpool_pipeline* pipeline = nullptr;
         EXPECT_EQ(dbpool_pipeline_create(0, &pipeline, nullptr), DBPOOL_OK);
         const dbpool_status status = dbpool_pipeline_run(pipeline, c, nullptr, e);
         dbpool_pipeline_free(pipeline);
         return status;
       }},
      {"commit", dbpool_conn_commit},
      {"rollback", dbpool_conn_rollback},
      {"ping", [](dbpool_conn c, dbpool_error** e) { return dbpool_conn_ping(c, 5000, e); }},
      {"query_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_conn_query_async(c, nullptr, "select 1", DBPOOL_NTS, nullptr, 0, nullptr,
                                              Answer::OnResult, &a, nullptr, e);
             },
             e);
       }},
      {"describe_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_conn_describe_async(c, nullptr, "select 1", DBPOOL_NTS, Answer::OnResult, &a,
                                                 nullptr, e);
             },
             e);
       }},
      {"begin_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_conn_begin_async(c, nullptr, nullptr, Answer::OnDone, &a, nullptr, e);
             },
             e);
       }},
      {"commit_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) { return dbpool_conn_commit_async(c, nullptr, Answer::OnDone, &a, nullptr, e); }, e);
       }},
      {"rollback_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) { return dbpool_conn_rollback_async(c, nullptr, Answer::OnDone, &a, nullptr, e); },
             e);
       }},
      {"savepoint_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_conn_savepoint_async(c, nullptr, "s", Answer::OnDone, &a, nullptr, e);
             },
             e);
       }},
      {"rollback_to_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_conn_rollback_to_async(c, nullptr, "s", Answer::OnDone, &a, nullptr, e);
             },
             e);
       }},
      {"release_savepoint_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) {
               return dbpool_conn_release_savepoint_async(c, nullptr, "s", Answer::OnDone, &a, nullptr, e);
             },
             e);
       }},
      {"ping_async",
       [](dbpool_conn c, dbpool_error** e) {
         return AnswerOf(
             [&](Answer& a) { return dbpool_conn_ping_async(c, nullptr, 5000, Answer::OnDone, &a, nullptr, e); },
             e);
       }},
      {"cancel", dbpool_conn_cancel},
      {"release", [](dbpool_conn c, dbpool_error**) { return dbpool_release(c); }},
  };
  return calls;
}

std::string EveryDatabase::uri() const {
  if (GetParam() == "memory") return "sqlite::memory:";
  if (GetParam() == "file") return "sqlite:" + dir_.File("capi.db");
  return std::getenv("DBPOOL_TEST_POSTGRES_URL");
}

std::vector<std::string> Databases() {
  std::vector<std::string> databases = {"memory", "file"};
  if (std::getenv("DBPOOL_TEST_POSTGRES_URL")) databases.push_back("postgres");
  return databases;
}

int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    in_child = true;
    alarm(30);  // a child that hangs is a failure, not a hanging test
    _exit(body());
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 100;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

}  // namespace dbp::capi
