#include "options/values.h"

#include <gtest/gtest.h>

#include <limits>

namespace dbp {
namespace {

TEST(Durations, TakeUnitsAndBareSeconds) {
  EXPECT_EQ(ParseDuration("250ms"), 250 * kMillisecond);
  EXPECT_EQ(ParseDuration("30s"), 30 * kSecond);
  EXPECT_EQ(ParseDuration("30"), 30 * kSecond);
  EXPECT_EQ(ParseDuration("5m"), 300 * kSecond);
  EXPECT_EQ(ParseDuration("5min"), 300 * kSecond);
  EXPECT_EQ(ParseDuration("1h"), 3600 * kSecond);
  EXPECT_EQ(ParseDuration("2d"), 172'800 * kSecond);
  EXPECT_EQ(ParseDuration("7us"), 7 * kMicrosecond);
  EXPECT_EQ(ParseDuration("0"), 0);
}

TEST(Durations, TakeDecimalsExactly) {
  EXPECT_EQ(ParseDuration("0.1"), 100 * kMillisecond);
  EXPECT_EQ(ParseDuration("1.5h"), 5400 * kSecond);
  EXPECT_EQ(ParseDuration("2.5ms"), 2500 * kMicrosecond);
  EXPECT_EQ(ParseDuration("0.000000001"), 1);
  EXPECT_EQ(ParseDuration("1.123456789"), 1'123'456'789);
  EXPECT_EQ(ParseDuration("0.0000000001"), 0);
}

TEST(Durations, RefuseWhatIsNone) {
  for (const char* text : {"",    "s",   "ms",   "-1",  "-1s", "+1",  "1e3",   "1e3s",    "nan",
                           "NaN", "inf", "0x10", "1.",  ".5",  "1.s", "1..2",  "1 s",     " 1",
                           "1 ",  "1S",  "1sec", "1s2", "1,5", "--1", "1.2.3", "\xc2\xb2"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(Durations, SaturateBelowForever) {
  for (const char* text : {"9223372036854775807", "99999999999999999999999999s", "9223372036.999h",
                           "106751991168d", "9223372036854775807.5us", "9223372036.854775807"}) {
    EXPECT_EQ(ParseDuration(text), kForever - 1) << text;
  }
  EXPECT_EQ(ParseDuration("9223372036.854775805"), kForever - 2);
}

TEST(Integers, AreDecimalAndSaturate) {
  EXPECT_EQ(ParseInteger("42"), 42);
  EXPECT_EQ(ParseInteger("-42"), -42);
  EXPECT_EQ(ParseInteger("99999999999999999999"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseInteger("-99999999999999999999"), std::numeric_limits<int64_t>::min());
  for (const char* text : {"", "+1", " 1", "1 ", "1e3", "1.0", "0x1", "one", "nan", "-", "1_000"}) {
    EXPECT_FALSE(ParseInteger(text)) << text;
  }
}

TEST(Booleans, KnowFourPairsInAnyCase) {
  for (const char* text : {"true", "on", "yes", "1", "TRUE", "On"})
    EXPECT_EQ(ParseBoolean(text), true);
  for (const char* text : {"false", "off", "no", "0", "OFF", "No"})
    EXPECT_EQ(ParseBoolean(text), false);
  for (const char* text : {"", "t", "2", "truee", " on", "on ", "none"}) {
    EXPECT_FALSE(ParseBoolean(text)) << text;
  }
}

TEST(Percents, AreFractionsWithOrWithoutTheSign) {
  EXPECT_DOUBLE_EQ(*ParsePercent("10%"), 0.10);
  EXPECT_DOUBLE_EQ(*ParsePercent("10"), 0.10);
  EXPECT_DOUBLE_EQ(*ParsePercent("2.5%"), 0.025);
  for (const char* text :
       {"", "%", "10%%", "-1", "1e3", "1e1%", "nan", "inf", "0x1", "1.", "% 10"}) {
    EXPECT_FALSE(ParsePercent(text)) << text;
  }
}

TEST(Percents, TooLongToHoldAreInfinite) {
  EXPECT_EQ(*ParsePercent(std::string(400, '9')), std::numeric_limits<double>::infinity());
}

TEST(Lists, FindAWordInAnyCase) {
  EXPECT_EQ(IndexIn("ro, rw, rwc", "RW"), 1u);
  EXPECT_EQ(IndexIn("off,none", "none"), 1u);
  EXPECT_FALSE(IndexIn("ro, rw, rwc", "r"));
  EXPECT_FALSE(IndexIn("ro, rw", "ro, rw"));
  EXPECT_FALSE(IndexIn("ro, rw", ""));
  EXPECT_FALSE(IndexIn("", ""));
}

TEST(Quoting, CutsLongTextsAndHidesWhatMayHoldAPassword) {
  EXPECT_EQ(Quoted("abc"), "'abc'");
  EXPECT_EQ(Quoted(std::string(100, 'x')).size(), 65u);
  EXPECT_EQ(Quoted("postgresql://u:p@h"), "(not shown)");
  EXPECT_EQ(Quoted("host=h password=p"), "(not shown)");
  EXPECT_EQ(Quoted("a\nb"), "(not shown)");
  EXPECT_EQ(Quoted("\xff"), "(not shown)");
}

}  // namespace
}  // namespace dbp
