#ifndef DBP_TESTS_UNIT_SQL_SQL_FIXTURE_H_
#define DBP_TESTS_UNIT_SQL_SQL_FIXTURE_H_

#include <algorithm>
#include <optional>
#include <string_view>

#include "sql/connection.h"
#include "sql/transaction.h"
#include "tests/unit/pool/pool_fixture.h"

namespace dbp {

/// The sql room over a pool of one scripted connection.
class SqlTest : public PoolTest {
 protected:
  void SetUp() override { ASSERT_OK(Create(Sized(1))); }

  Status RunText(dbpool_conn token, std::string_view sql, Nanos timeout = kGenerous) {
    std::optional<Result> result;
    return RunQuery(token, {.sql = sql}, timeout, &result);
  }
  /// How often a text was started on the server.
  int64_t Times(std::string_view sql) const {
    const std::vector<std::string> texts = server_->texts();
    return std::count(texts.begin(), texts.end(), sql);
  }
  int Connects() const { return server_->ended(FakeOp::kConnect); }

  /// How a statement fails when its connection is lost under it.
  static Status Lost(uint32_t flags = 0, std::string_view sqlstate = "08006") {
    return Status::Error(DBPOOL_ERR_BROKEN, "the server went away", DBPOOL_PHASE_QUERY, sqlstate,
                         DBPOOL_FLAG_CONN_BROKEN | flags);
  }
  /// What the fake driver takes as a request to run the transaction again.
  static Status Serialization() {
    return Status::Error(DBPOOL_ERR_SQL, "could not serialize access", DBPOOL_PHASE_QUERY, "40001");
  }
};

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_SQL_SQL_FIXTURE_H_
