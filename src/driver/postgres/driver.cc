#include "driver/postgres/driver.h"

#include "driver/postgres/connect.h"
#include "driver/postgres/conninfo.h"

namespace dbp {
namespace postgres {
namespace {

const char* IsolationSql(int32_t isolation) {
  switch (isolation) {
    case DBPOOL_ISOLATION_READ_COMMITTED:
      return " ISOLATION LEVEL READ COMMITTED";
    case DBPOOL_ISOLATION_REPEATABLE_READ:
      return " ISOLATION LEVEL REPEATABLE READ";
    case DBPOOL_ISOLATION_SERIALIZABLE:
      return " ISOLATION LEVEL SERIALIZABLE";
    default:
      return "";
  }
}

class PgDriver final : public Driver {
 public:
  explicit PgDriver(const Config& config) : config_(std::make_shared<const Config>(config)) {}

  DriverTraits traits() const override { return {.name = "postgresql", .pipelines = true}; }

  Status Connect(Deadline deadline, const std::atomic<bool>* abandoned,
                 std::unique_ptr<Connection>* out) override {
    return ConnectToAny(config_, deadline, abandoned, out);
  }

  std::string BeginSql(const dbpool_tx_options& options) const override {
    std::string sql = "BEGIN";
    sql += IsolationSql(options.isolation);
    if (options.flags & DBPOOL_TX_READ_ONLY) sql += " READ ONLY";
    if (options.flags & DBPOOL_TX_DEFERRABLE) sql += " DEFERRABLE";
    return sql;
  }

  bool TransactionMayRetry(const Status& status) const override {
    return status.sqlstate() == "40001" || status.sqlstate() == "40P01";
  }

 private:
  const std::shared_ptr<const Config> config_;
};

}  // namespace
}  // namespace postgres

Status MakePostgresDriver(const Config& config, std::unique_ptr<Driver>* out) {
  DBP_RETURN_IF_ERROR(postgres::CheckKeywords(config.postgres));
  *out = std::make_unique<postgres::PgDriver>(config);
  return Status::Ok();
}

}  // namespace dbp
