#include <atomic>
#include <cstring>
#include <thread>

#include "tests/capi/capi.h"

namespace dbp::capi {
namespace {

class Results : public EveryDatabase {
 protected:
  static dbpool_status Buffered(dbpool_conn conn, const std::string& sql, Result* out) {
    return dbpool_conn_query(conn, sql.c_str(), DBPOOL_NTS, nullptr, 0, nullptr, out->out(), nullptr);
  }
};
DBP_ON_EVERY_DATABASE(Results);

TEST_P(Results, BufferedOutliveLeaseAndPool) {
  Result result;
  {
    const Pool pool = Make();
    const dbpool_conn conn = Borrow(pool);
    ASSERT_STATUS(Buffered(conn, Numbers(1000), &result), DBPOOL_OK);
    EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  }
  dbpool_batch batch;
  int64_t sum = 0;
  while (result.Fetch(0, &batch) == DBPOOL_OK) {
    for (uint32_t i = 0; i < batch.row_count; ++i) sum += batch.cells[i].num.i64;
  }
  EXPECT_EQ(sum, 1000 * 1001 / 2);
  const dbpool_column* columns = nullptr;
  ASSERT_EQ(dbpool_result_columns(result.get(), &columns), 1u);
  EXPECT_STREQ(columns[0].name, "i");
  EXPECT_GT(dbpool_result_elapsed_ns(result.get()), 0);
}

TEST_P(Results, BatchesStayUntilTheNextFetch) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  Result result;
  ASSERT_STATUS(Stream(conn, "select 'first' union all select 'second'", &result), DBPOOL_OK);
  dbpool_batch batch;
  ASSERT_STATUS(result.Fetch(1, &batch), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_EQ(Ask(pool, "select 'another'"), "another");
  ASSERT_EQ(batch.row_count, 1u);
  EXPECT_STREQ(batch.cells[0].data, "first") << "also when the lease is gone";
}

TEST_P(Results, DoneStaysDone) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  for (const bool streamed : {false, true}) {
    Result result;
    ASSERT_STATUS(streamed ? Stream(conn, "select 1", &result) : Buffered(conn, "select 1", &result),
                  DBPOOL_OK);
    dbpool_batch batch;
    ASSERT_STATUS(result.Fetch(5, &batch), DBPOOL_OK);
    for (int i = 0; i < 3; ++i) {
      EXPECT_STATUS(result.Fetch(5, &batch), DBPOOL_DONE);
      EXPECT_EQ(batch.row_count, 0u);
    }
  }
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, OfSeveralStatementsComeOneAfterTheOther) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  Result result;
  ASSERT_STATUS(Buffered(conn, "select 1; select 2 where 1 = 0; select 3, 4", &result), DBPOOL_OK);
  dbpool_batch batch;
  ASSERT_STATUS(result.Fetch(0, &batch), DBPOOL_OK);
  EXPECT_EQ(batch.cells[0].num.i64, 1);
  ASSERT_STATUS(dbpool_result_next(result.get(), nullptr), DBPOOL_OK);
  EXPECT_STATUS(result.Fetch(0, &batch), DBPOOL_DONE);
  ASSERT_STATUS(dbpool_result_next(result.get(), nullptr), DBPOOL_OK);
  EXPECT_EQ(dbpool_result_columns(result.get(), nullptr), 2u);
  ASSERT_STATUS(result.Fetch(0, &batch), DBPOOL_OK);
  EXPECT_EQ(batch.cells[1].num.i64, 4);
  for (int i = 0; i < 2; ++i) {
    EXPECT_STATUS(dbpool_result_next(result.get(), nullptr), DBPOOL_DONE);
  }
  Result streamed;
  EXPECT_STATUS(Stream(conn, "select 1; select 2", &streamed), DBPOOL_ERR_UNSUPPORTED);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, AnOpenStreamKeepsItsLeaseBusy) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  Result result;
  ASSERT_STATUS(Stream(conn, Numbers(100'000), &result), DBPOOL_OK);
  for (const LeaseCall& call : LeaseCalls()) {
    const std::string name = call.name;
    if (name == "release" || name == "cancel") continue;
    EXPECT_STATUS(call.run(conn, nullptr), DBPOOL_ERR_BUSY) << name;
  }
  dbpool_batch batch;
  ASSERT_STATUS(result.Fetch(10, &batch), DBPOOL_OK);
  result.Free();
  EXPECT_EQ(Ask(conn, "select 1"), "1") << "free in mid-stream gives it back";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, AStreamEndsAlsoWhileOtherThreadsTryItsLease) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  for (int i = 0; i < 50; ++i) {
    Result result;
    ASSERT_STATUS(Stream(conn, Numbers(10'000), &result), DBPOOL_OK);
    std::atomic<bool> over{false};
    std::atomic<int> tried{0};
    std::thread other([&] {
      for (; !over; ++tried) (void)dbpool_conn_ping(conn, -1, nullptr);
    });
    EXPECT_TRUE(Await([&] { return tried > 0; }));
    result.Free();
    over = true;
    other.join();
    ASSERT_EQ(Ask(conn, "select 1"), "1");
  }
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, AStreamIsStaleAfterRelease) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_conn conn = Borrow(pool);
  Result result;
  ASSERT_STATUS(Stream(conn, Numbers(100'000), &result), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  const dbpool_conn next = Borrow(pool);
  EXPECT_EQ(Ask(next, "select 1"), "1");
  dbpool_batch batch;
  dbpool_status status;
  Error error;
  do {
    status = result.Fetch(0, &batch, error.out());
  } while (status == DBPOOL_OK);
  EXPECT_STATUS(status, DBPOOL_ERR_STALE);
  EXPECT_EQ(batch.row_count, 0u);
  EXPECT_STATUS(result.Fetch(0, &batch), DBPOOL_ERR_STALE) << "and stays so";
  result.Free();
  EXPECT_EQ(Ask(next, "select 2"), "2") << "the next borrower is not disturbed";
  EXPECT_STATUS(dbpool_release(next), DBPOOL_OK);
}

TEST_P(Results, AStreamedOneShotHoldsAConnectionUntilItsEnd) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_query_options how = {.struct_size = sizeof how, .flags = DBPOOL_QUERY_STREAM};
  const auto start = [&](Result& result) {
    return dbpool_query(pool.get(), Numbers(5000).c_str(), DBPOOL_NTS, nullptr, 0, &how,
                        result.out(), nullptr);
  };
  Result read;
  ASSERT_STATUS(start(read), DBPOOL_OK);
  EXPECT_EQ(Stats(pool).leased, 1u);
  dbpool_batch batch;
  dbpool_status status;
  int64_t rows = 0;
  while ((status = read.Fetch(0, &batch)) == DBPOOL_OK) rows += batch.row_count;
  EXPECT_STATUS(status, DBPOOL_DONE);
  EXPECT_EQ(rows, 5000);
  EXPECT_TRUE(Await([&] { return Stats(pool).leased == 0; })) << "back at DONE";
  Result freed;
  ASSERT_STATUS(start(freed), DBPOOL_OK);
  freed.Free();
  EXPECT_EQ(Ask(pool, "select 1"), "1") << "back at free";
}

TEST_P(Results, SayWhatAStatementDid) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  ASSERT_STATUS(Execute(conn, "create temp table t (x int)"), DBPOOL_OK);
  Result result;
  ASSERT_STATUS(Buffered(conn, "insert into t values (1), (2), (3)", &result), DBPOOL_OK);
  EXPECT_EQ(dbpool_result_affected(result.get()), 3);
  EXPECT_STREQ(dbpool_result_command(result.get()), "INSERT");
  EXPECT_EQ(dbpool_result_last_insert_id(result.get()), postgres() ? 0 : 3);
  EXPECT_EQ(dbpool_result_columns(result.get(), nullptr), 0u);
  ASSERT_STATUS(Buffered(conn, "select x from t", &result), DBPOOL_OK);
  EXPECT_EQ(dbpool_result_affected(result.get()), 0);
  EXPECT_EQ(dbpool_result_params(result.get(), nullptr), 0u);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, OfDescribeHaveParametersAndColumnsAndNoRows) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  Result result;
  ASSERT_STATUS(dbpool_conn_describe(conn, "select $1 as a, $2 as b", DBPOOL_NTS, result.out(), nullptr),
                DBPOOL_OK);
  EXPECT_EQ(dbpool_result_params(result.get(), nullptr), 2u);
  const dbpool_column* columns = nullptr;
  ASSERT_EQ(dbpool_result_columns(result.get(), &columns), 2u);
  EXPECT_STREQ(columns[1].name, "b");
  dbpool_batch batch;
  EXPECT_STATUS(result.Fetch(0, &batch), DBPOOL_DONE);
  EXPECT_STATUS(dbpool_conn_describe(conn, "select 1; select 2", DBPOOL_NTS, result.out(), nullptr),
                DBPOOL_ERR_INVALID);
  EXPECT_EQ(result.get(), nullptr);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, OfAnEmptyTextAreEmpty) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  for (const char* sql : {"", "  ", "-- nothing", ";"}) {
    Result result;
    ASSERT_STATUS(Buffered(conn, sql, &result), DBPOOL_OK) << sql;
    dbpool_batch batch;
    EXPECT_STATUS(result.Fetch(0, &batch), DBPOOL_DONE);
  }
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Results, TheSizeOfTheTextCounts) {
  const Pool pool = Make();
  Result result;
  ASSERT_STATUS(dbpool_query(pool.get(), "select 12345", 9, nullptr, 0, nullptr, result.out(), nullptr),
                DBPOOL_OK);
  dbpool_batch batch;
  ASSERT_STATUS(result.Fetch(0, &batch), DBPOOL_OK);
  EXPECT_EQ(batch.cells[0].num.i64, 12);
}

}  // namespace
}  // namespace dbp::capi
