#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/capi/loop.h"

// A forked child may touch nothing of its parent's, and may make pools of its own. Each child answers 0, or
// the number of the step that went wrong.

namespace dbp::capi {
namespace {

class Forked : public EveryDatabase {
 protected:
  /// What names this session at the server; a constant on SQLite, where a lost session shows otherwise.
  std::string Session(dbpool_conn conn) const {
    return Ask(conn, postgres() ? "select pg_backend_pid()" : "select x from session");
  }
  void MarkSession(dbpool_conn conn) const {
    if (!postgres()) {
      EXPECT_STATUS(Execute(conn, "create temp table session as select 77 as x"), DBPOOL_OK);
    }
  }
};
DBP_ON_EVERY_DATABASE(Forked);

TEST_P(Forked, EveryFunctionIsRefusedInTheChild) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  const int answer = InChild([&] {
    int step = 0;
    for (const PoolCall& call : PoolCalls()) {
      ++step;
      Error error;
      if (call.run(pool.get(), error.out()) != DBPOOL_ERR_FORKED) return step;
      if (std::string(call.name) != "stats" &&
          dbpool_error_code(error.get()) != DBPOOL_ERR_FORKED) {
        return step;
      }
      if (call.run(pool.get(), nullptr) != DBPOOL_ERR_FORKED) return step;
    }
    for (const LeaseCall& call : LeaseCalls()) {
      ++step;
      if (call.run(conn, nullptr) != DBPOOL_ERR_FORKED) return step;
    }
    return dbpool_conn_native(conn) == nullptr ? 0 : 99;
  });
  EXPECT_EQ(answer, 0);
  EXPECT_EQ(Ask(conn, "select 1"), "1");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Forked, UnrefInTheChildAndItsExitLeaveTheParentsSessionAlone) {
  Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_conn conn = Borrow(pool);
  MarkSession(conn);
  const std::string session = Session(conn);
  ASSERT_STATUS(dbpool_conn_begin(conn, nullptr, nullptr), DBPOOL_OK);
  Result stream;
  ASSERT_STATUS(Stream(conn, Numbers(10'000), &stream), DBPOOL_OK);
  const int answer = InChild([&] {
    dbpool_batch batch;
    dbpool_status status;
    do {
      status = stream.Fetch(0, &batch);
    } while (status == DBPOOL_OK);
    if (status != DBPOOL_ERR_FORKED) return 1;
    stream.Free();
    dbpool_ref(pool.get());
    dbpool_unref(pool.get());
    pool.reset();
    return 0;
  });
  EXPECT_EQ(answer, 0);
  dbpool_batch batch;
  uint64_t rows = 0;
  while (stream.Fetch(0, &batch) == DBPOOL_OK) rows += batch.row_count;
  EXPECT_EQ(rows, 10'000u) << "the stream goes on in the parent";
  EXPECT_EQ(Session(conn), session);
  EXPECT_STATUS(dbpool_conn_commit(conn, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(Forked, AChildThatEndsByExitLeavesTheParentsSessionAlone) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_conn conn = Borrow(pool);
  MarkSession(conn);
  const std::string session = Session(conn);
  EXPECT_EQ(InChild([]() -> int { exit(0); }), 0) << "with the handlers of exit()";
  EXPECT_EQ(Session(conn), session);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

/// In a child: a pool of its own, all that needs its background threads included. 0 or the step that failed.
int UseAPoolOfItsOwn(const std::string& uri) {
  const Options options(dbpool_options_new());
  dbpool_options_set(options.get(), "pool_size", "2", nullptr);
  dbpool_options_set(options.get(), "max_overflow", "2", nullptr);
  dbpool_options_set(options.get(), "min_size", "1", nullptr);
  dbpool_options_set(options.get(), "idle_timeout", "50ms", nullptr);
  dbpool* raw = nullptr;
  if (dbpool_create(uri.c_str(), options.get(), &raw, nullptr) != DBPOOL_OK) return 1;
  const Pool pool(raw);
  dbpool_conn conns[4] = {};
  for (dbpool_conn& conn : conns) {
    if (dbpool_acquire(pool.get(), 10'000, &conn, nullptr) != DBPOOL_OK) return 2;
  }
  for (dbpool_conn conn : conns) {
    if (Ask(conn, "select 1") != "1") return 3;
    if (dbpool_release(conn) != DBPOOL_OK) return 4;
  }
  // The keeper and its workers close what is surplus.
  const bool shrunk = Await([&] {
    dbpool_statistics stats = {.struct_size = sizeof stats};
    return dbpool_stats(pool.get(), &stats) == DBPOOL_OK && stats.open == 1 && stats.closed_idle == 3;
  }, 10 * kSecond);
  if (!shrunk) return 5;
  if (dbpool_invalidate(pool.get(), nullptr) != DBPOOL_OK) return 6;
  if (Ask(pool, "select 2") != "2") return 7;
  return dbpool_close(pool.get(), 5'000, nullptr) == DBPOOL_OK ? 0 : 8;
}

TEST_P(Forked, TheChildMakesPoolsOfItsOwn) {
  const Pool pool = Make({{"pool_size", "4"}});  // workers and the keeper run, and idle, in the parent
  EXPECT_EQ(Ask(pool, "select 1"), "1");
  // In memory or in a file of its own: SQLite's locks of one file do not survive a fork.
  const TempDir dir;
  const std::string uri =
      GetParam() == "file" ? "sqlite:" + dir.File("child.db") : this->uri();
  EXPECT_EQ(InChild([&] { return UseAPoolOfItsOwn(uri); }), 0);
  EXPECT_EQ(Ask(pool, "select 2"), "2");
}

TEST_P(Forked, AGrandchildToo) {
  const Pool pool = Make();
  EXPECT_EQ(Ask(pool, "select 1"), "1");
  const TempDir dir;
  const std::string uri =
      GetParam() == "file" ? "sqlite:" + dir.File("child.db") : this->uri();
  EXPECT_EQ(InChild([&] {
              if (const int step = UseAPoolOfItsOwn(uri)) return step;
              const Pool mine = MakePool(uri);
              return InChild([&] {
                if (dbpool_health(mine.get(), 0, nullptr) != DBPOOL_ERR_FORKED) return 20;
                if (dbpool_health(pool.get(), 0, nullptr) != DBPOOL_ERR_FORKED) return 21;
                return UseAPoolOfItsOwn(GetParam() == "file" ? uri + "2" : uri);
              });
            }),
            0);
}

TEST_P(Forked, ManyForksWhileThreadsWork) {
  const Pool pool = Make({{"pool_size", "2"}});
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      EXPECT_EQ(Ask(pool, "select 1"), "1");
      EXPECT_STATUS(dbpool_invalidate(pool.get(), nullptr), DBPOOL_OK);
    }
  });
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(InChild([&] { return dbpool_health(pool.get(), -1, nullptr) == DBPOOL_ERR_FORKED ? 0 : 1; }),
              0);
  }
  stop = true;
  busy.join();
}

TEST(ForkedLoops, BelongToTheParentAndTheChildMakesItsOwn) {
  const Loop external = MakeLoop(DBPOOL_LOOP_EXTERNAL), thread = MakeLoop(DBPOOL_LOOP_THREAD);
  std::atomic<int> opened{0};
  const auto count = [](void* n, const dbpool_event*) { ++*static_cast<std::atomic<int>*>(n); };
  const auto open_on = [&](dbpool_loop* loop) {
    Pool pool = MakePool("sqlite::memory:?lazy=true&pool_size=1");
    const dbpool_status status = dbpool_watch(pool.get(), loop, count, &opened, nullptr, nullptr, nullptr);
    dbpool_release(Borrow(pool));
    return status;
  };
  ASSERT_STATUS(open_on(nullptr), DBPOOL_OK);  // the shared one runs
  ASSERT_STATUS(open_on(external.get()), DBPOOL_OK);
  ASSERT_TRUE(Await([&] { return opened == 2; }));  // opened and closed, on the shared one
  const int answer = InChild([&] {
    if (dbpool_loop_dispatch(external.get(), 0) != DBPOOL_ERR_FORKED) return 1;
    if (dbpool_loop_fd(external.get()) != -1) return 2;
    if (open_on(external.get()) != DBPOOL_ERR_FORKED) return 3;
    if (open_on(thread.get()) != DBPOOL_ERR_FORKED) return 4;
    dbpool_loop_free(external.get());
    dbpool_loop_free(thread.get());
    opened = 0;
    if (open_on(nullptr) != DBPOOL_OK) return 5;
    return Await([&] { return opened == 2; }) ? 0 : 6;
  });
  EXPECT_EQ(answer, 0);
  opened = 0;
  ASSERT_STATUS(open_on(thread.get()), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return opened == 2; }));
  ASSERT_TRUE(Readable(dbpool_loop_fd(external.get()))) << "as it was before the fork";
  EXPECT_STATUS(dbpool_loop_dispatch(external.get(), 0), DBPOOL_OK);
  EXPECT_EQ(opened, 4);
}

}  // namespace
}  // namespace dbp::capi
