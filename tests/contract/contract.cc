#include "tests/contract/contract.h"

#include "driver/pump.h"

namespace dbp::contract {
namespace {

dbpool_value Value(uint8_t type) {
  dbpool_value value = {};
  value.type = type;
  return value;
}

dbpool_value Data(uint8_t type, std::string_view data) {
  dbpool_value value = Value(type);
  value.data = data.data();
  value.size = static_cast<uint32_t>(data.size());
  return value;
}

Cell Copy(const dbpool_value& value) {
  Cell cell;
  cell.type = value.type;
  cell.has_text = value.data != nullptr;
  if (value.data != nullptr) cell.text.assign(value.data, value.size);
  if (value.type == DBPOOL_FLOAT64) {
    cell.f64 = value.num.f64;
  } else {
    cell.i64 = value.num.i64;
  }
  return cell;
}

}  // namespace

dbpool_value Null() {
  return Value(DBPOOL_NULL);
}
dbpool_value Bool(bool value) {
  dbpool_value v = Value(DBPOOL_BOOL);
  v.num.i64 = value;
  return v;
}
dbpool_value Int(int64_t value) {
  dbpool_value v = Value(DBPOOL_INT64);
  v.num.i64 = value;
  return v;
}
dbpool_value Float(double value) {
  dbpool_value v = Value(DBPOOL_FLOAT64);
  v.num.f64 = value;
  return v;
}
dbpool_value Text(std::string_view text) {
  return Data(DBPOOL_TEXT, text);
}
dbpool_value Bytes(std::string_view bytes) {
  return Data(DBPOOL_BYTES, bytes);
}

Table TakeAll(Rows& rows) {
  Table table;
  const size_t columns = rows.columns().size();
  // A small batch, so that every result of some size crosses a border.
  for (Rows::Batch batch = rows.Take(7); batch.rows > 0; batch = rows.Take(7)) {
    for (uint32_t r = 0; r < batch.rows; ++r) {
      std::vector<Cell>& row = table.emplace_back();
      for (size_t c = 0; c < columns; ++c) row.push_back(Copy(batch.cells[r * columns + c]));
    }
  }
  return table;
}

Status Await(Connection& connection, std::unique_ptr<Rows>* rows) {
  if (!Pump(connection, Deadline::After(kGenerous))) {
    return Status::Error(DBPOOL_ERR_INTERNAL, "the operation hangs");
  }
  return connection.Finish(rows);
}

Status Run(Connection& connection, const Query& query, std::unique_ptr<Rows>* rows) {
  connection.StartQuery(query, Deadline::After(kGenerous));
  return Await(connection, rows);
}

Status Reset(Connection& connection, ResetMode mode) {
  connection.StartReset(mode, Deadline::After(kGenerous));
  return Await(connection, nullptr);
}

Status Ping(Connection& connection) {
  connection.StartPing(Deadline::After(kGenerous));
  return Await(connection, nullptr);
}

void ContractTest::SetUp() {
  std::string skip;
  driver_ = quirks().make(dir_, nullptr, &skip);
  if (driver_ == nullptr) GTEST_SKIP() << skip;
  conn_ = Connect();
  ASSERT_NE(conn_, nullptr);
}

void ContractTest::TearDown() {
  rows_.reset();
  conn_.reset();
  driver_.reset();
}

void ContractTest::Reopen(const std::function<void(Config&)>& tweak) {
  std::string skip;
  rows_.reset();
  conn_.reset();
  driver_ = quirks().make(dir_, tweak, &skip);
  ASSERT_NE(driver_, nullptr) << skip;
  conn_ = Connect();
  ASSERT_NE(conn_, nullptr);
}

std::unique_ptr<Connection> ContractTest::Connect() {
  std::unique_ptr<Connection> connection;
  EXPECT_OK(driver_->Connect(Deadline::After(kGenerous), nullptr, &connection));
  return connection;
}

Status ContractTest::Run(std::string_view sql, std::vector<dbpool_value> params) {
  rows_.reset();
  return contract::Run(*conn_, {sql, params, false, false}, &rows_);
}

Status ContractTest::RunStream(std::string_view sql) {
  rows_.reset();
  return contract::Run(*conn_, {sql, {}, true, false}, &rows_);
}

std::vector<Cell> ContractTest::Row(std::string_view sql, std::vector<dbpool_value> params) {
  const Status status = Run(sql, std::move(params));
  EXPECT_OK(status) << sql;
  if (!status.ok() || rows_ == nullptr) return std::vector<Cell>(8);
  Table table = TakeAll(*rows_);
  EXPECT_EQ(table.size(), 1u) << sql;
  std::vector<Cell> row = table.empty() ? std::vector<Cell>() : std::move(table[0]);
  if (row.size() < 8) row.resize(8);  // so that a failed expectation does not become a crash
  return row;
}

int64_t ContractTest::Number(std::string_view sql, std::vector<dbpool_value> params) {
  const Cell cell = Row(sql, std::move(params))[0];
  EXPECT_EQ(cell.type, DBPOOL_INT64) << sql;
  return cell.i64;
}

void ContractTest::ExpectUsable() {
  EXPECT_FALSE(conn_->broken());
  ASSERT_OK(Run(quirks().rows(3)));
  const Table table = TakeAll(*rows_);
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table[2][0].i64, 3);
}

void SqlTest::SetUp() {
  ContractTest::SetUp();
  if (!IsSkipped() && !HasFatalFailure()) DropTables();
}

void SqlTest::TearDown() {
  if (driver_ != nullptr) {
    rows_.reset();
    conn_ = Connect();  // whatever the test did to the old one, its locks are gone
    if (conn_ != nullptr) DropTables();
  }
  ContractTest::TearDown();
}

void SqlTest::DropTables() {
  EXPECT_OK(Run("drop table if exists contract_u"));
  EXPECT_OK(Run("drop table if exists contract_t"));
}

}  // namespace dbp::contract
