#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/loop/loop_fixture.h"

namespace dbp {
namespace {

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
    if (stage != 0) return;  // it was let go before it was cancelled, and is due once more
    stage = 1;
    Await([&] { return stage == 2; });
    reactor_->Schedule(timer, 1);  // which does not help it
    stage = 3;
  });
  reactor_->Schedule(timer, 1);
  ASSERT_TRUE(Await([&] { return stage == 1; }));
  std::thread let_go([&] { stage = 2; });
  reactor_->Cancel(timer);
  EXPECT_EQ(stage, 3);
  EXPECT_FALSE(reactor_->Cancel(timer));  // nor is it scheduled by that call
  let_go.join();
}

}  // namespace
}  // namespace dbp
