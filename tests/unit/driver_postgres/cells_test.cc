#include "driver/postgres/cells.h"

#include <cmath>
#include <map>

#include "tests/unit/driver_postgres/fixture.h"

namespace dbp::postgres {
namespace {

std::string Decode(std::string_view text) {
  std::string out(DecodedByteaBound(text.size()), '?');
  out.resize(DecodeBytea(text.data(), text.size(), out.data()));
  return out;
}

TEST(Cells, DecodeByteaFromHexAndFromEscapes) {
  EXPECT_EQ(Decode("\\x00ff41"), std::string("\0\xff"
                                             "A",
                                             3));
  EXPECT_EQ(Decode("\\x"), "");
  EXPECT_EQ(Decode("a\\\\b\\000c\\377"), std::string("a\\b\0c\xff", 6));
}

TEST(Cells, ParseNumbersAtTheirLimits) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  ASSERT_OK(
      RunSql(*c,
          "SELECT 9223372036854775807::int8, (-32768)::int2, 'Infinity'::float8, 'NaN'::float4,"
          " 0.1::float8, true, NULL::int4, 1.50::numeric, '\\x0041'::bytea",
          {}, &rows));
  const dbpool_value* v = rows->Take(1).cells;
  EXPECT_EQ(v[0].num.i64, INT64_MAX);
  EXPECT_EQ(v[1].num.i64, -32768);
  EXPECT_TRUE(std::isinf(v[2].num.f64) && v[2].type == DBPOOL_FLOAT64);
  EXPECT_TRUE(std::isnan(v[3].num.f64) && v[3].type == DBPOOL_FLOAT64);
  EXPECT_EQ(v[4].num.f64, 0.1);
  EXPECT_TRUE(v[5].type == DBPOOL_BOOL && v[5].num.i64 == 1);
  EXPECT_EQ(v[6].type, DBPOOL_NULL);
  EXPECT_TRUE(v[7].type == DBPOOL_TEXT && std::string(v[7].data) == "1.50");
  EXPECT_EQ(std::string(v[8].data, v[8].size), std::string("\0A", 2));
}

TEST(Types, AgreeWithTheServersCatalogue) {
  auto c = MustOpen(SocketConfig());
  std::unique_ptr<Rows> rows;
  ASSERT_OK(RunSql(*c, "SELECT oid, typname, typcategory FROM pg_type WHERE oid < 10000", {}, &rows));
  const Rows::Batch batch = rows->Take(100000);
  int known = 0;
  for (uint32_t r = 0; r < batch.rows; ++r) {
    const dbpool_value* v = batch.cells + r * 3;
    const PgType type = TypeOf(static_cast<uint32_t>(v[0].num.i64));
    if (!*type.name) continue;
    ++known;
    EXPECT_STREQ(type.name, v[1].data);
    // Pseudo-types (_record) are arrays or not by their name alone.
    const bool array = v[2].data[0] == 'A' || (v[2].data[0] == 'P' && v[1].data[0] == '_');
    EXPECT_EQ(type.kind == DBPOOL_KIND_ARRAY, array) << type.name;
  }
  EXPECT_GT(known, 100);
}

}  // namespace
}  // namespace dbp::postgres
