#include <atomic>
#include <thread>

#include "tests/capi/capi.h"

namespace dbp::capi {
namespace {

using Pipeline = std::unique_ptr<dbpool_pipeline, FreeBy<dbpool_pipeline_free>>;

Pipeline MakePipeline(uint32_t flags = 0, const std::vector<std::string>& statements = {}) {
  dbpool_pipeline* raw = nullptr;
  EXPECT_STATUS(dbpool_pipeline_create(flags, &raw, nullptr), DBPOOL_OK);
  Pipeline pipeline(raw);
  for (const std::string& sql : statements) {
    EXPECT_STATUS(dbpool_pipeline_add(raw, sql.c_str(), DBPOOL_NTS, nullptr, 0, nullptr), DBPOOL_OK);
  }
  return pipeline;
}

dbpool_value Number(int64_t i) {
  dbpool_value value = {};
  value.type = DBPOOL_INT64;
  value.num.i64 = i;
  return value;
}

class Pipelines : public EveryDatabase {
 protected:
  void SetUp() override {
    pool_ = Make({{"pool_size", "2"}, {"max_overflow", "0"}});
    Ask(pool_, "drop table if exists capi_pipe");
    ASSERT_EQ(Ask(pool_, "create table capi_pipe (x int primary key)"), "DBPOOL_DONE");
    conn_ = Borrow(pool_);
  }
  void TearDown() override {
    EXPECT_STATUS(dbpool_release(conn_), DBPOOL_OK);
    EXPECT_EQ(Ask(pool_, "drop table capi_pipe"), "DBPOOL_DONE");
  }
  dbpool_status Run(const Pipeline& pipeline, uint32_t flags = 0, int64_t timeout_ms = 0) {
    dbpool_query_options how = {sizeof how, timeout_ms, flags};
    return dbpool_pipeline_run(pipeline.get(), conn_, &how, error_.out());
  }
  /// What statement `index` answered: the first cell of its first row, or status and SQLSTATE.
  std::string Answer(const Pipeline& pipeline, size_t index) {
    Result result;
    Error error;
    const dbpool_status status =
        dbpool_pipeline_result(pipeline.get(), index, result.out(), error.out());
    if (status != DBPOOL_OK) {
      EXPECT_EQ(result.get(), nullptr);
      return dbpool_status_name(status) + (" " + error.sqlstate());
    }
    dbpool_batch batch;
    if (result.Fetch(1, &batch) != DBPOOL_OK) return "";
    char text[64];
    dbpool_value_format(batch.cells, text, sizeof text);
    return text;
  }
  std::string Slow() const {
    return postgres() ? "select pg_sleep(600)" : "select count(*) from (" + Numbers(2'000'000'000) + ")";
  }
  std::string Rows() { return Ask(pool_, "select count(*) from capi_pipe"); }

  Pool pool_;
  dbpool_conn conn_ = 0;
  Error error_;
};
DBP_ON_EVERY_DATABASE(Pipelines);

TEST_P(Pipelines, GiveEachStatementItsAnswerInOrder) {
  const Pipeline pipeline = MakePipeline();
  for (int i = 0; i < 300; ++i) {
    const dbpool_value param = Number(i);
    const char* sql = i % 2 ? "select $1 + 1" : "insert into capi_pipe values ($1) returning x";
    ASSERT_STATUS(dbpool_pipeline_add(pipeline.get(), sql, DBPOOL_NTS, &param, 1, nullptr), DBPOOL_OK);
  }
  EXPECT_EQ(dbpool_pipeline_size(pipeline.get()), 300u);
  ASSERT_STATUS(Run(pipeline), DBPOOL_OK);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(Answer(pipeline, i), std::to_string(i % 2 ? i + 1 : i));
  EXPECT_EQ(Rows(), "150");
}

TEST_P(Pipelines, CopyWhatTheyAreGiven) {
  const Pipeline pipeline = MakePipeline();
  std::string sql = "select $1 || $2", text = "some text";
  dbpool_value params[2] = {};
  params[0] = {text.data(), static_cast<uint32_t>(text.size()), DBPOOL_TEXT, 0, 0, {0}};
  params[1] = {nullptr, 0, DBPOOL_TEXT, 0, 0, {0}};
  ASSERT_STATUS(dbpool_pipeline_add(pipeline.get(), sql.data(), sql.size(), params, 2, nullptr), DBPOOL_OK);
  sql.assign(sql.size(), '?');
  text.assign(text.size(), '?');
  params[0] = params[1] = {};
  ASSERT_STATUS(Run(pipeline), DBPOOL_OK);
  EXPECT_EQ(Answer(pipeline, 0), "some text");
}

TEST_P(Pipelines, OneByOneAFailureFailsAlone) {
  const Pipeline pipeline = MakePipeline(0, {"insert into capi_pipe values (1)", "selec 1",
                                             "insert into capi_pipe values (2)", "select 4711"});
  EXPECT_STATUS(Run(pipeline), DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "42601") << "the first that failed";
  EXPECT_EQ(Answer(pipeline, 0), "");
  EXPECT_EQ(Answer(pipeline, 1), "DBPOOL_ERR_SQL 42601");
  EXPECT_EQ(Answer(pipeline, 1), "DBPOOL_ERR_SQL 42601") << "as often as one asks";
  EXPECT_EQ(Answer(pipeline, 3), "4711");
  EXPECT_EQ(Rows(), "2");
}

TEST_P(Pipelines, AsATransactionAllOrNothing) {
  const Pipeline good = MakePipeline(DBPOOL_PIPELINE_TRANSACTION,
                                     {"insert into capi_pipe values (1)", "select count(*) from capi_pipe"});
  EXPECT_STATUS(Run(good), DBPOOL_OK);
  EXPECT_EQ(Answer(good, 1), "1");
  EXPECT_EQ(Rows(), "1");

  const Pipeline bad = MakePipeline(DBPOOL_PIPELINE_TRANSACTION,
                                    {"insert into capi_pipe values (2)", "select 5",
                                     "insert into capi_pipe values (1)", "insert into capi_pipe values (3)"});
  EXPECT_STATUS(Run(bad), DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), postgres() ? "23505" : error_.sqlstate());
  EXPECT_EQ(Answer(bad, 0), "DBPOOL_ERR_SQL 40000") << "undone";
  EXPECT_EQ(Answer(bad, 1), "DBPOOL_ERR_SQL 40000");
  EXPECT_EQ(Answer(bad, 2), "DBPOOL_ERR_SQL " + error_.sqlstate());
  EXPECT_EQ(Answer(bad, 3), "DBPOOL_ERR_SQL 25P02") << "not run";
  EXPECT_EQ(Rows(), "1");
  EXPECT_STATUS(dbpool_conn_commit(conn_, error_.out()), DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "25P01") << "no transaction is left open";
}

TEST_P(Pipelines, InsideATransactionUndoTheirOwnWorkAlone) {
  ASSERT_STATUS(dbpool_conn_begin(conn_, nullptr, nullptr), DBPOOL_OK);
  ASSERT_STATUS(Execute(conn_, "insert into capi_pipe values (1)"), DBPOOL_OK);
  const Pipeline bad = MakePipeline(DBPOOL_PIPELINE_TRANSACTION,
                                    {"insert into capi_pipe values (2)", "insert into capi_pipe values (1)"});
  EXPECT_STATUS(Run(bad), DBPOOL_ERR_SQL);
  const Pipeline good = MakePipeline(DBPOOL_PIPELINE_TRANSACTION, {"insert into capi_pipe values (3)"});
  EXPECT_STATUS(Run(good), DBPOOL_OK);
  EXPECT_STATUS(dbpool_conn_commit(conn_, nullptr), DBPOOL_OK);
  EXPECT_EQ(Ask(pool_, "select sum(x) from capi_pipe"), "4");
}

TEST_P(Pipelines, InsideATransactionOneByOneAreAnyStatementsOfIt) {
  ASSERT_STATUS(dbpool_conn_begin(conn_, nullptr, nullptr), DBPOOL_OK);
  const Pipeline pipeline = MakePipeline(0, {"insert into capi_pipe values (1)", "selec 1", "select 1"});
  EXPECT_STATUS(Run(pipeline), DBPOOL_ERR_SQL);
  EXPECT_EQ(Answer(pipeline, 2), postgres() ? "DBPOOL_ERR_SQL 25P02" : "1");
  EXPECT_STATUS(dbpool_conn_rollback(conn_, nullptr), DBPOOL_OK);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Pipelines, ThatPromiseToReadCannotWrite) {
  for (const uint32_t flags : {0u, uint32_t{DBPOOL_PIPELINE_TRANSACTION}}) {
    const Pipeline pipeline =
        MakePipeline(flags, {"select 1", "insert into capi_pipe values (1)", "select 2"});
    EXPECT_STATUS(Run(pipeline, DBPOOL_QUERY_READ_ONLY), DBPOOL_ERR_SQL);
    EXPECT_EQ(error_.sqlstate(), "25006");
    EXPECT_EQ(Answer(pipeline, 1), "DBPOOL_ERR_SQL 25006");
    EXPECT_EQ(Answer(pipeline, 2), flags ? "DBPOOL_ERR_SQL 25P02" : "2");
    EXPECT_EQ(Rows(), "0");
  }
  EXPECT_STATUS(Execute(conn_, "insert into capi_pipe values (1)"), DBPOOL_OK) << "the lease may write";
}

TEST_P(Pipelines, RefuseToEndTheirOwnTransaction) {
  const Pipeline pipeline = MakePipeline(DBPOOL_PIPELINE_TRANSACTION);
  for (const char* sql : {"commit", " /* c */ Rollback", "begin", "end", "savepoint a", "release a",
                          "abort", "start transaction", "; commit", "prepare transaction 'x'"}) {
    EXPECT_STATUS(dbpool_pipeline_add(pipeline.get(), sql, DBPOOL_NTS, nullptr, 0, nullptr),
                  DBPOOL_ERR_INVALID)
        << sql;
  }
  EXPECT_EQ(dbpool_pipeline_size(pipeline.get()), 0u);
}

TEST_P(Pipelines, RunAgainAndAreFilledAnew) {
  const Pipeline pipeline = MakePipeline(DBPOOL_PIPELINE_TRANSACTION, {"select 1", "selec 2"});
  EXPECT_STATUS(Run(pipeline), DBPOOL_ERR_SQL);
  EXPECT_STATUS(Run(pipeline), DBPOOL_ERR_SQL);
  EXPECT_STATUS(dbpool_pipeline_reset(pipeline.get()), DBPOOL_OK);
  EXPECT_EQ(dbpool_pipeline_size(pipeline.get()), 0u);
  EXPECT_STATUS(Run(pipeline), DBPOOL_OK) << "of nothing";
  ASSERT_STATUS(dbpool_pipeline_add(pipeline.get(), "select 3", DBPOOL_NTS, nullptr, 0, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_pipeline_result(pipeline.get(), 0, nullptr, nullptr), DBPOOL_ERR_INVALID)
      << "not run yet";
  for (int time = 0; time < 3; ++time) {
    ASSERT_STATUS(Run(pipeline), DBPOOL_OK);
    EXPECT_STATUS(dbpool_pipeline_result(pipeline.get(), 0, nullptr, nullptr), DBPOOL_OK);
    EXPECT_EQ(Answer(pipeline, 0), "3");
    EXPECT_EQ(Answer(pipeline, 0), "DBPOOL_ERR_INVALID ") << "taken";
  }
}

TEST_P(Pipelines, ResultsOutliveThePipelineAndTheLease) {
  Pipeline pipeline = MakePipeline(0, {"select 42"});
  ASSERT_STATUS(Run(pipeline), DBPOOL_OK);
  Result result;
  ASSERT_STATUS(dbpool_pipeline_result(pipeline.get(), 0, result.out(), nullptr), DBPOOL_OK);
  pipeline.reset();
  EXPECT_STATUS(dbpool_release(conn_), DBPOOL_OK);
  conn_ = Borrow(pool_);
  dbpool_batch batch;
  ASSERT_STATUS(result.Fetch(1, &batch), DBPOOL_OK);
  EXPECT_EQ(batch.cells[0].num.i64, 42);
}

TEST_P(Pipelines, EndAtTheirDeadline) {
  for (const uint32_t flags : {0u, uint32_t{DBPOOL_PIPELINE_TRANSACTION}}) {
    const Pipeline pipeline = MakePipeline(flags, {"insert into capi_pipe values (1)", Slow(), "select 1"});
    EXPECT_STATUS(Run(pipeline, 0, 50), DBPOOL_ERR_TIMEOUT);
    EXPECT_EQ(Answer(pipeline, 1).substr(0, 18), "DBPOOL_ERR_TIMEOUT");
    EXPECT_STATUS(dbpool_release(conn_), DBPOOL_OK);  // it may have been given up
    conn_ = Borrow(pool_);
    EXPECT_EQ(Rows(), flags ? "0" : "1");
    EXPECT_STATUS(Execute(conn_, "delete from capi_pipe"), DBPOOL_OK);
  }
}

TEST_P(Pipelines, AreCancelledWithTheirStatement) {
  const Pipeline pipeline = MakePipeline(DBPOOL_PIPELINE_TRANSACTION,
                                         {"insert into capi_pipe values (1)", Slow(), "select 1"});
  dbpool_status answer = DBPOOL_PENDING;
  std::atomic<bool> over{false};
  std::thread runs([&] {
    answer = Run(pipeline);
    over = true;
  });
  EXPECT_TRUE(Await([&] {
    EXPECT_STATUS(dbpool_conn_cancel(conn_, nullptr), DBPOOL_OK);
    return over.load();
  }));
  runs.join();
  EXPECT_STATUS(answer, DBPOOL_ERR_CANCELLED);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Pipelines, WhileOneRunsItAndItsLeaseAreBusy) {
  const Pipeline pipeline = MakePipeline(0, {Slow()});
  std::atomic<bool> over{false};
  std::thread runs([&] {
    dbpool_status answer;
    do {
      answer = Run(pipeline);
    } while (answer == DBPOOL_ERR_BUSY);  // the look below is in the way
    EXPECT_STATUS(answer, DBPOOL_ERR_CANCELLED);
    over = true;
  });
  // Refused without a word to the server, for want of a transaction, or because the lease is in use.
  EXPECT_TRUE(Await([&] { return dbpool_conn_savepoint(conn_, "s", nullptr) == DBPOOL_ERR_BUSY; }));
  Error error;
  EXPECT_STATUS(dbpool_pipeline_run(pipeline.get(), conn_, nullptr, error.out()), DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_pipeline_add(pipeline.get(), "select 1", DBPOOL_NTS, nullptr, 0, nullptr), DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_pipeline_result(pipeline.get(), 0, nullptr, nullptr), DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_pipeline_reset(pipeline.get()), DBPOOL_ERR_BUSY);
  const Pipeline other = MakePipeline(0, {"select 1"});
  EXPECT_STATUS(dbpool_pipeline_run(other.get(), conn_, nullptr, nullptr), DBPOOL_ERR_BUSY);
  EXPECT_TRUE(Await([&] {
    (void)dbpool_conn_cancel(conn_, nullptr);
    return over.load();
  }));
  runs.join();
}

TEST_P(Pipelines, WantALeaseThatIsFree) {
  const Pipeline pipeline = MakePipeline(0, {"select 1"});
  Result stream;
  ASSERT_STATUS(Stream(conn_, Numbers(100'000), &stream), DBPOOL_OK);
  EXPECT_STATUS(Run(pipeline), DBPOOL_ERR_BUSY);
  stream.Free();
  EXPECT_STATUS(Run(pipeline), DBPOOL_OK) << error_.message();
  EXPECT_STATUS(dbpool_pipeline_run(pipeline.get(), 0, nullptr, nullptr), DBPOOL_ERR_STALE);
  EXPECT_STATUS(dbpool_pipeline_result(pipeline.get(), 0, nullptr, nullptr), DBPOOL_ERR_INVALID)
      << "a run that did not begin has no results";
}

/// Waits for one callback.
struct Answered {
  std::atomic<dbpool_status> status{DBPOOL_PENDING};
  std::atomic<int> times{0};
  std::function<void()> then = [] {};
  static void Callback(void* self, dbpool_status status, dbpool_error* error) {
    auto& answered = *static_cast<Answered*>(self);
    dbpool_error_free(error);
    answered.then();
    answered.status = status;
    ++answered.times;
  }
  dbpool_status Wait() {
    EXPECT_TRUE(Await([&] { return times.load() > 0; }));
    return status;
  }
};

TEST_P(Pipelines, RunOnALoopAndAgainFromTheirCallback) {
  const Pipeline pipeline = MakePipeline(DBPOOL_PIPELINE_TRANSACTION, {"insert into capi_pipe values (1)", "select 7"});
  Answered first, second;
  first.then = [&] {
    EXPECT_EQ(Answer(pipeline, 1), "7");
    EXPECT_STATUS(dbpool_pipeline_run_async(pipeline.get(), conn_, nullptr, nullptr, Answered::Callback,
                                            &second, nullptr, nullptr),
                  DBPOOL_PENDING);
  };
  dbpool_op op = 0;
  ASSERT_STATUS(dbpool_pipeline_run_async(pipeline.get(), conn_, nullptr, nullptr, Answered::Callback,
                                          &first, &op, nullptr),
                DBPOOL_PENDING);
  EXPECT_NE(op, 0u);
  EXPECT_STATUS(first.Wait(), DBPOOL_OK);
  EXPECT_STATUS(second.Wait(), DBPOOL_ERR_SQL) << "the key is there now";
  EXPECT_EQ(Answer(pipeline, 1), "DBPOOL_ERR_SQL 25P02");
  EXPECT_EQ(Rows(), "1");
}

TEST_P(Pipelines, AreCancelledOnTheirLoop) {
  const Pipeline pipeline = MakePipeline(DBPOOL_PIPELINE_TRANSACTION, {"insert into capi_pipe values (1)", Slow()});
  Answered answered;
  dbpool_op op = 0;
  ASSERT_STATUS(dbpool_pipeline_run_async(pipeline.get(), conn_, nullptr, nullptr, Answered::Callback,
                                          &answered, &op, nullptr),
                DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_pipeline_reset(pipeline.get()), DBPOOL_ERR_BUSY);
  EXPECT_TRUE(Await([&] {
    (void)dbpool_op_cancel(op);  // again and again: the statement may not have begun
    return answered.times.load() > 0;
  }));
  EXPECT_STATUS(answered.Wait(), DBPOOL_ERR_CANCELLED);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Pipelines, MayBeFreedWhileTheyRun) {
  Pipeline pipeline = MakePipeline(0, {"select 1", "insert into capi_pipe values (1)"});
  Answered answered;
  ASSERT_STATUS(dbpool_pipeline_run_async(pipeline.get(), conn_, nullptr, nullptr, Answered::Callback,
                                          &answered, nullptr, nullptr),
                DBPOOL_PENDING);
  pipeline.reset();
  EXPECT_STATUS(answered.Wait(), DBPOOL_OK);
  EXPECT_EQ(Rows(), "1");
}

TEST(PipelineMisuse, IsAStatus) {
  const Pool pool = MakePool("sqlite::memory:");
  const dbpool_conn conn = Borrow(pool);
  const Pipeline pipeline = MakePipeline(0, {"select 1"});
  const dbpool_query_options stream = {sizeof stream, 0, DBPOOL_QUERY_STREAM};
  const dbpool_query_options unknown = {sizeof unknown, 0, 1u << 30};
  const dbpool_query_options no_size = {};
  const dbpool_value value = {};
  const auto add = [&](const char* sql, size_t size, const dbpool_value* params, size_t count) {
    return dbpool_pipeline_add(pipeline.get(), sql, size, params, count, nullptr);
  };
  dbpool_pipeline* out = nullptr;
  dbpool_result* result = nullptr;
  for (const dbpool_status status :
       {dbpool_pipeline_create(2, &out, nullptr), dbpool_pipeline_create(0, nullptr, nullptr),
        add(nullptr, 0, nullptr, 0), add("a\0b", 3, nullptr, 0), add("select 1", 8, nullptr, 1),
        add("select 1", 8, &value, 65536),
        dbpool_pipeline_add(nullptr, "select 1", 8, nullptr, 0, nullptr),
        dbpool_pipeline_run(nullptr, conn, nullptr, nullptr),
        dbpool_pipeline_run(pipeline.get(), conn, &stream, nullptr),
        dbpool_pipeline_run(pipeline.get(), conn, &unknown, nullptr),
        dbpool_pipeline_run(pipeline.get(), conn, &no_size, nullptr),
        dbpool_pipeline_run_async(nullptr, conn, nullptr, nullptr, Answered::Callback, nullptr, nullptr, nullptr),
        dbpool_pipeline_run_async(pipeline.get(), conn, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
        dbpool_pipeline_run_async(pipeline.get(), conn, nullptr, &stream, Answered::Callback, nullptr, nullptr, nullptr),
        dbpool_pipeline_result(nullptr, 0, &result, nullptr),
        dbpool_pipeline_result(pipeline.get(), 0, &result, nullptr),
        dbpool_pipeline_result(pipeline.get(), 7, &result, nullptr)}) {
    EXPECT_STATUS(status, DBPOOL_ERR_INVALID);
  }
  EXPECT_EQ(out, nullptr);
  EXPECT_EQ(result, nullptr);
  EXPECT_EQ(dbpool_pipeline_size(nullptr), 0u);
  EXPECT_EQ(dbpool_pipeline_size(pipeline.get()), 1u);
  EXPECT_STATUS(dbpool_pipeline_reset(nullptr), DBPOOL_OK);
  dbpool_pipeline_free(nullptr);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST(PipelineMisuse, MoreThanItHoldsIsRefused) {
  const Pipeline pipeline = MakePipeline();
  for (int i = 0; i < DBPOOL_PIPELINE_MAX_STATEMENTS; ++i) {
    ASSERT_STATUS(dbpool_pipeline_add(pipeline.get(), "select 1", 8, nullptr, 0, nullptr), DBPOOL_OK);
  }
  EXPECT_STATUS(dbpool_pipeline_add(pipeline.get(), "select 1", 8, nullptr, 0, nullptr), DBPOOL_ERR_INVALID);
  EXPECT_EQ(dbpool_pipeline_size(pipeline.get()), size_t{DBPOOL_PIPELINE_MAX_STATEMENTS});
}

}  // namespace
}  // namespace dbp::capi
