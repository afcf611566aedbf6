#include <atomic>
#include <functional>
#include <thread>

#include "tests/capi/capi.h"

namespace dbp::capi {
namespace {

/// What the hooks saw, and what they shall answer.
struct Log {
  std::atomic<int> opened{0}, lent{0}, returned{0}, closed{0};
  std::atomic<uint32_t> reason{0};
  std::atomic<dbpool_status> open_verdict{DBPOOL_OK}, lend_verdict{DBPOOL_OK};
  std::atomic<dbpool_conn> last{0};
  std::string in_opened;  ///< SQL
  std::function<void()> during_lent;
};

Log& LogOf(void* user_data) { return *static_cast<Log*>(user_data); }

const dbpool_hooks kHooks = {
    .struct_size = sizeof(dbpool_hooks),
    .opened =
        [](void* user_data, dbpool_conn conn) -> dbpool_status {
          Log& log = LogOf(user_data);
          ++log.opened;
          log.last = conn;
          if (!log.in_opened.empty()) {
            EXPECT_STATUS(Execute(conn, log.in_opened), DBPOOL_OK);
          }
          return log.open_verdict;
        },
    .lent =
        [](void* user_data, dbpool_conn conn) -> dbpool_status {
          Log& log = LogOf(user_data);
          ++log.lent;
          log.last = conn;
          EXPECT_EQ(Ask(conn, "select 7"), "7");
          if (log.during_lent) log.during_lent();
          EXPECT_STATUS(dbpool_release(conn), DBPOOL_ERR_STALE) << "not theirs to release";
          return log.lend_verdict;
        },
    .returned =
        [](void* user_data, dbpool_conn conn) {
          ++LogOf(user_data).returned;
          EXPECT_EQ(Ask(conn, "select 8"), "8");
        },
    .closed =
        [](void* user_data, uint32_t reason) {
          LogOf(user_data).reason = reason;
          ++LogOf(user_data).closed;
        },
};

class Hooks : public EveryDatabase {
 protected:
  dbpool_status Create(const Settings& settings) {
    const Options options = MakeOptions(settings);
    dbpool_hooks hooks = kHooks;
    hooks.user_data = &log_;
    EXPECT_STATUS(dbpool_options_set_hooks(options.get(), &hooks, nullptr), DBPOOL_OK);
    dbpool* pool = nullptr;
    const dbpool_status status =
        dbpool_create(uri().c_str(), options.get(), &pool, error_.out());
    pool_.reset(pool);
    return status;
  }
  const Settings one_ = {{"pool_size", "1"}, {"max_overflow", "0"}};

