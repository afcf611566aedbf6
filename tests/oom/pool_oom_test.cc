#include <utility>

#include "tests/oom/sweep.h"

// Calls on a pool that lives, which must have all its connections afterwards.

namespace dbp::oom {
namespace {

/// A pool of two connections of a file, and its table t with ten rows.
class PoolOutOfMemory : public OutOfMemory {
 protected:
  PoolOutOfMemory() {
    dbpool_options* options = MakeOptions();
    EXPECT_EQ(dbpool_create(("sqlite:" + dir_.File("x.db")).c_str(), options, &pool_, nullptr),
              DBPOOL_OK);
    dbpool_options_free(options);
    Must("create table t (x int)");
    Must("insert into t with recursive n(i) as (select 1 union all select i+1 from n where i < 500) "
         "select i from n");
  }
  ~PoolOutOfMemory() override {
    EXPECT_EQ(dbpool_close(pool_, 5000, nullptr), DBPOOL_OK);
    dbpool_unref(pool_);
  }

  void Must(const char* sql) {
    dbpool_error* error = nullptr;
    EXPECT_EQ(dbpool_query(pool_, sql, DBPOOL_NTS, nullptr, 0, nullptr, nullptr, &error), DBPOOL_OK)
        << dbpool_error_message(error);
    dbpool_error_free(error);
  }
  void Borrow() {
    if (conn_ != 0) return;
    ASSERT_EQ(dbpool_acquire(pool_, 30'000, &conn_, nullptr), DBPOOL_OK);
  }
  void GiveBack() { dbpool_release(std::exchange(conn_, 0)); }

  /// The pool lends all its connections, and each works.
  void ExpectWhole() {
    dbpool_conn conns[kSize] = {};
    for (dbpool_conn& conn : conns) {
      dbpool_error* error = nullptr;
      EXPECT_EQ(dbpool_acquire(pool_, 30'000, &conn, &error), DBPOOL_OK) << dbpool_error_message(error);
      EXPECT_EQ(dbpool_conn_query(conn, "select count(*) from t", DBPOOL_NTS, nullptr, 0, nullptr,
                                  nullptr, &error),
                DBPOOL_OK)
          << dbpool_error_message(error);
      dbpool_error_free(error);
    }
    for (dbpool_conn conn : conns) EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
    EXPECT_TRUE(Await([&] {
      dbpool_statistics stats = {.struct_size = sizeof stats};
      EXPECT_EQ(dbpool_stats(pool_, &stats), DBPOOL_OK);
      return stats.idle == kSize && stats.open == kSize && stats.leased == 0;
    })) << "capacity was lost";
  }
  /// The lease is good, or it is broken and can be exchanged.
  void ExpectLeaseOrExchange() {
    const dbpool_status status = dbpool_conn_query(conn_, "select count(*) from t", DBPOOL_NTS, nullptr, 0,
                                                   nullptr, nullptr, nullptr);
    if (status != DBPOOL_OK) {
      EXPECT_EQ(status, DBPOOL_ERR_BROKEN) << dbpool_status_name(status);
      EXPECT_EQ(dbpool_release(std::exchange(conn_, 0)), DBPOOL_OK);
    }
  }
  /// One statement on the lease, and all its rows.
  dbpool_status ReadAll(const char* sql, uint32_t flags, int64_t* rows) {
    const dbpool_query_options how = {.struct_size = sizeof how, .flags = flags};
    const dbpool_value param = {.type = DBPOOL_INT64, .num = {.i64 = 0}};
    dbpool_result* result = nullptr;
    dbpool_error* error = nullptr;
    dbpool_status status =
        dbpool_conn_query(conn_, sql, DBPOOL_NTS, &param, 1, &how, &result, &error);
    while (status == DBPOOL_OK) {
      dbpool_batch batch = {.struct_size = sizeof batch};
      status = dbpool_result_fetch(result, 0, &batch, &error);
      *rows += batch.row_count;
    }
    dbpool_result_free(result);
    dbpool_error_free(error);
    return status;
  }

  TempDir dir_;
  dbpool* pool_ = nullptr;
  dbpool_conn conn_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Fails, PoolOutOfMemory, testing::Values(Fail::kOnce, Fail::kAlways), NameOf);

TEST_P(PoolOutOfMemory, AcquireAndRelease) {
  Sweep([] {},
        [&] {
          dbpool_conn conn = 0;
          const dbpool_status status = dbpool_acquire(pool_, -1, &conn, nullptr);
          if (status < 0) return status;
          EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
          return status;
        },
        [&](dbpool_status) { ExpectWhole(); }, DBPOOL_ERR_TIMEOUT);
}

TEST_P(PoolOutOfMemory, AcquireThatTimesOut) {
  dbpool_conn held[kSize] = {};
  Sweep([&] { for (auto& conn : held) ASSERT_EQ(dbpool_acquire(pool_, 30'000, &conn, nullptr), DBPOOL_OK); },
        [&] {
          dbpool_conn conn = 0;
          dbpool_error* error = nullptr;
          const dbpool_status status = dbpool_acquire(pool_, 1, &conn, &error);
          dbpool_error_free(error);
          return status == DBPOOL_ERR_TIMEOUT ? dbpool_status{DBPOOL_OK} : status;
        },
        [&](dbpool_status) {
          for (auto conn : held) EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
          ExpectWhole();
        });
}

TEST_P(PoolOutOfMemory, OpeningInTheBackground) {
  dbpool_conn conn = 0;
  Sweep([&] { ASSERT_EQ(dbpool_acquire(pool_, 30'000, &conn, nullptr), DBPOOL_OK); },
        [&] {
          // Both connections are closed and opened anew, by workers, while memory fails.
          const dbpool_status status = dbpool_invalidate(pool_, nullptr);
          EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
          if (status < 0) return status;
          return dbpool_health(pool_, patience_ms_, nullptr);
        },
        [&](dbpool_status) { ExpectWhole(); }, DBPOOL_ERR_TIMEOUT, kBackgroundStride);
}

TEST_P(PoolOutOfMemory, ABufferedQuery) {
  int64_t rows = 0;
  Sweep([&] { Borrow(); rows = 0; },
        [&] { return ReadAll("select x, 'text ' || x from t where x > $1", 0, &rows); },
        [&](dbpool_status status) {
          if (status == DBPOOL_DONE) {
            EXPECT_EQ(rows, 500);
          }
          ExpectLeaseOrExchange();
        });
  GiveBack();
  ExpectWhole();
}

TEST_P(PoolOutOfMemory, AStreamedQuery) {
  int64_t rows = 0;
  Sweep([&] { Borrow(); rows = 0; },
        [&] {
          return ReadAll("select x, 'text ' || x from t where x > $1", DBPOOL_QUERY_STREAM, &rows);
        },
        [&](dbpool_status status) {
          if (status == DBPOOL_DONE) {
            EXPECT_EQ(rows, 500);
          }
          ExpectLeaseOrExchange();
        });
  GiveBack();
  ExpectWhole();
}

TEST_P(PoolOutOfMemory, AStreamThatIsLeftHalfRead) {
  Sweep([&] { Borrow(); },
        [&] {
          const dbpool_query_options how = {.struct_size = sizeof how, .flags = DBPOOL_QUERY_STREAM};
          dbpool_result* result = nullptr;
          const dbpool_status status = dbpool_conn_query(conn_, "select x from t", DBPOOL_NTS, nullptr, 0,
                                                         &how, &result, nullptr);
          EXPECT_EQ(dbpool_release(std::exchange(conn_, 0)), DBPOOL_OK);
          dbpool_result_free(result);
          return status;
        },
        [&](dbpool_status) { ExpectWhole(); });
}

TEST_P(PoolOutOfMemory, OneShots) {
  for (const uint32_t flags : {uint32_t{0}, uint32_t{DBPOOL_QUERY_STREAM}}) {
    Sweep([] {},
          [&] {
            const dbpool_query_options how = {.struct_size = sizeof how, .flags = flags};
            dbpool_result* result = nullptr;
            dbpool_status status =
                dbpool_query(pool_, "select x from t", DBPOOL_NTS, nullptr, 0, &how, &result, nullptr);
            while (status == DBPOOL_OK) {
              dbpool_batch batch = {.struct_size = sizeof batch};
              status = dbpool_result_fetch(result, 0, &batch, nullptr);
            }
            dbpool_result_free(result);
            return status;
          },
          [&](dbpool_status) { ExpectWhole(); }, DBPOOL_ERR_TIMEOUT);
  }
}

TEST_P(PoolOutOfMemory, AStatementThatIsWrong) {
  Sweep([&] { Borrow(); },
        [&] {
          dbpool_error* error = nullptr;
          const dbpool_status status = dbpool_conn_query(conn_, "select nothing from nowhere", DBPOOL_NTS,
                                                         nullptr, 0, nullptr, nullptr, &error);
          dbpool_error_free(error);
          return status == DBPOOL_ERR_SQL ? dbpool_status{DBPOOL_OK} : status;
        },
        [&](dbpool_status) { ExpectLeaseOrExchange(); });
  GiveBack();
}

TEST_P(PoolOutOfMemory, Describe) {
  Sweep([&] { Borrow(); },
        [&] {
          dbpool_result* result = nullptr;
          const dbpool_status status =
              dbpool_conn_describe(conn_, "select x as a, $1 as b from t", DBPOOL_NTS, &result, nullptr);
          dbpool_result_free(result);
          return status;
        },
        [&](dbpool_status) { ExpectLeaseOrExchange(); });
  GiveBack();
}

TEST_P(PoolOutOfMemory, SeveralStatements) {
  Sweep([&] { Borrow(); },
        [&] {
          dbpool_result* result = nullptr;
          dbpool_status status = dbpool_conn_query(conn_, "select 1; select x from t; select 3", DBPOOL_NTS,
                                                   nullptr, 0, nullptr, &result, nullptr);
          while (status == DBPOOL_OK) status = dbpool_result_next(result, nullptr);
          dbpool_result_free(result);
          return status;
        },
        [&](dbpool_status) { ExpectLeaseOrExchange(); });
  GiveBack();
}

TEST_P(PoolOutOfMemory, ATransactionStepByStep) {
  Sweep([&] { Borrow(); },
        [&] {
          dbpool_status status = dbpool_conn_begin(conn_, nullptr, nullptr);
          if (status >= 0) status = dbpool_conn_savepoint(conn_, "a savepoint with a name to allocate", nullptr);
          if (status >= 0) {
            status = dbpool_conn_query(conn_, "update t set x = x", DBPOOL_NTS, nullptr, 0, nullptr,
                                       nullptr, nullptr);
          }
          if (status >= 0) status = dbpool_conn_commit(conn_, nullptr);
          EXPECT_EQ(dbpool_release(std::exchange(conn_, 0)), DBPOOL_OK);  // rolls back, without memory
          return status;
        },
        [&](dbpool_status) { ExpectWhole(); });
}

TEST_P(PoolOutOfMemory, TheTransactionFunction) {
  Sweep([] {},
        [&] {
          const auto fn = [](void*, dbpool_conn conn, dbpool_error** error) {
            return dbpool_conn_query(conn, "update t set x = x where x < 3", DBPOOL_NTS, nullptr, 0, nullptr,
                                     nullptr, error);
          };
          return dbpool_transaction(pool_, fn, nullptr, nullptr, nullptr);
        },
        [&](dbpool_status) { ExpectWhole(); }, DBPOOL_ERR_TIMEOUT);
}

TEST_P(PoolOutOfMemory, ALeaseToWrite) {
  const dbpool_acquire_options how = {
      .struct_size = sizeof how, .timeout_ms = 200, .access = DBPOOL_ACCESS_WRITE, .tag = "oom"};
  Sweep([] {},
        [&] {
          dbpool_conn conn = 0;
          const dbpool_status status = dbpool_acquire_with(pool_, &how, &conn, nullptr);
          if (status == DBPOOL_OK) {
            EXPECT_EQ(dbpool_release(conn), DBPOOL_OK);
          }
          return status;
        },
        [&](dbpool_status) {
          Must("update t set x = x where x < 3");  // the writer's turn is free
          ExpectWhole();
        },
        DBPOOL_ERR_TIMEOUT);
}

TEST_P(PoolOutOfMemory, Upkeep) {
  Sweep([] {},
        [&] {
          dbpool_statistics stats = {.struct_size = sizeof stats};
          dbpool_status status = dbpool_stats(pool_, &stats);
          if (status >= 0) status = dbpool_health(pool_, patience_ms_, nullptr);
          if (status >= 0) status = dbpool_reconnect(pool_, patience_ms_, nullptr);
          return status;
        },
        [&](dbpool_status) { ExpectWhole(); }, DBPOOL_ERR_TIMEOUT, kBackgroundStride);
}

TEST_P(PoolOutOfMemory, AResize) {
  uint32_t larger = kSize;
  Sweep([&] { larger += 8; },
        [&] { return dbpool_resize(pool_, larger, 0, nullptr); },
        [&](dbpool_status) {
          EXPECT_EQ(dbpool_resize(pool_, kSize, 0, nullptr), DBPOOL_OK);
          ExpectWhole();
        });
}

TEST_P(PoolOutOfMemory, CancelNativeAndPing) {
  Sweep([&] { Borrow(); },
        [&] {
          const dbpool_status cancelled = dbpool_conn_cancel(conn_, nullptr);
          EXPECT_EQ(cancelled, DBPOOL_OK);
          const dbpool_status status = dbpool_conn_ping(conn_, -1, nullptr);
          (void)dbpool_conn_native(conn_);
          EXPECT_EQ(dbpool_release(std::exchange(conn_, 0)), DBPOOL_OK);
          return status;
        },
        [&](dbpool_status) { ExpectWhole(); });
}

}  // namespace
}  // namespace dbp::oom
