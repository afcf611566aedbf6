#include "cli/text.h"

#include <gtest/gtest.h>

namespace dbp::cli {
namespace {

TEST(Text, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("äöü"), 3u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("\xff\xc3"), 2u);
}

TEST(Text, ControlCharactersAndBrokenUtf8AreShownNotSent) {
  EXPECT_EQ(Printable("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(Printable("\x1b[0m"), "\\x1b[0m");
  EXPECT_EQ(Printable("\xff\xc3(ä"), "\\xff\\xc3(ä");
  EXPECT_EQ(Printable("\u009b"), "\\x9b");
}

TEST(Text, NumbersAreGrouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

TEST(Text, DurationsHaveThreeDigits) {
  EXPECT_EQ(Duration(0), "0 ns");
  EXPECT_EQ(Duration(999), "999 ns");
  EXPECT_EQ(Duration(1240), "1.24 us");
  EXPECT_EQ(Duration(12'400'000), "12.4 ms");
  EXPECT_EQ(Duration(999'999), "1.00 ms");
  EXPECT_EQ(Duration(124'000'000'000), "124 s");
  EXPECT_EQ(RoundDuration(2'000'000), "2 ms");
  EXPECT_EQ(RoundDuration(2'500'000'000), "2.5 s");
}

TEST(Text, DurationsAreRead) {
  EXPECT_EQ(ParseDuration("250ms"), 250'000'000);
  EXPECT_EQ(ParseDuration("1.5"), 1'500'000'000);
  EXPECT_EQ(ParseDuration("2m"), 120'000'000'000);
  for (const char* wrong : {"", "s", "-1s", "1d", "1 s", "nan", "inf", "1e9h"})
    EXPECT_EQ(ParseDuration(wrong), -1) << wrong;
}

TEST(Text, LinesAreWrappedAtSpaces) {
  EXPECT_EQ(Wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(Wrap("muchtoolong a", 4), (std::vector<std::string>{"muchtoolong", "a"}));
  EXPECT_TRUE(Wrap("", 10).empty());
}

}  // namespace
}  // namespace dbp::cli
