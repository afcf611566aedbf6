#include <cstring>
#include <thread>

#include "tests/capi/capi.h"

namespace dbp::capi {
namespace {

using Body = std::function<dbpool_status(dbpool_conn, dbpool_error**)>;

dbpool_status CallBody(void* user_data, dbpool_conn conn, dbpool_error** error) {
  return (*static_cast<Body*>(user_data))(conn, error);
}

class Transactions : public EveryDatabase {
 protected:
  void SetUp() override {
    pool_ = Make({{"pool_size", "2"}, {"max_overflow", "0"}});
    Ask(pool_, "drop table if exists capi_tx");
    ASSERT_EQ(Ask(pool_, "create table capi_tx (x int)"), "DBPOOL_DONE");
  }
  void TearDown() override {
    EXPECT_TRUE(Await([&] { return Stats(pool_).leased == 0; })) << "every lease is back";
    EXPECT_EQ(Ask(pool_, "drop table capi_tx"), "DBPOOL_DONE");
  }
  dbpool_status Transact(Body body, dbpool_tx_options how = {}) {
    how.struct_size = sizeof how;
    return dbpool_transaction(pool_.get(), CallBody, &body, &how, error_.out());
  }
  std::string Rows() { return Ask(pool_, "select count(*) from capi_tx"); }
  static constexpr const char* kInsert = "insert into capi_tx values (1)";
  /// An error that the database would give for a serialization failure.
  static dbpool_status Conflict(dbpool_conn conn, dbpool_error** error, bool postgres) {
    if (postgres) return Execute(conn, "do $$ begin raise sqlstate '40001'; end $$", error);
    return Execute(conn, "insert into capi_tx values (1)", error);
  }

  Pool pool_;
  Error error_;
};
DBP_ON_EVERY_DATABASE(Transactions);

TEST_P(Transactions, Commit) {
  EXPECT_STATUS(Transact([](auto conn, auto e) { return Execute(conn, kInsert, e); }), DBPOOL_OK);
  EXPECT_EQ(Rows(), "1");
}

TEST_P(Transactions, RollBackWhenTheFunctionFails) {
  EXPECT_STATUS(Transact([](auto conn, auto e) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  return Execute(conn, "select nonsense", e);
                }),
                DBPOOL_ERR_SQL);
  EXPECT_NE(error_.message().find("nonsense"), std::string::npos);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Transactions, PassOnTheFunctionsOwnError) {
  for (const dbpool_status code : {dbpool_status{DBPOOL_ERR_CANCELLED}, dbpool_status{-9999}}) {
    EXPECT_STATUS(Transact([&](auto conn, auto e) {
                    EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                    *e = dbpool_error_new(DBPOOL_ERR_CANCELLED, "changed my mind");
                    return code;
                  }),
                  code);
    EXPECT_EQ(error_.message(), "changed my mind");
    EXPECT_EQ(Rows(), "0");
  }
}

TEST_P(Transactions, RollBackAndPassOnAPositiveAnswer) {
  EXPECT_STATUS(Transact([](auto conn, auto) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  return dbpool_status{DBPOOL_DONE};
                }),
                DBPOOL_DONE);
  EXPECT_EQ(error_.get(), nullptr);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Transactions, DropAnErrorThatComesWithSuccess) {
  EXPECT_STATUS(Transact([](auto, auto e) {
                  *e = dbpool_error_new(DBPOOL_ERR_SQL, "not so bad");
                  return dbpool_status{DBPOOL_OK};
                }),
                DBPOOL_OK);
  EXPECT_EQ(error_.get(), nullptr);
}

TEST_P(Transactions, AFailureWithoutAnErrorObjectStillHasOne) {
  EXPECT_STATUS(Transact([](auto, auto) { return dbpool_status{DBPOOL_ERR_SQL}; }), DBPOOL_ERR_SQL);
  ASSERT_NE(error_.get(), nullptr);
  EXPECT_STATUS(dbpool_error_code(error_.get()), DBPOOL_ERR_SQL);
}

TEST_P(Transactions, RunAgainAfterASerializationFailure) {
  if (!postgres()) return;  // SQLite's own conflicts: below
  int runs = 0;
  EXPECT_STATUS(Transact([&](auto conn, auto e) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  return ++runs < 4 ? Conflict(conn, e, true) : dbpool_status{DBPOOL_OK};
                }),
                DBPOOL_OK);
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(Rows(), "1");
}

TEST_P(Transactions, StopAfterMaxAttempts) {
  if (!postgres()) return;
  int runs = 0;
  EXPECT_STATUS(Transact([&](auto conn, auto e) { ++runs; return Conflict(conn, e, true); },
                         {.max_attempts = 3}),
                DBPOOL_ERR_SQL);
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(error_.sqlstate(), "40001");
  EXPECT_TRUE(error_.has(DBPOOL_FLAG_RETRYABLE));
}

TEST_P(Transactions, StepByStepAreRunAgainByTheSameRule) {
  if (!postgres()) return;
  const dbpool_conn conn = Borrow(pool_);
  Error conflict, other;
  ASSERT_STATUS(Conflict(conn, conflict.out(), true), DBPOOL_ERR_SQL);
  ASSERT_STATUS(Execute(conn, "select nonsense", other.out()), DBPOOL_ERR_SQL);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  const auto again = [&](const Error& failure, uint32_t attempt, uint32_t most, int64_t* pause) {
    const dbpool_tx_options how = {.struct_size = sizeof how, .max_attempts = most};
    return dbpool_transaction_again(pool_.get(), &how, failure.get(), attempt, pause, nullptr);
  };
  int64_t longest = 0;
  for (int i = 0; i < 100; ++i) {
    int64_t pause = -1;
    ASSERT_STATUS(again(conflict, 9, 0, &pause), DBPOOL_OK);
    EXPECT_TRUE(pause >= 0 && pause <= 500) << pause;
    longest = std::max(longest, pause);
  }
  EXPECT_GT(longest, 100) << "it grows with the attempts";
  int64_t pause = 4711;
  EXPECT_STATUS(again(conflict, 10, 0, &pause), DBPOOL_DONE) << "ten by default";
  EXPECT_STATUS(again(conflict, 3, 3, &pause), DBPOOL_DONE);
  EXPECT_STATUS(again(other, 1, 0, &pause), DBPOOL_DONE);
  EXPECT_EQ(pause, 4711);
}

