#include <cmath>
#include <limits>

#include "tests/integration/integration.h"

// Values there and back through PostgreSQL.

namespace dbp {
namespace {

struct Case {
  const char* type;
  const char* text;  ///< as a parameter and as the answer
  uint32_t kind;
  uint8_t cell;
};

const Case kCases[] = {
    {"bool", "t", DBPOOL_KIND_BOOL, DBPOOL_BOOL},
    {"int2", "-32768", DBPOOL_KIND_INTEGER, DBPOOL_INT64},
    {"int4", "2147483647", DBPOOL_KIND_INTEGER, DBPOOL_INT64},
    {"int8", "-9223372036854775808", DBPOOL_KIND_INTEGER, DBPOOL_INT64},
    {"float4", "1.5", DBPOOL_KIND_FLOAT, DBPOOL_FLOAT64},
    {"float8", "0.1", DBPOOL_KIND_FLOAT, DBPOOL_FLOAT64},
    {"float8", "Infinity", DBPOOL_KIND_FLOAT, DBPOOL_FLOAT64},
    {"float8", "-Infinity", DBPOOL_KIND_FLOAT, DBPOOL_FLOAT64},
    {"float8", "NaN", DBPOOL_KIND_FLOAT, DBPOOL_FLOAT64},
    {"numeric", "123456789012345678901234567890.123456789", DBPOOL_KIND_NUMERIC, DBPOOL_TEXT},
    {"numeric", "NaN", DBPOOL_KIND_NUMERIC, DBPOOL_TEXT},
    {"text", "Grüße, 世界 🎈 'quoted' \\ \"", DBPOOL_KIND_TEXT, DBPOOL_TEXT},
    {"text", "", DBPOOL_KIND_TEXT, DBPOOL_TEXT},
    {"varchar", "abc", DBPOOL_KIND_TEXT, DBPOOL_TEXT},
    {"date", "2024-02-29", DBPOOL_KIND_DATE, DBPOOL_TEXT},
    {"date", "infinity", DBPOOL_KIND_DATE, DBPOOL_TEXT},
    {"time", "23:59:59.999999", DBPOOL_KIND_TIME, DBPOOL_TEXT},
    {"timestamp", "2024-02-29 12:34:56.789012", DBPOOL_KIND_TIMESTAMP, DBPOOL_TEXT},
    {"timestamptz", "2024-02-29 12:34:56.789012+00", DBPOOL_KIND_TIMESTAMPTZ, DBPOOL_TEXT},
    {"interval", "1 day 02:03:04", DBPOOL_KIND_INTERVAL, DBPOOL_TEXT},
    {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", DBPOOL_KIND_UUID, DBPOOL_TEXT},
    {"json", "{\"a\": [1, null]}", DBPOOL_KIND_JSON, DBPOOL_TEXT},
    {"jsonb", "{\"a\": [1, null]}", DBPOOL_KIND_JSON, DBPOOL_TEXT},
    {"int[]", "{1,NULL,3}", DBPOOL_KIND_ARRAY, DBPOOL_TEXT},
    {"text[]", "{\"a b\",\"c,d\"}", DBPOOL_KIND_ARRAY, DBPOOL_TEXT},
};

class PostgresValues : public testing::Test {
 protected:
  /// The one cell that a statement gives; valid until the next call.
  dbpool_value Cell(const std::string& sql, const abi::Params& params = {}) {
    EXPECT_TRUE(Ok(pool_.Run(sql, params, {}, &result_))) << sql;
    dbpool_batch batch = {};
    EXPECT_EQ(result_.Fetch(1, &batch).code, DBPOOL_OK);
    return batch.cells ? batch.cells[0] : dbpool_value{};
  }

  Pool pool_{PostgresUrl(), {{"init_sql", "SET TimeZone = 'UTC'"}}};
  abi::Result result_;
};

TEST_F(PostgresValues, OfEveryTypeComeBackAsTheyWereSent) {
  for (const Case& one : kCases) {
    const std::string text = one.text;
    const std::string sql = std::string("SELECT $1::") + one.type;
    for (int use = 0; use < 3; ++use) {  // unprepared, prepared, by name
      SCOPED_TRACE(sql + " " + text);
      const dbpool_value cell = Cell(sql, {abi::Text(text)});
      ASSERT_NE(cell.data, nullptr);
      EXPECT_EQ(std::string(cell.data, cell.size), text);
      EXPECT_EQ(cell.data[cell.size], '\0');
      EXPECT_EQ(cell.type, one.cell);
      EXPECT_EQ(result_.columns()[0].kind, one.kind);
    }
  }
}

TEST_F(PostgresValues, NumbersAreParsedAndExact) {
  for (const int64_t n : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
                          std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(Cell("SELECT $1::int8", {abi::Int(n)}).num.i64, n);
  }
  for (const double d : {0.1, -0.0, 1e308, 5e-324, 1.0 / 3, 123456789.123456789,
                         std::numeric_limits<double>::infinity()}) {
    const dbpool_value cell = Cell("SELECT $1::float8", {abi::Float(d)});
    EXPECT_EQ(cell.num.f64, d);
    EXPECT_EQ(std::signbit(cell.num.f64), std::signbit(d));
  }
  EXPECT_TRUE(std::isnan(Cell("SELECT $1::float8", {abi::Float(std::nan(""))}).num.f64));
  EXPECT_EQ(Cell("SELECT $1::bool", {abi::Bool(true)}).num.i64, 1);
  EXPECT_EQ(Cell("SELECT $1::bool", {abi::Bool(false)}).num.i64, 0);
}

TEST_F(PostgresValues, BytesAreRawBothWays) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (const std::string& bytes : {all, std::string(), std::string(3'000'000, '\0')}) {
    const dbpool_value cell = Cell("SELECT $1::bytea", {abi::Bytes(bytes)});
    EXPECT_EQ(cell.type, DBPOOL_BYTES);
    EXPECT_TRUE(std::string(cell.data, cell.size) == bytes);
  }
  EXPECT_EQ(pool_.Ask("SELECT length($1)", {abi::Bytes(all)}), "256");
}

TEST_F(PostgresValues, NullIsNullWhateverTheType) {
  for (const char* type : {"int", "text", "bytea", "json", "int[]", "bool"}) {
    const dbpool_value cell = Cell(std::string("SELECT $1::") + type, {abi::Null()});
    EXPECT_EQ(cell.type, DBPOOL_NULL) << type;
    EXPECT_EQ(cell.size, 0u);
  }
}

TEST_F(PostgresValues, LargeTextsAndManyParametersPass) {
  const std::string large(8 << 20, 'x');
  EXPECT_EQ(Cell("SELECT $1::text", {abi::Text(large)}).size, large.size());
  std::string sql = "SELECT $1::int";
  abi::Params params = {abi::Int(1)};
  for (int i = 2; i <= 1000; ++i) {
    sql += " + $" + std::to_string(i) + "::int";
    params.push_back(abi::Int(i));
  }
  EXPECT_EQ(Cell(sql, params).num.i64, 500500);
}

TEST_F(PostgresValues, ColumnsAreNamedWithTheirTypes) {
  ASSERT_TRUE(Ok(pool_.Run("SELECT 1 AS \"Größe\", 'x'::text, now()", {}, {}, &result_)));
  const auto columns = result_.columns();
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_STREQ(columns[0].name, "Größe");
  EXPECT_STREQ(columns[0].native_name, "int4");
  EXPECT_EQ(columns[0].native_type, 23u);
  EXPECT_STREQ(columns[1].name, "text");
  EXPECT_STREQ(columns[2].native_name, "timestamptz");
}

TEST_F(PostgresValues, ColumnsOfATableSayWhich) {
  Lease lease(pool_);
  const auto columns = [&] {
    EXPECT_TRUE(Ok(lease.Run("SELECT b, a, ctid, a + 1 FROM origin", {}, {}, &result_)));
    return result_.columns();
  };
  uint32_t before = 0;
  for (int made = 0; made < 2; ++made) {  // the same statement, and then another table
    ASSERT_TRUE(Ok(lease.Run("CREATE TEMP TABLE origin (a int, b text)")));
    const auto oid = std::stoul(lease.Ask("SELECT 'origin'::regclass::oid::text"));
    for (int use = 0; use < 3; ++use) {
      const auto seen = columns();
      ASSERT_EQ(seen.size(), 4u);
      for (const size_t c : {0, 1, 2}) EXPECT_EQ(seen[c].native_table, oid) << c;
      EXPECT_EQ(seen[0].native_column, 2);
      EXPECT_EQ(seen[1].native_column, 1);
      EXPECT_LT(seen[2].native_column, 0) << "a system column";
      EXPECT_EQ(seen[3].native_table, 0u);
      EXPECT_EQ(seen[3].native_column, 0);
    }
    EXPECT_NE(oid, before);
    before = static_cast<uint32_t>(oid);
    ASSERT_TRUE(Ok(lease.Run("DROP TABLE origin")));
  }
}

}  // namespace
}  // namespace dbp
