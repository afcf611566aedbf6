#include "cli/histogram.h"

#include <gtest/gtest.h>

namespace dbp::cli {
namespace {

TEST(Histogram, AnEmptyOneHasNoQuantile) {
  EXPECT_EQ(Histogram().Quantile(0.5), 0);
  EXPECT_EQ(Histogram().max(), 0);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.Add(i);
  EXPECT_EQ(histogram.Quantile(0.5), 50);
  EXPECT_EQ(histogram.Quantile(0.99), 99);
  EXPECT_EQ(histogram.Quantile(1), 100);
  EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, LargeValuesAreWithinTwoPercent) {
  for (int64_t value = 1; value < (int64_t{1} << 61); value = value * 3 + 1) {
    Histogram histogram;
    histogram.Add(value);
    histogram.Add(INT64_MAX / 2);
    const auto quantile = static_cast<double>(histogram.Quantile(0.5));
    EXPECT_GE(quantile, static_cast<double>(value));
    EXPECT_LE(quantile, static_cast<double>(value) * 1.016);
  }
}

TEST(Histogram, NoQuantileExceedsTheMaximum) {
  Histogram histogram;
  histogram.Add(1'000'001);
  EXPECT_EQ(histogram.Quantile(0.999), 1'000'001);
}

TEST(Histogram, AMergedOneCountsBoth) {
  Histogram a, b;
  a.Add(10);
  b.Add(1000);
  a.Merge(b);
  EXPECT_EQ(a.count(), 2u);
  EXPECT_EQ(a.max(), 1000);
  EXPECT_EQ(a.Quantile(0.5), 10);
}

TEST(Histogram, SpansThatTouchCountEachValueOnce) {
  Histogram histogram;
  for (int64_t i = 0; i < 5000; ++i) histogram.Add(i * 1000);
  uint64_t sum = 0;
  for (int64_t from = 0; from <= histogram.max(); from += 700'000)
    sum += histogram.CountBetween(from, from + 700'000);
  EXPECT_EQ(sum, 5000u);
}

}  // namespace
}  // namespace dbp::cli
