#include <cmath>
#include <limits>

#include "tests/contract/contract.h"

// Every value there and back: as a parameter, as a cell, from a table.

namespace dbp::contract {
namespace {

using namespace std::string_literals;

class ValueTest : public SqlTest {
 protected:
  std::vector<Cell> Cast(const char* type, dbpool_value value) {
    return Row("select cast($1 as " + std::string(type) + ")", {value});
  }
};

TEST_P(ValueTest, Null) {
  for (const char* type : {"bigint", "text", "double precision"}) {
    const Cell cell = Cast(type, contract::Null())[0];
    EXPECT_EQ(cell.type, DBPOOL_NULL) << type;
    EXPECT_FALSE(cell.has_text) << type;
  }
}

TEST_P(ValueTest, IntegersToTheirExtremes) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1} << 53, (int64_t{1} << 53) + 1,
        std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    const Cell cell = Cast("bigint", Int(value))[0];
    EXPECT_EQ(cell.type, DBPOOL_INT64);
    EXPECT_EQ(cell.i64, value);
    EXPECT_EQ(cell.has_text, quirks().text_of_numbers);
    if (cell.has_text) {
      EXPECT_EQ(cell.text, std::to_string(value));
    }
  }
}

TEST_P(ValueTest, FloatsBitByBit) {
  using Limits = std::numeric_limits<double>;
  for (const double value :
       {0.0, -0.0, 0.1, 1.0 / 3, 1e300, -1e-300, Limits::min(), Limits::denorm_min(), Limits::max(),
        Limits::infinity(), -Limits::infinity()}) {
    const Cell cell = Cast("double precision", Float(value))[0];
    EXPECT_EQ(cell.type, DBPOOL_FLOAT64) << value;
    EXPECT_EQ(cell.f64, value);
  }
}

TEST_P(ValueTest, NotANumberWhereThereIsOne) {
  const Cell cell = Cast("double precision", Float(std::nan("")))[0];
  EXPECT_EQ(cell.type, quirks().has_nan ? DBPOOL_FLOAT64 : DBPOOL_NULL);
  if (quirks().has_nan) {
    EXPECT_TRUE(std::isnan(cell.f64));
  }
}

TEST_P(ValueTest, Booleans) {
  for (const bool value : {false, true}) {
    const Cell cell = Cast(quirks().has_bool ? "boolean" : "integer", Bool(value))[0];
    EXPECT_EQ(cell.type, quirks().has_bool ? DBPOOL_BOOL : DBPOOL_INT64);
    EXPECT_EQ(cell.i64, value ? 1 : 0);
  }
}

TEST_P(ValueTest, TextOfAnyKind) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  for (const std::string& value : {""s, "a"s, "it's \"quoted\" \\ $1 ; --"s,
                                   "grüße, 世界, \U0001F600"s, all, std::string(1'000'000, 'x')}) {
    const Cell cell = Cast("text", contract::Text(value))[0];
    EXPECT_EQ(cell.type, DBPOOL_TEXT);
    EXPECT_TRUE(cell.has_text) << "empty text is not NULL";
    EXPECT_TRUE(cell.text == value) << value.substr(0, 100);
  }
}

TEST_P(ValueTest, EmptyTextWithoutMemory) {
  dbpool_value value = contract::Text("");
  value.data = nullptr;
  EXPECT_EQ(Cast("text", value)[0].type, DBPOOL_TEXT);
  value.type = DBPOOL_BYTES;
  EXPECT_EQ(Cast(quirks().bytes_type.c_str(), value)[0].type, DBPOOL_BYTES);
}

TEST_P(ValueTest, BytesOfAnyKind) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& value :
       {""s, "\0"s, "\0a\0"s, "\\x00"s, all, std::string(300'000, '\0')}) {
    const Cell cell = Cast(quirks().bytes_type.c_str(), Bytes(value))[0];
    EXPECT_EQ(cell.type, DBPOOL_BYTES);
    EXPECT_TRUE(cell.text == value) << value.size();
  }
}

TEST_P(ValueTest, TextEndsWithANulThatIsNotCounted) {
  ASSERT_OK(Run("select cast($1 as text)", {contract::Text("abc")}));
  const Rows::Batch batch = rows_->Take(1);
  ASSERT_EQ(batch.rows, 1u);
  ASSERT_EQ(batch.cells[0].size, 3u);
  EXPECT_EQ(batch.cells[0].data[3], '\0');
}

