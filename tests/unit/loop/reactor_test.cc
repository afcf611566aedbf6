#include "loop/reactor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/testing.h"
#include "tests/unit/loop/loop_fixture.h"

namespace dbp {
namespace {

class ReactorTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(Reactor::Create(&reactor_)); }
  /// What is ready now, and what becomes so by it.
  void Drain() {
    while (reactor_->Drain(Deadline::At(0), 8)) {}
  }
  bool Readable() {
    pollfd poll_fd = {.fd = reactor_->fd(), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
  }

  std::unique_ptr<Reactor> reactor_;
};

/// Runs the reactor on a thread until the end of the test.
class Runner {
 public:
  explicit Runner(Reactor& reactor) : reactor_(reactor) {
    thread_ = std::thread([this] {
      while (!over_) reactor_.RunOnce(Deadline::Never());
    });
  }
  ~Runner() {
    reactor_.Post(end_);
    thread_.join();
  }
  std::thread::id id() const { return thread_.get_id(); }

 private:
  Reactor& reactor_;
  bool over_ = false;  // the thread's
  TaskFor end_{[this] { over_ = true; }};
  std::thread thread_;
};

// ---- watches

TEST_F(ReactorTest, AWatchHearsWhatItAskedFor) {
  SocketPair sockets;
  uint32_t heard = 0;
  WatchFor watch([&](uint32_t events) {
    heard = events;
    sockets.Read();
  });
  ASSERT_OK(reactor_->Add(watch, sockets.ours(), EPOLLIN));
  Drain();
  EXPECT_EQ(heard, 0u);
  sockets.PeerWrites();
  EXPECT_TRUE(Readable());
  Drain();
  EXPECT_EQ(heard, uint32_t{EPOLLIN});
  EXPECT_FALSE(Readable());
  reactor_->Remove(watch);
}

TEST_F(ReactorTest, AOneShotWatchIsArmedAgainByModify) {
  SocketPair sockets;
  int calls = 0;
  WatchFor watch([&](uint32_t) { ++calls; });
  ASSERT_OK(reactor_->Add(watch, sockets.ours(), EPOLLIN | EPOLLONESHOT));
  sockets.PeerWrites();
  Drain();
  Drain();
  EXPECT_EQ(calls, 1);
  ASSERT_OK(reactor_->Modify(watch, EPOLLIN | EPOLLONESHOT));
  Drain();
  EXPECT_EQ(calls, 2);
  reactor_->Remove(watch);
}

TEST_F(ReactorTest, AHangUpWatchIsNotWokenByTraffic) {
  SocketPair sockets;
  uint32_t heard = 0;
  WatchFor watch([&](uint32_t events) { heard = events; });
  ASSERT_OK(reactor_->Add(watch, sockets.ours(), EPOLLRDHUP | EPOLLET));
  Drain();
  const uint64_t before = reactor_->wakeups();
  for (int i = 0; i < 100; ++i) {
    sockets.PeerWrites();
    Drain();
    sockets.Read();
  }
  EXPECT_EQ(reactor_->wakeups(), before);
  sockets.PeerCloses();
  Drain();
  EXPECT_TRUE(heard & EPOLLRDHUP);
  EXPECT_EQ(reactor_->wakeups(), before + 1);
  reactor_->Remove(watch);
}

TEST_F(ReactorTest, AWatchRemovedInTheSameBatchIsNotCalled) {
  SocketPair one, two;
  int calls = 0;
  std::optional<WatchFor> a, b;
  const auto remove_the_other = [&](std::optional<WatchFor>& other) {
    ++calls;
    reactor_->Remove(*other);
    other.reset();  // its event is in the batch still
  };
  a.emplace([&](uint32_t) { remove_the_other(b); });
  b.emplace([&](uint32_t) { remove_the_other(a); });
  ASSERT_OK(reactor_->Add(*a, one.ours(), EPOLLIN));
  ASSERT_OK(reactor_->Add(*b, two.ours(), EPOLLIN));
  one.PeerWrites();
  two.PeerWrites();
  reactor_->RunOnce(Deadline::At(0));
  EXPECT_EQ(calls, 1);
  for (auto* left : {&a, &b}) {
    if (*left) reactor_->Remove(**left);
  }
}

TEST_F(ReactorTest, AnEventOfARemovedWatchDoesNotReachTheNextOneInItsPlace) {
  SocketPair one, two, three;
  int late = 0;
  WatchFor newcomer([&](uint32_t) { ++late; });
  std::optional<WatchFor> a, b;
  const auto replace = [&](std::optional<WatchFor>& other) {
    reactor_->Remove(*other);
    other.reset();
    ASSERT_OK(reactor_->Add(newcomer, three.ours(), EPOLLIN));
  };
  a.emplace([&](uint32_t) { replace(b); });
  b.emplace([&](uint32_t) { replace(a); });
  ASSERT_OK(reactor_->Add(*a, one.ours(), EPOLLIN));
  ASSERT_OK(reactor_->Add(*b, two.ours(), EPOLLIN));
  one.PeerWrites();
  two.PeerWrites();
  reactor_->RunOnce(Deadline::At(0));
  EXPECT_EQ(late, 0);
  for (auto* left : {&a, &b}) {
    if (*left) reactor_->Remove(**left);
  }
  reactor_->Remove(newcomer);
}

TEST_F(ReactorTest, AWatchMayDestroyItselfInItsCall) {
  SocketPair sockets;
  bool called = false;
  std::optional<WatchFor> watch;
  watch.emplace([&](uint32_t) {
    called = true;
    reactor_->Remove(*watch);
  });
  ASSERT_OK(reactor_->Add(*watch, sockets.ours(), EPOLLIN));
  sockets.PeerWrites();
  Drain();
  EXPECT_TRUE(called);
  EXPECT_FALSE(watch->watched());
}

TEST_F(ReactorTest, RemoveFromAnotherThreadWaitsForTheCallUnderWay) {
  SocketPair sockets;
  std::atomic<int> stage{0};
  WatchFor watch([&](uint32_t) {
    stage = 1;
    Await([&] { return stage == 2; });
    stage = 3;
  });
  ASSERT_OK(reactor_->Add(watch, sockets.ours(), EPOLLIN | EPOLLONESHOT));
  Runner runner(*reactor_);
  sockets.PeerWrites();
  ASSERT_TRUE(Await([&] { return stage == 1; }));
  std::thread let_go([&] { stage = 2; });
  reactor_->Remove(watch);
  EXPECT_EQ(stage, 3);
  let_go.join();
}

TEST_F(ReactorTest, ADescriptorThatCannotBeWatchedIsRefused) {
  WatchFor watch([](uint32_t) {});
  const int file = ::open("/dev/null", 0);  // always ready: epoll takes no such
  EXPECT_CODE(reactor_->Add(watch, file, EPOLLIN), DBPOOL_ERR_NOMEM);
  close(file);
  EXPECT_FALSE(watch.watched());
  reactor_->Remove(watch);
}

// ---- timers

TEST_F(ReactorTest, ATimerIsDueOnceAndNotBefore) {
  std::vector<Nanos> at;
  TimerFor timer([&] { at.push_back(Now()); });
  const Nanos due = Now() + 20 * kMillisecond;
  reactor_->Schedule(timer, due);
  Drain();
  EXPECT_TRUE(at.empty());
  reactor_->Drain(Deadline::After(kGenerous), 1);
  ASSERT_EQ(at.size(), 1u);
  EXPECT_GE(at[0], due);
  Drain();
  EXPECT_EQ(at.size(), 1u);
}

TEST_F(ReactorTest, TimersShowOnTheDescriptor) {
  bool due = false;
  TimerFor timer([&] { due = true; });
  reactor_->Schedule(timer, Now() + 5 * kMillisecond);
  EXPECT_TRUE(Await([&] { return Readable(); }));
  Drain();
  EXPECT_TRUE(due);
  EXPECT_FALSE(Readable());
}

TEST_F(ReactorTest, ATimerInThePastIsDueAtOnce) {
  int calls = 0;
  TimerFor timer([&] { ++calls; });
  reactor_->Schedule(timer, 0);
  reactor_->Drain(Deadline::After(kGenerous), 1);
  EXPECT_EQ(calls, 1);
}

TEST_F(ReactorTest, ACancelledTimerIsNotDue) {
  int calls = 0;
  TimerFor timer([&] { ++calls; });
  reactor_->Schedule(timer, 1);
  EXPECT_TRUE(reactor_->Cancel(timer));
  EXPECT_FALSE(reactor_->Cancel(timer));
  ASSERT_TRUE(Await([&] { return Readable(); }));  // the kernel's timer is left to itself
  Drain();
  EXPECT_EQ(calls, 0);
}

TEST_F(ReactorTest, ALaterTimerIsSeenToWhenTheEarlierOneIsGone) {
  int calls = 0;
  TimerFor first([] {}), second([&] { ++calls; });
  reactor_->Schedule(first, Now() + kMillisecond);
  reactor_->Schedule(second, Now() + 3 * kMillisecond);
  reactor_->Cancel(first);
  const Deadline limit = Deadline::After(kGenerous);
  while (calls == 0 && !limit.Passed()) reactor_->RunOnce(limit);
  EXPECT_EQ(calls, 1);
}

TEST_F(ReactorTest, ScheduleEarlierNeverPutsItOff) {
  int calls = 0;
  TimerFor timer([&] { ++calls; });
  reactor_->ScheduleEarlier(timer, 1);
  reactor_->ScheduleEarlier(timer, kForever);
  reactor_->Drain(Deadline::After(kGenerous), 1);
  EXPECT_EQ(calls, 1);
}

TEST_F(ReactorTest, ATimerMayScheduleItselfWithoutStarvingTasks) {
  int ticks = 0;
  bool ran = false;
  TimerFor timer([&] {
    ++ticks;
    reactor_->Schedule(timer, 1);
  });
  TaskFor task([&] { ran = true; });
  reactor_->Schedule(timer, 1);
  reactor_->Post(task);
  EXPECT_TRUE(reactor_->Drain(Deadline::After(kGenerous), 4));
  EXPECT_GT(ticks, 1);
  EXPECT_TRUE(ran);
  EXPECT_TRUE(reactor_->Cancel(timer));
}

TEST_F(ReactorTest, AnotherThreadsTimerIsNoticedWhileTheReactorSleeps) {
  Runner runner(*reactor_);
  std::atomic<bool> due{false};
  TimerFor timer([&] { due = true; });
  reactor_->Schedule(timer, Now() + kMillisecond);
  EXPECT_TRUE(Await([&] { return due.load(); }));
}

TEST_F(ReactorTest, CancelFromAnotherThreadWaitsForTheCallUnderWay) {
  Runner runner(*reactor_);
  std::atomic<int> stage{0};
  TimerFor timer([&] {
    stage = 1;
    Await([&] { return stage == 2; });
    reactor_->Schedule(timer, 1);  // once more, which does not help it
    stage = 3;
  });
  reactor_->Schedule(timer, 1);
  ASSERT_TRUE(Await([&] { return stage == 1; }));
  std::thread let_go([&] { stage = 2; });
  EXPECT_FALSE(reactor_->Cancel(timer));
  EXPECT_EQ(stage, 3);
  EXPECT_FALSE(reactor_->Cancel(timer));  // nor is it scheduled by that call
  let_go.join();
}

// ---- tasks

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

// ---- the reactor

TEST_F(ReactorTest, WaitsNoLongerThanItsDeadline) {
  const Deadline deadline = Deadline::After(20 * kMillisecond);
  EXPECT_FALSE(reactor_->Drain(deadline, 8));
  EXPECT_TRUE(deadline.Passed());
}

TEST_F(ReactorTest, KnowsWhoRunsIt) {
  bool inside = false;
  TaskFor task([&] { inside = reactor_->OnRunningThread(); });
  reactor_->Post(task);
  EXPECT_FALSE(reactor_->OnRunningThread());
  Drain();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(reactor_->OnRunningThread());
}

TEST_F(ReactorTest, SleepsWhileNothingIsDue) {
  SocketPair sockets;
  WatchFor watch([](uint32_t) {});
  TimerFor timer([] {});
  ASSERT_OK(reactor_->Add(watch, sockets.ours(), EPOLLIN));
  reactor_->Schedule(timer, Now() + 3'600 * kSecond);
  const uint64_t before = reactor_->wakeups();
  reactor_->RunOnce(Deadline::After(50 * kMillisecond));
  EXPECT_EQ(reactor_->wakeups(), before);
  reactor_->Cancel(timer);
  reactor_->Remove(watch);
}

}  // namespace
}  // namespace dbp
