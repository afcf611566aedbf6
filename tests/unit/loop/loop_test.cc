#include "loop/loop.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "tests/support/testing.h"
#include "tests/unit/loop/loop_fixture.h"

namespace dbp {
namespace {

/// Something pending that ends when the loop is freed, at once or by a task of its own.
class Operation final : public Pending, public Task {
 public:
  Operation(Loop& loop, bool at_once) : loop_(loop), at_once_(at_once) {}

  void OnLoopFree() override {
    ++told;
    told_by = std::this_thread::get_id();
    told_inside = loop_.OnLoopThread();
    if (at_once_) {
      loop_.Leave(*this);
    } else {
      loop_.reactor().Post(*this);
    }
  }
  void Run() override { loop_.Leave(*this); }

  int told = 0;
  bool told_inside = false;
  std::thread::id told_by;

 private:
  Loop& loop_;
  const bool at_once_;
};

class LoopTest : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override { ASSERT_OK(Loop::Create(GetParam(), &loop_)); }
  bool external() const { return GetParam() == DBPOOL_LOOP_EXTERNAL; }
  /// Runs what was posted.
  void Turn() {
    if (external()) {
      while (loop_->Dispatch(Deadline::At(0)) == DBPOOL_PENDING) {}
    }
  }

  Loop* loop_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Kind, LoopTest, testing::Values(DBPOOL_LOOP_THREAD, DBPOOL_LOOP_EXTERNAL),
                         [](const auto& tested) {
                           return tested.param == DBPOOL_LOOP_THREAD ? "Thread" : "External";
                         });

TEST_P(LoopTest, IsFreedWithNothingPending) { loop_->Free(); }

TEST_P(LoopTest, RunsATaskOnItsThread) {
  std::atomic<bool> ran{false};
  std::thread::id where;
  TaskFor task([&] {
    where = std::this_thread::get_id();
    ran = true;
  });
  loop_->Post(task);
  EXPECT_TRUE(Await([&] {
    Turn();
    return ran.load();
  }));
  EXPECT_EQ(where == std::this_thread::get_id(), external());
  loop_->Free();
}

TEST_P(LoopTest, FreeTellsEachPendingOneAndWaitsForIt) {
  std::vector<std::unique_ptr<Operation>> operations;
  for (int i = 0; i < 100; ++i) {
    operations.push_back(std::make_unique<Operation>(*loop_, i % 2 == 0));
    ASSERT_OK(loop_->Enroll(*operations.back()));
  }
  loop_->Free();
  for (const auto& operation : operations) {
    EXPECT_EQ(operation->told, 1);
    EXPECT_TRUE(operation->told_inside);
    EXPECT_EQ(operation->told_by == std::this_thread::get_id(), external());
  }
}

TEST_P(LoopTest, WhoHasLeftIsNotTold) {
  Operation stays(*loop_, true), left(*loop_, true), also_stays(*loop_, false);
  for (Operation* each : {&stays, &left, &also_stays}) ASSERT_OK(loop_->Enroll(*each));
  loop_->Leave(left);
  loop_->Free();
  EXPECT_EQ(left.told, 0);
  EXPECT_EQ(stays.told, 1);
  EXPECT_EQ(also_stays.told, 1);
}

TEST_P(LoopTest, FreeWaitsForWhoLeavesOnAnotherThread) {
  struct Slow final : Pending {
    void OnLoopFree() override { told = true; }
    std::atomic<bool> told{false};
  } slow;
  ASSERT_OK(loop_->Enroll(slow));
  std::atomic<bool> left{false};
  std::thread leaver([&] {
    Await([&] { return slow.told.load(); });
    left = true;
    loop_->Leave(slow);
  });
  loop_->Free();
  EXPECT_TRUE(left);
  leaver.join();
}

TEST_P(LoopTest, NobodyEnrollsWhileItIsBeingFreed) {
  struct Late final : Pending {
    explicit Late(Loop& l) : loop(l) {}
    void OnLoopFree() override {
      Operation another(loop, true);
      code = loop.Enroll(another).code();
      loop.Leave(*this);
    }
    Loop& loop;
    dbpool_status code = DBPOOL_OK;
  } late(*loop_);
  ASSERT_OK(loop_->Enroll(late));
  loop_->Free();
  EXPECT_EQ(late.code, DBPOOL_ERR_CLOSED);
}

TEST_P(LoopTest, FreeFromInsideReturnsAtOnceAndHappensAfterwards) {
  Operation operation(*loop_, false);
  ASSERT_OK(loop_->Enroll(operation));
  loop_->Ref();
  std::atomic<bool> returned{false};
  int told_then = -1;
  TaskFor task([&] {
    loop_->Free();
    told_then = operation.told;
    returned = true;
  });
  loop_->Post(task);
  if (external()) loop_->Dispatch(Deadline::At(0));
  ASSERT_TRUE(Await([&] { return returned.load(); }));
  EXPECT_EQ(told_then, 0);
  Operation another(*loop_, true);
  ASSERT_TRUE(Await([&] { return loop_->Enroll(another).code() == DBPOOL_ERR_CLOSED; }));
  if (external()) {
    EXPECT_EQ(operation.told, 1);  // Dispatch() saw to it
  }
  loop_->Unref();
}

TEST_P(LoopTest, WhoEnrollsAndLeavesWhileItIsFreedIsNotToldAfterwards) {
  for (int round = 0; round < 100; ++round) {
    Loop* loop = nullptr;
    ASSERT_OK(Loop::Create(GetParam(), &loop));
    loop->Ref();
    std::atomic<int> enrolled{0};
    std::thread user([&] {
      struct Guest final : Pending {
        ~Guest() { gone = true; }
        void OnLoopFree() override { EXPECT_FALSE(gone); }
        bool gone = false;
      };
      for (;;) {
        Guest guest;
        if (!loop->Enroll(guest).ok()) return;
        ++enrolled;
        loop->Leave(guest);
      }
    });
    ASSERT_TRUE(Await([&] { return enrolled > 0; }));
    loop->Free();
    user.join();
    loop->Unref();
  }
  loop_->Free();
}

TEST(LoopKindsTest, AThreadLoopIsNotDispatched) {
  Loop* loop = nullptr;
  ASSERT_OK(Loop::Create(DBPOOL_LOOP_THREAD, &loop));
  EXPECT_EQ(loop->Dispatch(Deadline::At(0)), DBPOOL_ERR_INVALID);
  EXPECT_EQ(loop->fd(), -1);
  loop->Free();
}

TEST(LoopKindsTest, WhatThrowsForWantOfMemoryWedgesNoLoop) {
  for (const uint32_t kind : {DBPOOL_LOOP_THREAD, DBPOOL_LOOP_EXTERNAL}) {
    Loop* loop = nullptr;
    ASSERT_TRUE(Loop::Create(kind, &loop).ok());
    std::atomic<int> ran{0};
    TaskFor bad([&] {
      ++ran;
      throw std::bad_alloc();
    });
    TimerFor late([&] {
      ++ran;
      throw std::bad_alloc();
    });
    TaskFor good([&] { ++ran; });
    Operation pending(*loop, true);
    ASSERT_TRUE(loop->Enroll(pending).ok());
    loop->reactor().Post(bad);
    loop->reactor().Post(good);
    loop->reactor().Schedule(late, 1);
    EXPECT_TRUE(Await([&] {
      if (kind == DBPOOL_LOOP_EXTERNAL) {
        EXPECT_EQ(loop->Dispatch(Deadline::At(0)), DBPOOL_OK);
      }
      return ran == 3;
    }));
    loop->reactor().Cancel(late);  // its call has ended
    loop->Free();
    EXPECT_EQ(pending.told, 1);
  }
}

TEST(LoopKindsTest, DispatchInsideItselfIsBusy) {
  Loop* loop = nullptr;
  ASSERT_OK(Loop::Create(DBPOOL_LOOP_EXTERNAL, &loop));
  dbpool_status inside = DBPOOL_OK;
  TaskFor task([&] { inside = loop->Dispatch(Deadline::At(0)); });
  loop->Post(task);
  EXPECT_EQ(loop->Dispatch(Deadline::At(0)), DBPOOL_OK);
  EXPECT_EQ(inside, DBPOOL_ERR_BUSY);
  loop->Free();
}

TEST(LoopKindsTest, DispatchOnTwoThreadsIsBusyForTheSecond) {
  Loop* loop = nullptr;
  ASSERT_OK(Loop::Create(DBPOOL_LOOP_EXTERNAL, &loop));
  std::atomic<bool> in{false}, out{false};
  TaskFor task([&] {
    in = true;
    Await([&] { return out.load(); });
  });
  loop->Post(task);
  std::thread first([&] { EXPECT_EQ(loop->Dispatch(Deadline::Never()), DBPOOL_OK); });
  ASSERT_TRUE(Await([&] { return in.load(); }));
  EXPECT_EQ(loop->Dispatch(Deadline::At(0)), DBPOOL_ERR_BUSY);
  out = true;
  first.join();
  loop->Free();
}

TEST(LoopKindsTest, AnEndlessPosterMakesDispatchStopEarly) {
  Loop* loop = nullptr;
  ASSERT_OK(Loop::Create(DBPOOL_LOOP_EXTERNAL, &loop));
  bool more = true;
  TaskFor task([&] {
    if (more) loop->Post(task);
  });
  loop->Post(task);
  EXPECT_EQ(loop->Dispatch(Deadline::At(0)), DBPOOL_PENDING);
  pollfd poll_fd = {.fd = loop->fd(), .events = POLLIN};
  EXPECT_EQ(poll(&poll_fd, 1, 0), 1);
  more = false;
  EXPECT_EQ(loop->Dispatch(Deadline::At(0)), DBPOOL_OK);
  loop->Free();
}

TEST(LoopKindsTest, FreeMakesAWaitingDispatchReturn) {
  Loop* loop = nullptr;
  ASSERT_OK(Loop::Create(DBPOOL_LOOP_EXTERNAL, &loop));
  loop->Ref();
  std::atomic<bool> in{false};
  Operation operation(*loop, false);
  ASSERT_OK(loop->Enroll(operation));
  TaskFor task([&] { in = true; });
  loop->Post(task);
  std::thread waiting([&] {
    while (loop->Dispatch(Deadline::Never()) == DBPOOL_OK && operation.told == 0) {}
  });
  ASSERT_TRUE(Await([&] { return in.load(); }));
  loop->Free();
  waiting.join();
  EXPECT_EQ(operation.told, 1);
  loop->Unref();
}

TEST(LoopKindsTest, TheSharedLoopIsOneAndItsThreadComesAndGoes) {
  Loop *one = nullptr, *two = nullptr;
  ASSERT_OK(Loop::Default(&one));
  ASSERT_OK(Loop::Default(&two));
  EXPECT_EQ(one, two);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(Await([] { return ThreadsNamed("dbpool-shared") == 0; })) << "nobody needs it";
    std::atomic<bool> ran{false};
    Operation operation(*one, true);
    ASSERT_OK(one->Enroll(operation));
    TaskFor task([&] { ran = true; });
    one->Post(task);
    EXPECT_TRUE(Await([&] { return ran.load(); }));
    EXPECT_EQ(ThreadsNamed("dbpool-shared"), 1);
    one->Leave(operation);
  }
  EXPECT_TRUE(Await([] { return ThreadsNamed("dbpool-shared") == 0; }));
}

}  // namespace
}  // namespace dbp
