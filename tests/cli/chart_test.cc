#include "cli/chart.h"

#include <gtest/gtest.h>

#include "cli/table.h"
#include "cli/text.h"

namespace dbp::cli {
namespace {

const Look kAscii = {};
const Look kUnicode = {false, false, true, 80};

TEST(Chart, ABarFillsItsShare) {
  EXPECT_EQ(Bar(kAscii, 0.5, 10), "#####");
  EXPECT_EQ(Bar(kUnicode, 0.25, 10), "██▌");
  EXPECT_EQ(Bar(kUnicode, 2, 3), "███");
  EXPECT_EQ(Bar(kAscii, 0, 10), "");
}

TEST(Chart, MoreThanNothingAlwaysShows) {
  EXPECT_EQ(Bar(kAscii, 1e-9, 10), "#");
  EXPECT_EQ(Bar(kUnicode, 1e-9, 10), "▏");
}

TEST(Chart, LinesShareOneScaleAndEndTogether) {
  EXPECT_EQ(BarChart({false, false, false, 40}, {{"a", 10, "10"}, {"long", 5, "5"}}, " "),
            " a     ############################ 10\n"
            " long  ##############                5\n");
}

TEST(Chart, ADistributionCountsEveryTimeInRoundSpans) {
  Histogram times;
  for (int i = 0; i < 10; ++i) times.Add(1'000'000 + i);
  times.Add(19'000'000);
  const std::string text = DistributionChart(kAscii, times, "");
  EXPECT_NE(text.find("  < 2 ms  "), std::string::npos) << text;
  EXPECT_NE(text.find(" < 20 ms  "), std::string::npos) << text;
  EXPECT_EQ(text.find("22 ms"), std::string::npos) << text;
}

TEST(Table, CellsAreAlignedByTheirColumns) {
  Table table({{"n", true}, {"text"}});
  table.AddRow({{"7"}, {"ä"}});
  table.AddRow({{"100"}, {"longer"}});
  EXPECT_EQ(table.Render(kAscii),
            "   n | text\n"
            "-----+--------\n"
            "   7 | ä\n"
            " 100 | longer\n");
}

}  // namespace
}  // namespace dbp::cli
