#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "sql/format.h"

namespace dbp {
namespace {

std::string Text(const dbpool_value& value) {
  char buffer[64] = "untouched";
  const size_t length = FormatValue(value, buffer, sizeof buffer);
  EXPECT_EQ(length, std::strlen(buffer));
  return buffer;
}
dbpool_value Number(uint8_t type, int64_t number) {
  dbpool_value value = {};
  value.type = type;
  value.num.i64 = number;
  return value;
}
dbpool_value Float(double number) {
  dbpool_value value = {};
  value.type = DBPOOL_FLOAT64;
  value.num.f64 = number;
  return value;
}
dbpool_value Data(uint8_t type, std::string_view data) {
  dbpool_value value = {};
  value.type = type;
  value.data = data.data();
  value.size = static_cast<uint32_t>(data.size());
  return value;
}

TEST(FormatValue, WritesEveryInteger) {
  EXPECT_EQ(Text(Number(DBPOOL_INT64, 0)), "0");
  EXPECT_EQ(Text(Number(DBPOOL_INT64, std::numeric_limits<int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(Text(Number(DBPOOL_INT64, std::numeric_limits<int64_t>::max())), "9223372036854775807");
}

TEST(FormatValue, WritesTheShortestTextThatIsTheSameFloat) {
  for (double number : {0.1, 1.0 / 3, -2.5e-300, 5e-324, 1.7976931348623157e308}) {
    EXPECT_EQ(std::strtod(Text(Float(number)).c_str(), nullptr), number);
  }
  EXPECT_EQ(Text(Float(0.1)), "0.1");
  EXPECT_EQ(Text(Float(-0.0)), "-0");
}

TEST(FormatValue, NamesWhatIsNoNumberAsPostgresDoes) {
  EXPECT_EQ(Text(Float(std::numeric_limits<double>::quiet_NaN())), "NaN");
  EXPECT_EQ(Text(Float(std::numeric_limits<double>::infinity())), "Infinity");
  EXPECT_EQ(Text(Float(-std::numeric_limits<double>::infinity())), "-Infinity");
}

TEST(FormatValue, WritesABooleanAsAWord) {
  EXPECT_EQ(Text(Number(DBPOOL_BOOL, 1)), "true");
  EXPECT_EQ(Text(Number(DBPOOL_BOOL, 0)), "false");
}

TEST(FormatValue, WritesBytesInHex) {
  EXPECT_EQ(Text(Data(DBPOOL_BYTES, std::string_view("\0\x7f\xff\xa5", 4))), "\\x007fffa5");
  EXPECT_EQ(Text(Data(DBPOOL_BYTES, "")), "\\x");
}

TEST(FormatValue, WritesNullAsNothing) {
  EXPECT_EQ(Text({}), "");
  EXPECT_EQ(Text(Data(DBPOOL_TEXT, {})), "") << "text without data";
}

TEST(FormatValue, CutsToTheBufferAndSaysTheWholeLength) {
  const dbpool_value values[] = {Data(DBPOOL_TEXT, "abcdef"), Data(DBPOOL_BYTES, "\x12\x34"),
                                 Number(DBPOOL_INT64, 123456)};
  const std::string whole[] = {"abcdef", "\\x1234", "123456"};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t size = 0; size <= 8; ++size) {
      char buffer[10];
      std::memset(buffer, '#', sizeof buffer);
      EXPECT_EQ(FormatValue(values[i], buffer, size), 6u);
      if (size > 0) {
        EXPECT_EQ(std::string(buffer), whole[i].substr(0, size - 1));
      }
      EXPECT_EQ(buffer[size], '#') << "wrote past the size";
    }
    EXPECT_EQ(FormatValue(values[i], nullptr, 0), 6u);
  }
}

}  // namespace
}  // namespace dbp
