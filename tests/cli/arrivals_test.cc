#include "cli/arrivals.h"

#include <gtest/gtest.h>

namespace dbp::cli {
namespace {

TEST(Arrivals, ARateIsEvenlySpacedFromTheStart) {
  const auto arrivals = AtRate(1000);
  arrivals->Start(5'000'000);
  EXPECT_EQ(arrivals->Next().due, 5'000'000);
  EXPECT_EQ(arrivals->Next().due, 6'000'000);
  EXPECT_EQ(arrivals->Next().due, 7'000'000);
}

TEST(Arrivals, WhatWasDueAndNotTakenIsOverdue) {
  const auto arrivals = AtRate(1000);
  arrivals->Start(0);
  arrivals->Next();
  EXPECT_EQ(arrivals->Overdue(10'000'000), 9u);
  EXPECT_EQ(arrivals->Overdue(500'000), 0u);
}

TEST(Arrivals, TheUserDueFirstIsServedFirst) {
  const auto arrivals = Users(50, 0, 1'000'000'000);
  arrivals->Start(0);
  int64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const int64_t due = arrivals->Next().due;
    EXPECT_GE(due, last);
    EXPECT_LE(due, 1'000'000'000);
    last = due;
  }
}

TEST(Arrivals, AUserIsNotDueAgainBeforeAnswerAndThinking) {
  const auto arrivals = Users(1, 30'000'000, 60'000'000);
  Random random(1);
  arrivals->Start(0);
  const Request first = arrivals->Next();
  EXPECT_EQ(arrivals->Next().due, INT64_MAX);
  const int64_t answered = Now();
  arrivals->Done(first, random);
  EXPECT_GE(arrivals->Next().due, answered + 30'000'000);
}

}  // namespace
}  // namespace dbp::cli
