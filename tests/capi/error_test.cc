#include <cstring>

#include "tests/capi/capi.h"

namespace dbp::capi {
namespace {

using Text = const char* (*)(const dbpool_error*);

TEST(ErrorObject, AccessorsOfNullAnswerNothing) {
  for (Text text : {dbpool_error_message, dbpool_error_sqlstate, dbpool_error_detail, dbpool_error_hint,
                    dbpool_error_schema, dbpool_error_table, dbpool_error_column,
                    dbpool_error_constraint, dbpool_error_cause}) {
    EXPECT_STREQ(text(nullptr), "");
  }
  EXPECT_STREQ(dbpool_error_field(nullptr, DBPOOL_FIELD_SEVERITY), "");
  EXPECT_STATUS(dbpool_error_code(nullptr), DBPOOL_OK);
  EXPECT_EQ(dbpool_error_native_code(nullptr), 0);
  EXPECT_EQ(dbpool_error_position(nullptr), 0);
  EXPECT_EQ(dbpool_error_phase(nullptr), 0u);
  EXPECT_EQ(dbpool_error_flags(nullptr), 0u);
  dbpool_error_counts counts = {.struct_size = sizeof counts, .open = 9};
  EXPECT_STATUS(dbpool_error_pool_counts(nullptr, &counts), DBPOOL_DONE);
  EXPECT_EQ(counts.open, 0u);
}

TEST(ErrorObject, EveryStatusHasItsName) {
  for (dbpool_status status = DBPOOL_ERR_INTERNAL; status <= DBPOOL_PENDING; ++status) {
    EXPECT_STRNE(dbpool_status_name(status), "DBPOOL_UNKNOWN") << status;
  }
  for (dbpool_status status : {-18, 3, INT32_MIN, INT32_MAX}) {
    EXPECT_STREQ(dbpool_status_name(status), "DBPOOL_UNKNOWN");
  }
}

TEST(ErrorObject, MadeByTheCaller) {
  for (dbpool_status code = DBPOOL_ERR_INTERNAL; code < 0; ++code) {
    dbpool_error* error = dbpool_error_new(code, "mine");
    ASSERT_NE(error, nullptr) << dbpool_status_name(code);
    EXPECT_STATUS(dbpool_error_code(error), code);
    EXPECT_STREQ(dbpool_error_message(error), "mine");
    EXPECT_STREQ(dbpool_error_sqlstate(error), "");
    EXPECT_STREQ(dbpool_error_field(error, DBPOOL_FIELD_SEVERITY), "");
    dbpool_error_free(error);
  }
  for (dbpool_status code : {0, 1, 2, 77}) {
    dbpool_error* error = dbpool_error_new(code, nullptr);
    EXPECT_STATUS(dbpool_error_code(error), DBPOOL_ERR_INTERNAL);
    EXPECT_STREQ(dbpool_error_message(error), "");
    dbpool_error_free(error);
  }
}

TEST(ErrorObject, OnSuccessIsLeftAlone) {
  const Pool pool = MakePool("sqlite::memory:");
  auto* mark = reinterpret_cast<dbpool_error*>(0x10);
  dbpool_error* error = mark;
  dbpool_conn conn = 0;
  EXPECT_STATUS(dbpool_acquire(pool.get(), -1, &conn, &error), DBPOOL_OK);
  EXPECT_EQ(error, mark);
  EXPECT_STATUS(dbpool_conn_ping(conn, -1, &error), DBPOOL_OK);
  EXPECT_EQ(error, mark);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

class EveryError : public EveryDatabase {
 protected:
  ~EveryError() override {
    Execute(conn_, "drop table if exists capi_error");
    EXPECT_STATUS(dbpool_release(conn_), DBPOOL_OK);
  }
  void SetUp() override {
    pool_ = Make();
    conn_ = Borrow(pool_);
    Execute(conn_, "drop table if exists capi_error");
    ASSERT_STATUS(Execute(conn_, "create table capi_error (id int not null, "
                             "constraint small check (id < 10), constraint sole unique (id))"),
                  DBPOOL_OK);
  }

  Pool pool_;
  dbpool_conn conn_ = 0;
  Error error_;
};
DBP_ON_EVERY_DATABASE(EveryError);

TEST_P(EveryError, OfTheStatementSaysWhere) {
  ASSERT_STATUS(Execute(conn_, "select 1 from nowhere_at_all", error_.out()), DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "42P01");
  EXPECT_NE(error_.message().find("nowhere_at_all"), std::string::npos) << error_.message();
  EXPECT_EQ(dbpool_error_phase(error_.get()), uint32_t{DBPOOL_PHASE_QUERY});
  EXPECT_STATUS(dbpool_error_code(error_.get()), DBPOOL_ERR_SQL);
  if (postgres()) {
    EXPECT_EQ(dbpool_error_position(error_.get()), 15);
  }
  EXPECT_EQ(Ask(conn_, "select 1"), "1") << "the connection stays usable";
}

TEST_P(EveryError, HasTheServersOtherFieldsIfThereIsAServer) {
  ASSERT_STATUS(Execute(conn_, "select 1 from nowhere_at_all", error_.out()), DBPOOL_ERR_SQL);
  for (const uint32_t field : {DBPOOL_FIELD_SEVERITY, DBPOOL_FIELD_FILE, DBPOOL_FIELD_LINE,
                               DBPOOL_FIELD_ROUTINE}) {
    EXPECT_EQ(dbpool_error_field(error_.get(), field)[0] != '\0', postgres()) << field;
  }
  const uint32_t said = DBPOOL_FIELD_SEVERITY, past = DBPOOL_FIELD_ROUTINE + 1;
  for (const uint32_t unknown : {0u, past, 256 + said, UINT32_MAX}) {
    EXPECT_STREQ(dbpool_error_field(error_.get(), unknown), "") << unknown;
  }
}

TEST_P(EveryError, OfASyntaxHasAPosition) {
  ASSERT_STATUS(Execute(conn_, "select ) 1", error_.out()), DBPOOL_ERR_SQL);
  EXPECT_EQ(error_.sqlstate(), "42601");
  EXPECT_EQ(dbpool_error_position(error_.get()), 8);
}

TEST_P(EveryError, OfAConstraintHasItsSqlstate) {
  ASSERT_STATUS(Execute(conn_, "insert into capi_error values (1)"), DBPOOL_OK);
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"insert into capi_error values (1)", "23505"},
      {"insert into capi_error values (11)", "23514"},
      {"insert into capi_error values (null)", "23502"}};
  for (const auto& [sql, state] : cases) {
    ASSERT_STATUS(Execute(conn_, sql, error_.out()), DBPOOL_ERR_SQL);
    EXPECT_EQ(error_.sqlstate(), state);
    if (postgres()) {
      EXPECT_STREQ(dbpool_error_schema(error_.get()), "public");
      EXPECT_STREQ(dbpool_error_table(error_.get()), "capi_error");
      EXPECT_EQ(dbpool_error_native_code(error_.get()), 0);
      EXPECT_STRNE(dbpool_error_detail(error_.get()), "");
    } else {
      EXPECT_NE(dbpool_error_native_code(error_.get()), 0);
    }
  }
  if (postgres()) {
    EXPECT_STREQ(dbpool_error_column(error_.get()), "id");
    ASSERT_STATUS(Execute(conn_, "insert into capi_error values (1)", error_.out()), DBPOOL_ERR_SQL);
    EXPECT_STREQ(dbpool_error_constraint(error_.get()), "sole");
  }
}

TEST_P(EveryError, OfTheQueueHasThePoolsCountsAndWhoHoldsIt) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  const dbpool_acquire_options how = {.struct_size = sizeof how, .tag = "the long report"};
  dbpool_conn held = 0, none = 1;
  ASSERT_STATUS(dbpool_acquire_with(pool.get(), &how, &held, nullptr), DBPOOL_OK);
  ASSERT_STATUS(dbpool_acquire(pool.get(), 20, &none, error_.out()), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(none, 0u);
  EXPECT_EQ(dbpool_error_phase(error_.get()), uint32_t{DBPOOL_PHASE_QUEUE});
  EXPECT_TRUE(error_.has(DBPOOL_FLAG_TIMEOUT));
  EXPECT_TRUE(error_.has(DBPOOL_FLAG_RETRYABLE));
  EXPECT_TRUE(error_.has(DBPOOL_FLAG_NOT_SENT));
  EXPECT_NE(std::strstr(dbpool_error_hint(error_.get()), "the long report"), nullptr)
      << dbpool_error_hint(error_.get());
  dbpool_error_counts counts = {.struct_size = sizeof counts};
  ASSERT_STATUS(dbpool_error_pool_counts(error_.get(), &counts), DBPOOL_OK);
  EXPECT_EQ(counts.open, 1u);
  EXPECT_EQ(counts.leased, 1u);
  EXPECT_EQ(counts.idle, 0u);
  EXPECT_EQ(counts.waiting, 1u);
  EXPECT_STATUS(dbpool_release(held), DBPOOL_OK);
}

TEST_P(EveryError, OfAFullQueueComesAtOnce) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}, {"max_waiters", "0"}});
  const dbpool_conn held = Borrow(pool);
  dbpool_conn none = 1;
  EXPECT_STATUS(dbpool_acquire(pool.get(), INT64_MAX, &none, error_.out()), DBPOOL_ERR_FULL);
  EXPECT_EQ(none, 0u);
  EXPECT_TRUE(error_.has(DBPOOL_FLAG_RETRYABLE));
  EXPECT_EQ(Stats(pool).refused, 1u);
  EXPECT_STATUS(dbpool_release(held), DBPOOL_OK);
}

