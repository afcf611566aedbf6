#include "cli/load.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dbp::cli {
namespace {

TEST(Load, EachThreadSendsARequestHoweverShortTheTime) {
  const LoadPlan plan = {4, 0};
  const LoadResult result = RunLoad(plan, *BackToBack(), [](Random&) { return int64_t{7}; });
  EXPECT_EQ(result.latency.count(), 4u);
  EXPECT_EQ(result.wait.max(), 7);
}

TEST(Load, WhatIsNotDueInTimeIsNotSent) {
  const LoadPlan plan = {2, 0};
  const LoadResult result = RunLoad(plan, *AtRate(0.01), [](Random&) { return int64_t{0}; });
  EXPECT_EQ(result.latency.count(), 1u) << "the first is due at the start";
}

TEST(Load, AThreadThatCannotGoOnEndsTheRun) {
  const LoadPlan plan = {2, 3600'000'000'000};
  const Work work = [](Random&) -> int64_t { throw std::runtime_error("no failure of a request"); };
  EXPECT_THROW(RunLoad(plan, *BackToBack(), work), std::runtime_error);
}

}  // namespace
}  // namespace dbp::cli