TEST_P(ValueTest, ThroughATable) {
  ASSERT_OK(Run("create table contract_t (i bigint, f double precision, t text, b " +
                quirks().bytes_type + ")"));
  const std::string bytes("\0\xff", 2);
  ASSERT_OK(Run("insert into contract_t (i, f, t, b) values ($1, $2, $3, $4), ($5, $6, $7, $8)",
                {Int(7), Float(0.5), contract::Text("é"), Bytes(bytes), contract::Null(),
                 contract::Null(), contract::Null(), contract::Null()}));
  const std::vector<Cell> row = Row("select i, f, t, b from contract_t where i = $1", {Int(7)});
  EXPECT_EQ(row[0].i64, 7);
  EXPECT_EQ(row[1].f64, 0.5);
  EXPECT_EQ(row[2].text, "é");
  EXPECT_EQ(row[3].text, bytes);
  for (const Cell& cell : Row("select i, f, t, b from contract_t where i is null"))
    EXPECT_EQ(cell.type, DBPOOL_NULL);
}

TEST_P(ValueTest, ColumnsHaveNameAndKind) {
  ASSERT_OK(Run("create table contract_t (i bigint, f double precision, t text, b " +
                quirks().bytes_type + ", n numeric(10,2), d date, o boolean)"));
  ASSERT_OK(Run("select i, f as \"Big Name\", t, b, n, d, o from contract_t"));
  const auto columns = rows_->columns();
  ASSERT_EQ(columns.size(), 7u);
  const char* names[] = {"i", "Big Name", "t", "b", "n", "d", "o"};
  const uint32_t kinds[] = {DBPOOL_KIND_INTEGER, DBPOOL_KIND_FLOAT,   DBPOOL_KIND_TEXT,
                            DBPOOL_KIND_BYTES,   DBPOOL_KIND_NUMERIC, DBPOOL_KIND_DATE,
                            DBPOOL_KIND_BOOL};
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_STREQ(columns[i].name, names[i]);
    EXPECT_EQ(columns[i].kind, kinds[i]) << names[i];
    EXPECT_NE(columns[i].native_name, nullptr);
  }
}

TEST_P(ValueTest, ParametersInAnyOrderAndMoreThanOnce) {
  const std::vector<Cell> row = Row("select cast($2 as text), cast($1 as text), cast($2 as text)",
                                    {contract::Text("one"), contract::Text("two")});
  EXPECT_EQ(row[0].text, "two");
  EXPECT_EQ(row[1].text, "one");
  EXPECT_EQ(row[2].text, "two");
}

TEST_P(ValueTest, ParametersBeyondTheNinth) {
  std::string sql = "select ";
  std::vector<dbpool_value> params;
  for (int i = 20; i >= 1; --i)
    sql += "cast($" + std::to_string(i) + " as bigint)" + (i > 1 ? " + 100 * " : "");
  for (int i = 1; i <= 20; ++i) params.push_back(Int(0));
  params[19] = Int(1);  // the factor that is not multiplied
  EXPECT_EQ(Number(sql, params), 1);
}

TEST_P(ValueTest, WrongNumberOfParametersIsRefused) {
  EXPECT_CODE(Run("select cast($1 as text)"), DBPOOL_ERR_INVALID);
  ExpectUsable();
  EXPECT_CODE(Run("select cast($1 as text)", {Int(1), Int(2)}), DBPOOL_ERR_INVALID);
  ExpectUsable();
  EXPECT_CODE(Run("select 1", {Int(1)}), DBPOOL_ERR_INVALID);
  ExpectUsable();
  EXPECT_CODE(Run("select cast($2 as text), cast($1 as text)", {Int(1)}), DBPOOL_ERR_INVALID);
  ExpectUsable();
}

TEST_P(ValueTest, WrongNumberIsRefusedForAKnownStatementToo) {
  const std::string sql = "select cast($1 as bigint)";
  for (int round = 0; round < 4; ++round) {
    EXPECT_EQ(Number(sql, {Int(round)}), round);
    EXPECT_CODE(Run(sql, {Int(1), Int(2)}), DBPOOL_ERR_INVALID);
    EXPECT_CODE(Run(sql), DBPOOL_ERR_INVALID);
  }
}

TEST_P(ValueTest, NulInTextIsRefused) {
  EXPECT_CODE(Run("select cast($1 as text)", {contract::Text("a\0b"s)}), DBPOOL_ERR_INVALID);
  ExpectUsable();
  EXPECT_CODE(Run("select 1\0, 2"s), DBPOOL_ERR_INVALID);
  ExpectUsable();
}

TEST_P(ValueTest, TheSameTextTakesParametersOfEveryType) {
  const std::string sql = "select cast($1 as text)";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Row(sql, {Int(5)})[0].text, "5");
    EXPECT_EQ(Row(sql, {contract::Text("x")})[0].text, "x");
    EXPECT_EQ(Row(sql, {contract::Null()})[0].type, DBPOOL_NULL);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ValueTest, testing::Values(SqliteFile(), SqliteMemory(), Postgres()),
                         NameOf);

}  // namespace
}  // namespace dbp::contract
