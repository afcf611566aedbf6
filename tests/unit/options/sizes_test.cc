#include <gtest/gtest.h>

#include "tests/unit/options/resolved.h"

namespace dbp {
namespace {

TEST(Sizes, HaveTheirDefaults) {
  const Config config = Resolved("sqlite:x");
  EXPECT_EQ(config.pool_size, 5u);
  EXPECT_EQ(config.max_overflow, 10u);
  EXPECT_EQ(config.min_size, 5u);
  EXPECT_TRUE(config.min_size_follows);
}

TEST(Sizes, LetMinSizeFollowPoolSize) {
  const Config config = Resolved("sqlite:x", {{"pool_size", "20"}});
  EXPECT_EQ(config.min_size, 20u);
  EXPECT_TRUE(config.min_size_follows);
}

TEST(Sizes, TakeMinSizeAsGiven) {
  const Config config = Resolved("sqlite:x", {{"min_size", "0"}});
  EXPECT_EQ(config.min_size, 0u);
  EXPECT_FALSE(config.min_size_follows);
}

TEST(Sizes, RefuseMoreThanPoolSizeAsMinSize) {
  const std::string message = Refusal("sqlite:x", {{"pool_size", "4"}, {"min_size", "5"}});
  EXPECT_EQ(message, "min_size: the value '5' is not allowed; allowed: 0 to pool_size (4)");
  Refusal("sqlite:x", {{"min_size", "6"}});
}

TEST(Sizes, TakeMaxSizeAsPoolSizeAndOverflow) {
  EXPECT_EQ(Resolved("sqlite:x", {{"maxconn", "20"}}).max_overflow, 15u);
  EXPECT_EQ(Resolved("sqlite:x", {{"max_size", "20"}, {"pool_size", "20"}}).max_overflow, 0u);
}

TEST(Sizes, ShrinkAPoolSizeThatNobodySetToMaxSize) {
  const Config config = Resolved("sqlite:x", {{"max_size", "3"}});
  EXPECT_EQ(config.pool_size, 3u);
  EXPECT_EQ(config.max_overflow, 0u);
  EXPECT_EQ(config.min_size, 3u);
}

TEST(Sizes, RaiseAPoolSizeThatNobodySetToMinSizeIfThereIsAMaxSize) {
  const Config config = Resolved("sqlite:x", {{"minconn", "8"}, {"maxconn", "20"}});
  EXPECT_EQ(config.min_size, 8u);
  EXPECT_EQ(config.pool_size, 8u);
  EXPECT_EQ(config.max_overflow, 12u);
  Refusal("sqlite:x", {{"minconn", "21"}, {"maxconn", "20"}});
}

TEST(Sizes, RefuseAMaxSizeBelowPoolSize) {
  const std::string message = Refusal("sqlite:x", {{"max_size", "3"}, {"pool_size", "4"}});
  EXPECT_EQ(message, "max_size: the value '3' is not allowed; allowed: pool_size (4) or more");
}

TEST(Sizes, RefuseAMaxSizeThatContradictsMaxOverflow) {
  EXPECT_TRUE(Contains(Refusal("sqlite:x", {{"max_size", "12"}, {"max_overflow", "8"}}),
                       "max_overflow (13)"));
  Refusal("sqlite:x?max_size=12&max_overflow=8");
  EXPECT_EQ(Resolved("sqlite:x", {{"max_size", "13"}, {"max_overflow", "8"}}).max_overflow, 8u);
}

TEST(Sizes, LetTheStrongerSourceWinAContradiction) {
  EXPECT_EQ(Resolved("sqlite:x?max_size=30", {{"max_overflow", "2"}}).max_overflow, 2u);
  EXPECT_EQ(Resolved("sqlite:x?max_overflow=2", {{"max_size", "30"}}).max_overflow, 25u);
  EXPECT_EQ(Resolved("sqlite:x?pool_size=8", {{"max_size", "3"}}).pool_size, 3u);
  EXPECT_EQ(Resolved("sqlite:x?max_size=3", {{"pool_size", "8"}}).max_overflow, 10u);
  const Config config = Resolved("sqlite:x?min_size=8", {{"pool_size", "6"}});
  EXPECT_EQ(config.min_size, 6u);
  EXPECT_TRUE(config.min_size_follows);
}

}  // namespace
}  // namespace dbp
