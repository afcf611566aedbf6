#include <thread>

#include "tests/capi/capi.h"

// After close, and after the last reference.

namespace dbp::capi {
namespace {

class Closed : public EveryDatabase {};
DBP_ON_EVERY_DATABASE(Closed);

TEST_P(Closed, EveryFunctionOnAClosedPool) {
  const Pool pool = Make();
  ASSERT_STATUS(dbpool_close(pool.get(), 10'000, nullptr), DBPOOL_OK);
  for (const PoolCall& call : PoolCalls()) {
    const std::string name = call.name;
    const bool always = name.starts_with("close") || name == "stats";
    Error error;
    EXPECT_STATUS(call.run(pool.get(), error.out()), always ? DBPOOL_OK : DBPOOL_ERR_CLOSED) << name;
    EXPECT_STATUS(call.run(pool.get(), nullptr), always ? DBPOOL_OK : DBPOOL_ERR_CLOSED) << name;
  }
  EXPECT_EQ(Stats(pool).open, 0u);
}

TEST_P(Closed, ALeaseThatWasCutOffIsBrokenAndCanBeReleased) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  Error error;
  EXPECT_STATUS(dbpool_close(pool.get(), 0, error.out()), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(dbpool_error_phase(error.get()), uint32_t{DBPOOL_PHASE_CLOSE});
  for (const LeaseCall& call : LeaseCalls()) {
    const std::string name = call.name;
    const bool fine = name == "release" || name == "cancel";
    EXPECT_STATUS(call.run(conn, nullptr), fine ? DBPOOL_OK : DBPOOL_ERR_BROKEN) << name;
  }
  EXPECT_EQ(dbpool_conn_native(conn), nullptr);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_ERR_STALE);
  EXPECT_TRUE(Await([&] { return Stats(pool).open == 0; }));
}

TEST_P(Closed, AReleaseInTimeMakesCloseSucceed) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  std::thread other([&] {
    EXPECT_TRUE(Await([&] {
      dbpool_conn none = 0;
      return dbpool_acquire(pool.get(), 0, &none, nullptr) == DBPOOL_ERR_CLOSED ||
             dbpool_release(none) != DBPOOL_OK;
    }));
    EXPECT_EQ(Ask(conn, "select 1"), "1") << "a lease stays good while close waits for it";
    EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  });
  EXPECT_STATUS(dbpool_close(pool.get(), INT64_MAX, nullptr), DBPOOL_OK);
  other.join();
}

TEST_P(Closed, TheLastUnrefWithLeasesOutLeavesThemHarmless) {
  Pool pool = Make({{"pool_size", "2"}});
  const dbpool_conn a = Borrow(pool), b = Borrow(pool);
  ASSERT_STATUS(dbpool_conn_begin(a, nullptr, nullptr), DBPOOL_OK);
  pool.reset();
  EXPECT_STATUS(Execute(a, "select 1"), DBPOOL_ERR_BROKEN);
  EXPECT_STATUS(dbpool_release(a), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(a), DBPOOL_ERR_STALE);
  EXPECT_STATUS(dbpool_release(b), DBPOOL_OK);
}

TEST_P(Closed, AReferenceKeepsThePoolOpen) {
  Pool pool = Make();
  Pool second(dbpool_ref(pool.get()));
  pool.reset();
  EXPECT_EQ(Ask(second, "select 2"), "2");
}

TEST_P(Closed, UnrefWithoutCloseEndsAWaitersPoolNot) {
  Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_conn conn = Borrow(pool);
  std::thread waiter([mine = Pool(dbpool_ref(pool.get()))] {
    dbpool_conn got = 0;
    EXPECT_STATUS(dbpool_acquire(mine.get(), INT64_MAX, &got, nullptr), DBPOOL_OK);
    EXPECT_STATUS(dbpool_release(got), DBPOOL_OK);
  });
  ASSERT_TRUE(Await([&] { return Stats(pool).waiting == 1; }));
  pool.reset();
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  waiter.join();
}

TEST_P(Closed, CloseFailsThoseWhoWait) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_conn conn = Borrow(pool);
  std::thread waiter([&] {
    dbpool_conn got = 1;
    EXPECT_STATUS(dbpool_acquire(pool.get(), INT64_MAX, &got, nullptr), DBPOOL_ERR_CLOSED);
    EXPECT_EQ(got, 0u);
  });
  ASSERT_TRUE(Await([&] { return Stats(pool).waiting == 1; }));
  EXPECT_STATUS(dbpool_close(pool.get(), 0, nullptr), DBPOOL_ERR_TIMEOUT);
  waiter.join();
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Closed, AStreamedOneShotOutlivesItsPool) {
  Pool pool = Make();
  Result result;
  const dbpool_query_options how = {.struct_size = sizeof how, .flags = DBPOOL_QUERY_STREAM};
  ASSERT_STATUS(dbpool_query(pool.get(), Numbers(100'000).c_str(), DBPOOL_NTS, nullptr, 0, &how,
                             result.out(), nullptr),
                DBPOOL_OK);
  pool.reset();
  dbpool_batch batch;
  dbpool_status status;
  do {
    status = result.Fetch(0, &batch);
  } while (status == DBPOOL_OK);
  EXPECT_STATUS(status, DBPOOL_ERR_BROKEN);
}

}  // namespace
}  // namespace dbp::capi
