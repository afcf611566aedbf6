#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/loop/loop_fixture.h"

namespace dbp {
namespace {

TEST_F(ReactorTest, TasksRunInTheOrderOfPosting) {
  std::vector<int> ran;
  TaskFor a([&] { ran.push_back(1); }), b([&] { ran.push_back(2); }), c([&] { ran.push_back(3); });
  for (TaskFor* task : {&a, &b, &c}) reactor_->Post(*task);
  EXPECT_TRUE(Readable());
  Drain();
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(Readable());
}

TEST_F(ReactorTest, ATaskThatPostsForEverIsLeftOffAndShowsOnTheDescriptor) {
  int runs = 0;
  TaskFor task([&] {
    ++runs;
    if (runs < 100) reactor_->Post(task);
  });
  reactor_->Post(task);
  EXPECT_TRUE(reactor_->Drain(Deadline::At(0), 8));
  EXPECT_EQ(runs, 8);
  EXPECT_TRUE(Readable());
  Drain();
  EXPECT_EQ(runs, 100);
  EXPECT_FALSE(Readable());
}

TEST_F(ReactorTest, PostsToASleepingReactorWakeItOncePerBatch) {
  // Nobody runs it: 1,000 posts are one wake-up.
  std::vector<std::unique_ptr<TaskFor>> tasks;
  int runs = 0;
  for (int i = 0; i < 1'000; ++i) tasks.push_back(std::make_unique<TaskFor>([&] { ++runs; }));
  for (auto& task : tasks) reactor_->Post(*task);
  const uint64_t before = reactor_->wakeups();
  Drain();
  EXPECT_EQ(runs, 1'000);
  EXPECT_EQ(reactor_->wakeups(), before + 1);
}

TEST_F(ReactorTest, NoPostIsLostBetweenThreads) {
  Runner runner(*reactor_);
  constexpr int kThreads = 3;
  const int rounds = kSanitized ? 2'000 : 20'000;
  std::vector<std::thread> posters;
  std::atomic<int> wrong_thread{0};
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      // Each waits for its task before it posts it again: a lost wake-up would hang.
      std::atomic<int> ran{0};
      TaskFor task([&] {
        if (std::this_thread::get_id() != runner.id()) ++wrong_thread;
        ran.fetch_add(1, std::memory_order_release);
      });
      for (int i = 1; i <= rounds; ++i) {
        reactor_->Post(task);
        const Deadline limit = Deadline::After(kGenerous);
        while (ran.load(std::memory_order_acquire) < i) {
          if (limit.Passed()) {
            ADD_FAILURE() << "a post was lost";
            return;
          }
          std::this_thread::yield();
        }
      }
    });
  }
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(wrong_thread, 0);
}

}  // namespace
}  // namespace dbp
