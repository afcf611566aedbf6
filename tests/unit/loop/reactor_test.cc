#include "loop/reactor.h"

#include <fcntl.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/unit/loop/loop_fixture.h"

namespace dbp {
namespace {

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
