#ifndef DBP_TESTS_UNIT_DRIVER_SQLITE_FIXTURE_H_
#define DBP_TESTS_UNIT_DRIVER_SQLITE_FIXTURE_H_

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "driver/sqlite/driver.h"
#include "tests/support/testing.h"

namespace dbp::sqlite {

inline dbpool_value IntParam(int64_t number) {
  dbpool_value value = {};
  value.type = DBPOOL_INT64;
  value.num.i64 = number;
  return value;
}

inline dbpool_value TextParam(std::string_view text, uint8_t type = DBPOOL_TEXT) {
  dbpool_value value = {};
  value.type = type;
  value.data = text.data();
  value.size = static_cast<uint32_t>(text.size());
  return value;
}

/// A driver on a file of its own, and connections to it.
class SqliteTest : public testing::Test {
 protected:
  SqliteTest() { config_.sqlite.path = dir_.File("test.db"); }

  std::unique_ptr<Connection> Connect() {
    if (!driver_) {
      EXPECT_OK(MakeSqliteDriver(config_, &driver_));
    }
    std::unique_ptr<Connection> connection;
    EXPECT_OK(driver_->Connect(Deadline::After(kGenerous), nullptr, &connection));
    if (!connection) throw std::runtime_error("no connection");
    return connection;
  }
  Status TryConnect() {
    std::unique_ptr<Driver> driver;
    DBP_RETURN_IF_ERROR(MakeSqliteDriver(config_, &driver));
    std::unique_ptr<Connection> connection;
    return driver->Connect(Deadline::After(kGenerous), nullptr, &connection);
  }

  static Status Run(Connection& connection, const Query& query,
                    std::unique_ptr<Rows>* rows = nullptr,
                    Deadline deadline = Deadline::After(kGenerous)) {
    connection.StartQuery(query, deadline);
    EXPECT_EQ(connection.Step(), Want::kDone);
    return connection.Finish(rows);
  }
  static Status Run(Connection& connection, std::string_view sql,
                    const std::vector<dbpool_value>& params = {},
                    std::unique_ptr<Rows>* rows = nullptr) {
    return Run(connection, Query{.sql = sql, .params = params}, rows);
  }
  /// The rows that are there, cells joined by `|`, rows by a space.
  static std::string Text(Rows& rows) {
    std::string text;
    for (Rows::Batch batch = rows.Take(3); batch.rows > 0; batch = rows.Take(3)) {
      for (uint32_t i = 0; i < batch.rows * rows.columns().size(); ++i) {
        if (!text.empty()) text += i % rows.columns().size() == 0 ? ' ' : '|';
        text += CellText(batch.cells[i]);
      }
    }
    return text;
  }
  /// The rows of a statement, or what went wrong.
  static std::string Ask(Connection& connection, std::string_view sql,
                         const std::vector<dbpool_value>& params = {}) {
    std::unique_ptr<Rows> rows;
    const Status status = Run(connection, sql, params, &rows);
    return status.ok() ? Text(*rows) : Describe(status);
  }
  static Status Reset(Connection& connection, ResetMode mode) {
    connection.StartReset(mode, Deadline::After(kGenerous));
    EXPECT_EQ(connection.Step(), Want::kDone);
    return connection.Finish(nullptr);
  }

  TempDir dir_;
  Config config_;
  std::unique_ptr<Driver> driver_;

 private:
  static std::string CellText(const dbpool_value& cell) {
    switch (cell.type) {
      case DBPOOL_NULL:
        return "NULL";
      case DBPOOL_INT64:
        return std::to_string(cell.num.i64);
      case DBPOOL_FLOAT64:
        return std::to_string(cell.num.f64);
      default:
        EXPECT_EQ(cell.data[cell.size], '\0');
        return std::string(cell.data, cell.size);
    }
  }
};

/// Numbers 1 to n without a table, each some steps of SQLite's machine.
inline std::string Numbers(int64_t n) {
  return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(n) + ") SELECT i FROM n";
}

}  // namespace dbp::sqlite

#endif  // DBP_TESTS_UNIT_DRIVER_SQLITE_FIXTURE_H_