  Log log_;
  Error error_;
  Pool pool_;
};
DBP_ON_EVERY_DATABASE(Hooks);

TEST_P(Hooks, SeeEachStepOfAConnectionsLife) {
  ASSERT_STATUS(Create(one_), DBPOOL_OK) << error_.message();
  EXPECT_EQ(log_.opened, 1);
  const dbpool_conn conn = Borrow(pool_);
  EXPECT_EQ(log_.lent, 1);
  EXPECT_NE(log_.last, conn) << "a hook's token is for its call only";
  EXPECT_STATUS(Execute(log_.last, "select 1"), DBPOOL_ERR_STALE);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_EQ(log_.returned, 1);
  EXPECT_STATUS(dbpool_close(pool_.get(), 10'000, nullptr), DBPOOL_OK);
  EXPECT_EQ(log_.closed, 1);
  EXPECT_EQ(log_.reason, uint32_t{DBPOOL_CLOSED_POOL});
}

TEST_P(Hooks, PrepareASessionInOpened) {
  log_.in_opened = "create temp table prepared as select 42 as x";
  Settings settings = one_;
  settings.push_back({"reset", "rollback"});  // a temporary table is what `smart` cleans away
  ASSERT_STATUS(Create(settings), DBPOOL_OK) << error_.message();
  EXPECT_EQ(Ask(pool_, "select x from prepared"), "42");
  EXPECT_EQ(Ask(pool_, "select x from prepared"), "42") << "it is part of the session";
}

TEST_P(Hooks, RefuseANewConnection) {
  log_.open_verdict = DBPOOL_ERR_SQL;
  EXPECT_STATUS(Create(one_), DBPOOL_ERR_CONNECT);
  EXPECT_NE(error_.message().find("hook"), std::string::npos) << error_.message();
  EXPECT_EQ(pool_, nullptr);
}

TEST_P(Hooks, RefusedOnceTheCallerGetsAnother) {
  ASSERT_STATUS(Create(one_), DBPOOL_OK);
  log_.lend_verdict = DBPOOL_DONE;
  dbpool_conn conn = 1;
  EXPECT_STATUS(dbpool_acquire(pool_.get(), 200, &conn, error_.out()), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(conn, 0u);
  EXPECT_GT(log_.lent, 1) << "one after the other until the deadline";
  log_.lend_verdict = DBPOOL_OK;
  EXPECT_EQ(Ask(pool_, "select 9"), "9");
  EXPECT_TRUE(Await([&] { return log_.closed > 0; }));
  EXPECT_EQ(log_.reason, uint32_t{DBPOOL_CLOSED_HOOK});
  EXPECT_GT(Stats(pool_).closed_hook, 0u);
}

TEST_P(Hooks, ThatRunWhileThePoolIsClosedLendNothing) {
  std::atomic<bool> inside{false}, closed{false};
  log_.during_lent = [&] {
    inside = true;
    EXPECT_TRUE(Await([&] { return closed.load(); }));
  };
  ASSERT_STATUS(Create(one_), DBPOOL_OK);
  std::thread borrows([&] {
    dbpool_conn conn = 1;
    EXPECT_STATUS(dbpool_acquire(pool_.get(), 10'000, &conn, nullptr), DBPOOL_ERR_CLOSED);
    EXPECT_EQ(conn, 0u);
  });
  EXPECT_TRUE(Await([&] { return inside.load(); }));
  EXPECT_STATUS(dbpool_close(pool_.get(), 0, nullptr), DBPOOL_ERR_TIMEOUT);
  closed = true;
  borrows.join();
  EXPECT_TRUE(Await([&] { return Stats(pool_).open == 0; }));
}

TEST_P(Hooks, ReturnedFollowsEachLent) {
  ASSERT_STATUS(Create({{"pool_size", "2"}, {"max_overflow", "0"}}), DBPOOL_OK);
  const dbpool_acquire_options how = {.struct_size = sizeof how, .timeout_ms = 20, .access = DBPOOL_ACCESS_WRITE};
  dbpool_conn writer = 0, other = 0;
  ASSERT_STATUS(dbpool_acquire_with(pool_.get(), &how, &writer, nullptr), DBPOOL_OK);
  for (int i = 0; i < 3; ++i) {
    // SQLite: the turn is not to be had.
    if (dbpool_acquire_with(pool_.get(), &how, &other, nullptr) == DBPOOL_OK) {
      EXPECT_STATUS(dbpool_release(other), DBPOOL_OK);
    }
  }
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
  EXPECT_EQ(log_.lent, log_.returned);
}

TEST_P(Hooks, AreRemovedByNull) {
  const Options options = MakeOptions(one_);
  dbpool_hooks hooks = kHooks;
  hooks.user_data = &log_;
  EXPECT_STATUS(dbpool_options_set_hooks(options.get(), &hooks, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_options_set_hooks(options.get(), nullptr, nullptr), DBPOOL_OK);
  dbpool* pool = nullptr;
  ASSERT_STATUS(dbpool_create(uri().c_str(), options.get(), &pool, nullptr), DBPOOL_OK);
  pool_.reset(pool);
  EXPECT_EQ(Ask(pool_, "select 1"), "1");
  EXPECT_EQ(log_.opened + log_.lent, 0);
}

/// Hooks that count their end.
class HookEnds : public EveryDatabase {
 protected:
  static void Count(void* counter) { ++*static_cast<std::atomic<int>*>(counter); }
  dbpool_hooks Counted(std::atomic<int>& ends) const {
    return {.struct_size = sizeof(dbpool_hooks), .user_data = &ends, .destroy = Count};
  }
  Pool MakeFrom(const Options& options) const {
    dbpool* pool = nullptr;
    EXPECT_STATUS(dbpool_create(uri().c_str(), options.get(), &pool, nullptr), DBPOOL_OK);
    return Pool(pool);
  }
  std::atomic<int> ends_{0}, others_{0};
};
DBP_ON_EVERY_DATABASE(HookEnds);

TEST_P(HookEnds, ComeAfterTheSettingsAndTheLastConnectionOfAllPools) {
  Options options = MakeOptions({});
  const dbpool_hooks hooks = Counted(ends_);
  ASSERT_STATUS(dbpool_options_set_hooks(options.get(), &hooks, nullptr), DBPOOL_OK);
  Pool one = MakeFrom(options), two = MakeFrom(options);
  options.reset();
  one.reset();
  const dbpool_conn conn = Borrow(two);
  two.reset();
  EXPECT_EQ(ends_, 0) << "a connection is lent";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return ends_ == 1; }));
}

TEST_P(HookEnds, ComeWithOtherHooksOnceNoPoolHasThem) {
  const Options options = MakeOptions({});
  const dbpool_hooks hooks = Counted(ends_), others = Counted(others_);
  ASSERT_STATUS(dbpool_options_set_hooks(options.get(), &hooks, nullptr), DBPOOL_OK);
  ASSERT_STATUS(dbpool_options_set_hooks(options.get(), &others, nullptr), DBPOOL_OK);
  EXPECT_EQ(ends_, 1);
  Pool pool = MakeFrom(options);
  ASSERT_STATUS(dbpool_options_set_hooks(options.get(), nullptr, nullptr), DBPOOL_OK);
  EXPECT_EQ(others_, 0);
  pool.reset();
  EXPECT_TRUE(Await([&] { return others_ == 1; }));
  EXPECT_EQ(ends_, 1);
}

TEST_P(HookEnds, AreTheParentsAlone) {
  Options options = MakeOptions({});
  const dbpool_hooks hooks = Counted(ends_);
  ASSERT_STATUS(dbpool_options_set_hooks(options.get(), &hooks, nullptr), DBPOOL_OK);
  EXPECT_EQ(InChild([&] {
              options.reset();
              return ends_.load();
            }),
            0);
  options.reset();
  EXPECT_EQ(ends_, 1);
}

TEST_P(Hooks, RunForTransactionsAndOneShotsToo) {
  ASSERT_STATUS(Create(one_), DBPOOL_OK);
  EXPECT_EQ(Ask(pool_, "select 1"), "1");
  const auto fn = [](void*, dbpool_conn, dbpool_error**) { return dbpool_status{DBPOOL_OK}; };
  EXPECT_STATUS(dbpool_transaction(pool_.get(), fn, nullptr, nullptr, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_health(pool_.get(), -1, nullptr), DBPOOL_OK);
  EXPECT_EQ(log_.lent, 3);
  EXPECT_EQ(log_.returned, 3);
}

}  // namespace
}  // namespace dbp::capi
