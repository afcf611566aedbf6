#ifndef DBP_TESTS_CONTRACT_CONTRACT_H_
#define DBP_TESTS_CONTRACT_CONTRACT_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "driver/driver.h"
#include "options/config.h"
#include "tests/support/testing.h"

// One suite for every driver, over the seam. MachineTest holds what any driver does, the fake too,
// in texts that the quirks give; SqlTest holds what a database does. What a driver may do
// differently is a quirk; everything else is the contract.

namespace dbp::contract {

/// Where a driver differs, and its words for what the suite wants to say.
struct Quirks {
  std::string name;
  /// The driver of a fresh database; NULL with the reason in *skip if it cannot be had here.
  std::function<std::unique_ptr<Driver>(const TempDir&, const std::function<void(Config&)>& tweak,
                                        std::string* skip)>
      make;

  std::function<std::unique_ptr<Driver>(const std::string& uri)> connect_to;

  std::function<std::string(int)> rows;  ///< n rows of one integer, 1 to n
  std::string slow;                      ///< runs for minutes if nobody stops it
  std::string wrong = "selec 1";         ///< 42601
  std::string dirty = "create temp table left_behind (a int)";  ///< "" if it knows none

  std::string bytes_type;        ///< what BYTES are stored as
  bool has_bool = false;         ///< a type of its own for BOOL, not a number
  bool text_of_numbers = false;  ///< cells of numbers have their text, too
  bool has_nan = false;
  bool fails_transactions = false;  ///< an error fails the whole transaction
  bool gives_rowids = false;        ///< last_insert_id()
  bool works_in_step = false;       ///< no socket: Step() itself keeps to the deadline
  std::string bad_uri;              ///< nobody answers there
};

Quirks SqliteFile();
Quirks SqliteMemory();
Quirks Postgres();
Quirks Fake();

inline std::string NameOf(const testing::TestParamInfo<Quirks>& test) {
  return test.param.name;
}

/// A cell with memory of its own.
struct Cell {
  uint8_t type = DBPOOL_NULL;
  std::string text;
  bool has_text = false;
  int64_t i64 = 0;
  double f64 = 0;
};
using Table = std::vector<std::vector<Cell>>;

// Parameters. Text and bytes must outlive the statement.
dbpool_value Null();
dbpool_value Bool(bool value);
dbpool_value Int(int64_t value);
dbpool_value Float(double value);
dbpool_value Text(std::string_view text);
dbpool_value Bytes(std::string_view bytes);

/// All rows of a result that is complete.
Table TakeAll(Rows& rows);

/// Drives operations to their end on this thread, within a generous limit.
Status Await(Connection& connection, std::unique_ptr<Rows>* rows);
Status Run(Connection& connection, const Query& query, std::unique_ptr<Rows>* rows = nullptr);
Status Reset(Connection& connection, ResetMode mode);
Status Ping(Connection& connection);

class ContractTest : public testing::TestWithParam<Quirks> {
 protected:
  void SetUp() override;
  void TearDown() override;

  const Quirks& quirks() const { return GetParam(); }
  /// Another driver of the same database, differently configured, with a connection of its own in
  /// conn_.
  void Reopen(const std::function<void(Config&)>& tweak);
  std::unique_ptr<Connection> Connect();
  /// On conn_; what it gave is in rows_.
  Status Run(std::string_view sql, std::vector<dbpool_value> params = {});
  Status RunStream(std::string_view sql);
  /// The only row, or an empty one and a failure.
  std::vector<Cell> Row(std::string_view sql, std::vector<dbpool_value> params = {});
  int64_t Number(std::string_view sql, std::vector<dbpool_value> params = {});
  void ExpectUsable();

  TempDir dir_;
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Connection> conn_;
  std::unique_ptr<Rows> rows_;
};

class MachineTest : public ContractTest {};
/// Of a driver with a socket.
class PollTest : public ContractTest {};

/// A database with room for one table `contract_t` and one `contract_u`, dropped around each test.
class SqlTest : public ContractTest {
 protected:
  void SetUp() override;
  void TearDown() override;
  void DropTables();
};

}  // namespace dbp::contract

#endif  // DBP_TESTS_CONTRACT_CONTRACT_H_