TEST_P(Transactions, RunAgainIfTheConnectionWasLostBeforeAStatementWasSent) {
  if (!postgres()) return;
  int runs = 0;
  EXPECT_STATUS(Transact([&](auto conn, auto e) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  if (++runs == 1) {
                    EXPECT_STATUS(Execute(conn, "select pg_terminate_backend(pg_backend_pid())"), DBPOOL_ERR_BROKEN);
                  }
                  return Execute(conn, kInsert, e);
                }),
                DBPOOL_OK);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Rows(), "2");
}

TEST_P(Transactions, StopAtTheirDeadline) {
  if (!postgres()) return;
  int runs = 0;
  const dbpool_status status = Transact(
      [&](auto conn, auto e) { ++runs; return Conflict(conn, e, true); },
      {.timeout_ms = 100, .max_attempts = 1'000'000});
  EXPECT_TRUE(status == DBPOOL_ERR_SQL || status == DBPOOL_ERR_TIMEOUT) << dbpool_status_name(status);
  EXPECT_GE(runs, 1);
  EXPECT_LT(runs, 1000);
}

// Another process that writes, as SQLite sees it: a second pool on the same file.
TEST_P(Transactions, WaitOutAnotherWriterOfTheFile) {
  if (GetParam() != "file") return;
  const Pool other = Make();
  const dbpool_conn writer = Borrow(other);
  ASSERT_STATUS(dbpool_conn_begin(writer, nullptr, nullptr), DBPOOL_OK);
  ASSERT_STATUS(Execute(writer, kInsert), DBPOOL_OK);
  EXPECT_STATUS(Transact([](auto conn, auto e) { return Execute(conn, kInsert, e); }, {.timeout_ms = 50}),
                DBPOOL_ERR_TIMEOUT);
  std::thread commits([&] {
    EXPECT_TRUE(Await([&] { return Stats(pool_).leased == 1; }));
    EXPECT_STATUS(dbpool_conn_commit(writer, nullptr), DBPOOL_OK);
  });
  EXPECT_STATUS(Transact([](auto conn, auto e) { return Execute(conn, kInsert, e); }), DBPOOL_OK);
  commits.join();
  EXPECT_STATUS(dbpool_release(writer), DBPOOL_OK);
  EXPECT_EQ(Rows(), "2");
}

TEST_P(Transactions, ThatReleaseTheirLeaseAnswerStale) {
  EXPECT_STATUS(Transact([](auto conn, auto) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  return dbpool_release(conn);
                }),
                DBPOOL_ERR_STALE);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Transactions, ThatCommitByThemselvesAreToldSo) {
  EXPECT_STATUS(Transact([](auto conn, auto e) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  return dbpool_conn_commit(conn, e);
                }),
                DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "25P01");
  EXPECT_EQ(Rows(), "1");
}

TEST_P(Transactions, WithAFailedStatementDoNotCommit) {
  if (!postgres()) return;  // SQLite goes on after a failed statement
  EXPECT_STATUS(Transact([](auto conn, auto) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  EXPECT_STATUS(Execute(conn, "select nonsense"), DBPOOL_ERR_SQL);
                  return dbpool_status{DBPOOL_OK};
                }),
                DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "25P02");
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Transactions, ThatLeaveAStreamOpenRollBack) {
  Result stream;
  EXPECT_STATUS(Transact([&](auto conn, auto) {
                  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
                  return Stream(conn, Numbers(100'000), &stream);
                }),
                DBPOOL_ERR_BUSY);
  EXPECT_EQ(Rows(), "0");
}

TEST_P(Transactions, ReadOnlyOnesDoNotWrite) {
  EXPECT_STATUS(Transact([](auto conn, auto e) { return Execute(conn, kInsert, e); },
                         {.flags = DBPOOL_TX_READ_ONLY}),
                DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "25006");
  EXPECT_STATUS(Transact([](auto conn, auto e) { return Execute(conn, kInsert, e); }), DBPOOL_OK)
      << "and leave no trace";
}

TEST_P(Transactions, OfTheTwoCallsKnowTheirState) {
  const dbpool_conn conn = Borrow(pool_);
  const auto state = [&](dbpool_status status) {
    EXPECT_STATUS(status, DBPOOL_ERR_SQL);
    return error_.sqlstate();
  };
  EXPECT_EQ(state(dbpool_conn_commit(conn, error_.out())), "25P01");
  EXPECT_EQ(state(dbpool_conn_rollback(conn, error_.out())), "25P01");
  EXPECT_STATUS(dbpool_conn_begin(conn, nullptr, nullptr), DBPOOL_OK);
  EXPECT_EQ(state(dbpool_conn_begin(conn, nullptr, error_.out())), "25001");
  EXPECT_STATUS(Execute(conn, kInsert), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_EQ(Rows(), "0") << "a release rolls back";
}

}  // namespace
}  // namespace dbp::capi
