#include <memory>

#include "tests/integration/integration.h"

// Pipelines whose connection is lost, or of which a part is done: what is said of each statement, and of the whole.

namespace dbp {
namespace {

class PostgresPipeline : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(dbpool_pipeline_create(GetParam(), &pipeline_, nullptr), DBPOOL_OK);
    ASSERT_TRUE(Ok(pool_.Run("DROP TABLE IF EXISTS piped; CREATE TABLE piped (n int)")));
  }
  void TearDown() override {
    dbpool_pipeline_free(pipeline_);
    EXPECT_TRUE(Ok(pool_.Run("DROP TABLE piped")));
  }
  bool whole() const { return GetParam() == DBPOOL_PIPELINE_TRANSACTION; }
  Error Run(std::initializer_list<const char*> statements) {
    for (const char* sql : statements) {
      EXPECT_EQ(dbpool_pipeline_add(pipeline_, sql, DBPOOL_NTS, nullptr, 0, nullptr), DBPOOL_OK);
    }
    Lease lease(pool_);
    dbpool_error* error = nullptr;
    const dbpool_status status = dbpool_pipeline_run(pipeline_, lease.token(), nullptr, &error);
    return abi::Take(status, error);
  }
  Error Of(size_t index) {
    dbpool_error* error = nullptr;
    const dbpool_status status = dbpool_pipeline_result(pipeline_, index, nullptr, &error);
    return abi::Take(status, error);
  }

  Pool pool_{PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}}};
  dbpool_pipeline* pipeline_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Run, PostgresPipeline, testing::Values(0u, uint32_t{DBPOOL_PIPELINE_TRANSACTION}),
                         [](const auto& tested) { return tested.param == 0 ? "OneByOne" : "AsATransaction"; });

TEST_P(PostgresPipeline, ThatIsLostSaysOfEachWhatBecameOfIt) {
  const Error error = Run({"INSERT INTO piped VALUES (1)", "SELECT pg_terminate_backend(pg_backend_pid())",
                           "INSERT INTO piped VALUES (2)"});
  EXPECT_TRUE(Is(error, DBPOOL_ERR_BROKEN));
  EXPECT_EQ(Of(0).ok(), !whole());
  EXPECT_TRUE(Is(Of(1), DBPOOL_ERR_BROKEN)) << "it ran, whatever libpq says of what follows last words";
  EXPECT_TRUE(Is(Of(2), DBPOOL_ERR_BROKEN));
  EXPECT_TRUE(Of(2).has(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  EXPECT_TRUE(error.has(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  EXPECT_FALSE(error.has(DBPOOL_FLAG_RETRYABLE)) << "the first would be done twice";
  EXPECT_EQ(pool_.Ask("SELECT count(*) FROM piped"), whole() ? "0" : "1");
}

TEST_P(PostgresPipeline, IsNotToBeRunAgainIfAPartOfItIsDone) {
  const Error error = Run({"INSERT INTO piped VALUES (1)", "SELECT pg_advisory_xact_lock(1) FROM piped WHERE "
                           "current_setting('no.such') = ''"});
  EXPECT_TRUE(Is(error, DBPOOL_ERR_SQL, "42704"));
  EXPECT_FALSE(error.has(DBPOOL_FLAG_RETRYABLE));
  EXPECT_EQ(pool_.Ask("SELECT count(*) FROM piped"), whole() ? "0" : "1");
}

}  // namespace
}  // namespace dbp