TEST(ErrorObject, OfConnectingHasItsCauseAndNoPassword) {
  Error error;
  dbpool* pool = nullptr;
  ASSERT_STATUS(dbpool_create("postgresql://u:hunter2@127.0.0.1:1/d?connect_timeout=5s", nullptr, &pool,
                              error.out()),
                DBPOOL_ERR_CONNECT);
  EXPECT_EQ(pool, nullptr);
  EXPECT_EQ(dbpool_error_phase(error.get()), uint32_t{DBPOOL_PHASE_CONNECT});
  EXPECT_NE(error.message(), "");
  EXPECT_EQ(error.message().find("hunter2"), std::string::npos);
  const Pool lazy = MakePool("postgresql://u:hunter2@127.0.0.1:1/d?lazy=on");
  dbpool_conn none = 1;
  const dbpool_status status = dbpool_acquire(lazy.get(), 100, &none, error.out());
  EXPECT_TRUE(status == DBPOOL_ERR_TIMEOUT || status == DBPOOL_ERR_CONNECT)
      << dbpool_status_name(status);
  EXPECT_STRNE(dbpool_error_cause(error.get()), "");
  EXPECT_EQ(std::strstr(dbpool_error_cause(error.get()), "hunter2"), nullptr);
}

}  // namespace
}  // namespace dbp::capi
