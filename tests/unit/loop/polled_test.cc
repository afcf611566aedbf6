#include <vector>

#include "tests/unit/loop/loop_fixture.h"

namespace dbp {
namespace {

/// A reactor whose sockets its host polls.
class PolledReactor : public ReactorTest {
 protected:
  void SetUp() override { ASSERT_OK(Reactor::Create(&reactor_, Reactor::Sockets::kHosts)); }

  /// The numbers of the sockets that are wanted since the last time.
  std::vector<uint64_t> Told() {
    std::vector<uint64_t> told;
    for (Reactor::Wanted wanted; reactor_->TakeWanted(&wanted);) told.push_back(wanted.socket);
    return told;
  }

  SocketPair pair_, other_;
  int calls_ = 0;
  WatchFor watch_{[this](uint32_t) { ++calls_; }}, second_{[](uint32_t) {}};
};

TEST_F(PolledReactor, ASocketIsToldOnceWithWhatItWaitsFor) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN | EPOLLOUT | EPOLLONESHOT));
  Reactor::Wanted wanted{};
  ASSERT_TRUE(reactor_->TakeWanted(&wanted));
  EXPECT_EQ(wanted.fd, pair_.ours());
  EXPECT_EQ(wanted.events, uint32_t{EPOLLIN | EPOLLOUT});
  EXPECT_EQ(wanted.lease, 0u);
  EXPECT_FALSE(reactor_->TakeWanted(&wanted));
  reactor_->Remove(watch_);
}

TEST_F(PolledReactor, TheOldestIsToldFirst) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  ASSERT_OK(reactor_->Add(second_, other_.ours(), EPOLLIN | EPOLLONESHOT));
  Reactor::Wanted first{}, second{};
  ASSERT_TRUE(reactor_->TakeWanted(&first) && reactor_->TakeWanted(&second));
  EXPECT_EQ(first.fd, pair_.ours());
  EXPECT_EQ(second.fd, other_.ours());
  reactor_->Remove(watch_);
  reactor_->Remove(second_);
}

TEST_F(PolledReactor, ItsDescriptorDoesNotShowASocketThatIsReady) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  pair_.PeerWrites();
  EXPECT_FALSE(Readable());
  Drain();
  EXPECT_EQ(calls_, 0);
  reactor_->RunSocket(Told().at(0));
  EXPECT_EQ(calls_, 1);
  reactor_->Remove(watch_);
}

TEST_F(PolledReactor, ATaskThatAReadySocketPostsRunsWithIt) {
  bool ran = false;
  TaskFor task([&] { ran = true; });
  WatchFor posts([&](uint32_t) { reactor_->Post(task); });
  ASSERT_OK(reactor_->Add(posts, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  EXPECT_FALSE(reactor_->RunSocket(Told().at(0)));
  EXPECT_TRUE(ran);
  EXPECT_FALSE(Readable()) << "nothing is left";
  reactor_->Remove(posts);
}

TEST_F(PolledReactor, ATaskThatATaskPostsShowsOnTheDescriptor) {
  bool ran = false;
  TaskFor last([&] { ran = true; });
  TaskFor task([&] { reactor_->Post(last); });
  WatchFor posts([&](uint32_t) { reactor_->Post(task); });
  ASSERT_OK(reactor_->Add(posts, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  EXPECT_TRUE(reactor_->RunSocket(Told().at(0)));
  EXPECT_FALSE(ran);
  EXPECT_TRUE(Readable());
  Drain();
  EXPECT_TRUE(ran);
  reactor_->Remove(posts);
}

TEST_F(PolledReactor, OneThatIsArmedAgainIsToldAgain) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  const uint64_t number = Told().at(0);
  reactor_->RunSocket(number);
  EXPECT_TRUE(Told().empty()) << "one shot";
  ASSERT_OK(reactor_->Modify(watch_, EPOLLIN | EPOLLONESHOT));
  EXPECT_EQ(Told(), std::vector{number});
  reactor_->Remove(watch_);
}

TEST_F(PolledReactor, ALevelTriggeredOneIsToldAgainAfterEachCall) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN));
  const uint64_t number = Told().at(0);
  reactor_->RunSocket(number);
  EXPECT_EQ(Told(), std::vector{number});
  reactor_->Remove(watch_);
  EXPECT_TRUE(Told().empty());
}

TEST_F(PolledReactor, ReadyIsHarmlessForWhatIsNotWantedAnyMore) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN));
  const uint64_t number = Told().at(0);
  reactor_->Remove(watch_);
  for (const uint64_t gone : {number, uint64_t{0}, uint64_t{1}, UINT64_MAX, number | 0xffff'fff0}) {
    EXPECT_FALSE(reactor_->RunSocket(gone));
    EXPECT_OK(reactor_->Poll(gone));
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(PolledReactor, OneThatIsRemovedBeforeItWasToldIsNotTold) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN));
  reactor_->Remove(watch_);
  EXPECT_TRUE(Told().empty());
}

TEST_F(PolledReactor, OneThatRemovesItselfIsNotToldAgain) {
  WatchFor once([&](uint32_t) {
    ++calls_;
    reactor_->Remove(once);
  });
  ASSERT_OK(reactor_->Add(once, pair_.ours(), EPOLLIN));
  reactor_->RunSocket(Told().at(0));
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(Told().empty());
}

TEST_F(PolledReactor, WhatTheHostLeavesToUsShowsOnTheDescriptor) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  const uint64_t number = Told().at(0);
  ASSERT_OK(reactor_->Poll(number));
  ASSERT_OK(reactor_->Poll(number)) << "twice is harmless";
  pair_.PeerWrites();
  EXPECT_TRUE(Readable());
  Drain();
  EXPECT_EQ(calls_, 1);
  ASSERT_OK(reactor_->Modify(watch_, EPOLLIN | EPOLLONESHOT));
  EXPECT_TRUE(Told().empty()) << "it stays ours";
  Drain();
  EXPECT_EQ(calls_, 2);
  reactor_->Remove(watch_);
  EXPECT_FALSE(Readable());
}

TEST_F(PolledReactor, WithoutAHostItPollsAll) {
  ASSERT_OK(reactor_->Add(watch_, pair_.ours(), EPOLLIN | EPOLLONESHOT));
  reactor_->PollAll();
  EXPECT_TRUE(Told().empty());
  int later = 0;
  WatchFor after([&](uint32_t) { ++later; });
  ASSERT_OK(reactor_->Add(after, other_.ours(), EPOLLIN | EPOLLONESHOT));
  pair_.PeerWrites();
  other_.PeerWrites();
  Drain();
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(later, 1);
  reactor_->Remove(watch_);
  reactor_->Remove(after);
}

}  // namespace
}  // namespace dbp
