#include <cstdlib>
#include <string>
#include <utility>

#include "tests/oom/sweep.h"

// Errors of a server, which carry far more text than our own, without memory.

namespace dbp::oom {
namespace {

class ServerErrorsOutOfMemory : public OutOfMemory {
 protected:
  void SetUp() override {
    const char* url = std::getenv("DBPOOL_TEST_POSTGRES_URL");
    ASSERT_NE(url, nullptr) << "run by tests/support/with_postgres";
    dbpool_options* options = MakeOptions();
    EXPECT_EQ(dbpool_options_set(options, "acquire_timeout", "30s", nullptr), DBPOOL_OK);
    ASSERT_EQ(dbpool_create(url, options, &pool_, nullptr), DBPOOL_OK);
    dbpool_options_free(options);
  }
  void TearDown() override {
    dbpool_release(conn_);
    dbpool_unref(pool_);
  }

  void Borrow() {
    if (conn_ != 0 && Run("select 1") == DBPOOL_OK) return;
    dbpool_release(std::exchange(conn_, 0));
    ASSERT_EQ(dbpool_acquire(pool_, -1, &conn_, nullptr), DBPOOL_OK);
    ASSERT_EQ(Run("select 1"), DBPOOL_OK);
  }
  /// `wanted` counts as success. An error is asked for all it may say.
  dbpool_status Run(const char* sql, dbpool_status wanted = DBPOOL_OK) {
    dbpool_error* error = nullptr;
    const dbpool_status status =
        dbpool_conn_query(conn_, sql, DBPOOL_NTS, nullptr, 0, nullptr, nullptr, &error);
    for (uint32_t field = 0; field <= DBPOOL_FIELD_ROUTINE; ++field) {
      EXPECT_NE(dbpool_error_field(error, field), nullptr);
    }
    dbpool_error_free(error);
    return status == wanted ? dbpool_status{DBPOOL_OK} : status;
  }
  int64_t BackendPid() {
    dbpool_result* result = nullptr;
    dbpool_batch batch = {.struct_size = sizeof batch};
    EXPECT_EQ(dbpool_conn_query(conn_, "select pg_backend_pid()", DBPOOL_NTS, nullptr, 0, nullptr,
                                &result, nullptr),
              DBPOOL_OK);
    EXPECT_EQ(dbpool_result_fetch(result, 1, &batch, nullptr), DBPOOL_OK);
    const int64_t pid = batch.row_count == 1 ? batch.cells[0].num.i64 : 0;
    dbpool_result_free(result);
    return pid;
  }

  dbpool* pool_ = nullptr;
  dbpool_conn conn_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Fails, ServerErrorsOutOfMemory,
                         testing::Values(Fail::kOnce, Fail::kAlways), NameOf);

TEST_P(ServerErrorsOutOfMemory, OfAFunction) {
  Sweep([&] { Borrow(); },
        [&] {
          return Run(
              "DO $$ BEGIN PERFORM nothing FROM nowhere_that_is_long_enough_for_the_heap; END $$",
              DBPOOL_ERR_SQL);
        },
        [&](dbpool_status) { Borrow(); }, DBPOOL_ERR_BROKEN);
}

// The last words of a session, which libpq hands over beside the answers.
TEST_P(ServerErrorsOutOfMemory, OfASessionThatWasEnded) {
  Sweep(
      [&] {
        Borrow();
        dbpool_conn other = 0;
        const int64_t pid = BackendPid();
        ASSERT_EQ(dbpool_acquire(pool_, -1, &other, nullptr), DBPOOL_OK);
        const std::string end = "select pg_terminate_backend(" + std::to_string(pid) + ", 30000)";
        EXPECT_EQ(
            dbpool_conn_query(other, end.data(), end.size(), nullptr, 0, nullptr, nullptr, nullptr),
            DBPOOL_OK);
        EXPECT_EQ(dbpool_release(other), DBPOOL_OK);
      },
      [&] { return Run("select 2", DBPOOL_ERR_BROKEN); }, [&](dbpool_status) { Borrow(); });
}

}  // namespace
}  // namespace dbp::oom
