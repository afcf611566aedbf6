#include "loop/op.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/testing.h"

namespace dbp {
namespace {

struct Counts {
  std::atomic<int> delivered{0}, cancelled{0}, freed{0}, due{0};
};

/// Ends with the first event that is not its beginning.
class CountedOp final : public Op {
 public:
  explicit CountedOp(Counts& counts) : counts_(counts) {}

 private:
  void OnEvents(uint32_t events) override {
    if (!(events & ~uint32_t{kBegin})) return;
    counts_.cancelled += (events & kCancelled) != 0;
    counts_.freed += (events & kFreed) != 0;
    counts_.due += (events & kDue) != 0;
    End();
  }
  void OnNoMemory() noexcept override {}
  void Deliver() noexcept override { ++counts_.delivered; }

  Counts& counts_;
};

class OpTest : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override { ASSERT_OK(Loop::Create(GetParam(), &loop_)); }
  void TearDown() override {
    if (loop_) loop_->Free();
  }
  CountedOp& Start() {
    CountedOp& op = Op::New<CountedOp>(counts_);
    EXPECT_OK(op.Enroll(*loop_));
    return op;
  }
  bool Until(const std::function<bool()>& condition) {
    return Await([&] {
      if (GetParam() == DBPOOL_LOOP_EXTERNAL) loop_->Dispatch(Deadline::At(0));
      return condition();
    });
  }

  Counts counts_;
  Loop* loop_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Kind, OpTest, testing::Values(DBPOOL_LOOP_THREAD, DBPOOL_LOOP_EXTERNAL),
                         [](const auto& tested) {
                           return tested.param == DBPOOL_LOOP_THREAD ? "Thread" : "External";
                         });

TEST_P(OpTest, ACancelEndsItOnceAndItsNumberIsStaleThen) {
  CountedOp& op = Start();
  const dbpool_op token = op.token();
  op.LetGo();
  EXPECT_EQ(Op::Cancel(token), DBPOOL_OK);
  ASSERT_TRUE(Until([&] { return counts_.delivered == 1; }));
  EXPECT_TRUE(Until([&] { return Op::Cancel(token) == DBPOOL_ERR_STALE; }));
  EXPECT_EQ(counts_.cancelled, 1);
}

TEST_P(OpTest, WhatHappensWhileItIsHeldComesAfterwards) {
  CountedOp& op = Start();
  EXPECT_EQ(Op::Cancel(op.token()), DBPOOL_OK);
  op.DueAt(0);
  EXPECT_FALSE(Await([&] {
    if (GetParam() == DBPOOL_LOOP_EXTERNAL) loop_->Dispatch(Deadline::At(0));
    return counts_.delivered > 0;
  }, 20 * kMillisecond));
  op.LetGo();
  ASSERT_TRUE(Until([&] { return counts_.delivered == 1; }));
  EXPECT_EQ(counts_.cancelled, 1);
}

TEST_P(OpTest, ADueTimeIsAnEvent) {
  CountedOp& op = Start();
  op.DueAt(Now() + kMillisecond);
  op.LetGo();
  ASSERT_TRUE(Until([&] { return counts_.delivered == 1; }));
  EXPECT_EQ(counts_.due, 1);
}

TEST_P(OpTest, ACellIsUsedAgainUnderAnotherNumber) {
  CountedOp& op = Start();
  const dbpool_op first = op.token();
  op.TakeBack();
  CountedOp& next = Start();
  EXPECT_NE(next.token(), first);
  EXPECT_EQ(&next, &op) << "the same memory";
  EXPECT_EQ(Op::Cancel(first), DBPOOL_ERR_STALE);
  next.TakeBack();
  EXPECT_EQ(counts_.delivered, 0);
}

TEST_P(OpTest, AFreedLoopTellsItsOwnOpsOnly) {
  Loop* other = nullptr;
  ASSERT_OK(Loop::Create(DBPOOL_LOOP_THREAD, &other));
  Counts others;
  for (int i = 0; i < 300; ++i) {
    Start().LetGo();
    CountedOp& stranger = Op::New<CountedOp>(others);
    ASSERT_OK(stranger.Enroll(*other));
    stranger.LetGo();
  }
  std::exchange(loop_, nullptr)->Free();
  EXPECT_EQ(counts_.delivered, 300);
  EXPECT_EQ(counts_.freed, 300);
  EXPECT_EQ(others.delivered, 0);
  other->Free();
  EXPECT_EQ(others.delivered, 300);
}

TEST_P(OpTest, NobodyEnrollsInALoopThatIsBeingFreed) {
  struct Freeing final : Task {
    Freeing(Loop& l, Counts& c) : loop(l), counts(c) {}
    void Run() override {
      loop.Free();  // inside: it goes on afterwards
      CountedOp& late = Op::New<CountedOp>(counts);
      EXPECT_CODE(late.Enroll(loop), DBPOOL_ERR_CLOSED);
      late.Discard();
      done = true;
    }
    Loop& loop;
    Counts& counts;
    std::atomic<bool> done{false};
  } freeing(*loop_, counts_);
  Loop* loop = std::exchange(loop_, nullptr);
  loop->Post(freeing);
  if (GetParam() == DBPOOL_LOOP_EXTERNAL) loop->Dispatch(Deadline::At(0));
  EXPECT_TRUE(Await([&] { return freeing.done.load(); }));
}

TEST_P(OpTest, CancelsFromManyThreadsRaceWithEnds) {
  const int rounds = kSanitized ? 500 : 5'000;
  std::atomic<dbpool_op> current{0};
  std::atomic<bool> stop{false};
  std::atomic<int> asked{0};
  std::vector<std::thread> cancellers;
  for (int i = 0; i < 3; ++i) {
    cancellers.emplace_back([&] {
      while (!stop) asked += Op::Cancel(current) == DBPOOL_OK;
    });
  }
  for (int i = 0; i < rounds; ++i) {
    CountedOp& op = Start();
    current = op.token();
    if (i % 2 == 0) op.DueAt(Now());
    op.LetGo();
    while (counts_.delivered == i) {
      if (GetParam() == DBPOOL_LOOP_EXTERNAL) loop_->Dispatch(Deadline::At(0));
      std::this_thread::yield();
    }
  }
  stop = true;
  for (std::thread& thread : cancellers) thread.join();
  EXPECT_EQ(counts_.delivered, rounds);
  EXPECT_GE(asked, counts_.cancelled);
}

}  // namespace
}  // namespace dbp
