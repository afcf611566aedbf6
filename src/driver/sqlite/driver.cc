#include "driver/sqlite/driver.h"

#include "driver/sqlite/connection.h"
#include "driver/sqlite/database.h"

namespace dbp::sqlite {
namespace {

class SqliteDriver final : public Driver {
 public:
  explicit SqliteDriver(std::shared_ptr<const Database> database)
      : database_(std::move(database)) {}

  DriverTraits traits() const override {
    return {.name = "sqlite", .first_alone = true, .single_writer = true};
  }

  Status Connect(Deadline deadline, const std::atomic<bool>* abandoned,
                 std::unique_ptr<Connection>* out) override {
    auto connection = std::make_unique<SqliteConnection>(database_);
    DBP_RETURN_IF_ERROR(connection->Open(deadline, abandoned));
    *out = std::move(connection);
    return Status::Ok();
  }

  // A transaction that will write says so at once: one that finds out later may have to begin anew.
  // That a READ_ONLY one does not write is held by SetReadOnly(true), which the caller sets until
  // its end.
  std::string BeginSql(const dbpool_tx_options& options) const override {
    return options.flags & DBPOOL_TX_READ_ONLY ? "BEGIN DEFERRED" : "BEGIN IMMEDIATE";
  }

  bool TransactionMayRetry(const Status& status) const override {
    return status.code() == DBPOOL_ERR_SQL &&
           (status.sqlstate() == "40001" || status.sqlstate() == "55P03");
  }

 private:
  const std::shared_ptr<const Database> database_;
};

}  // namespace

}  // namespace dbp::sqlite

namespace dbp {

Status MakeSqliteDriver(const Config& config, std::unique_ptr<Driver>* out) {
  std::shared_ptr<const sqlite::Database> database;
  DBP_RETURN_IF_ERROR(sqlite::Database::Make(config, &database));
  *out = std::make_unique<sqlite::SqliteDriver>(std::move(database));
  return Status::Ok();
}

}  // namespace dbp
