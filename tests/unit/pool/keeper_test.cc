#include "pool/keeper.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/testing.h"

namespace dbp {
namespace {

class KeptFor final : public Kept {
 public:
  explicit KeptFor(std::function<void()> tick) : tick_(std::move(tick)) {}
  void Tick() override { tick_(); }

 private:
  std::function<void()> tick_;
};

int Keepers() { return ThreadsNamed("dbpool-keeper"); }

class KeeperTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Await([] { return Keepers() == 0; })); }
};

TEST_F(KeeperTest, IsOneThreadForAllAndGoneWithTheLast) {
  std::vector<std::unique_ptr<KeptFor>> kept;
  for (int i = 0; i < 100; ++i) {
    kept.push_back(std::make_unique<KeptFor>([] {}));
    ASSERT_OK(KeeperAdd(*kept.back()));
  }
  EXPECT_TRUE(Await([] { return Keepers() == 1; }));
  for (auto& each : kept) KeeperRemove(*each);
  EXPECT_TRUE(Await([] { return Keepers() == 0; }));
}

TEST_F(KeeperTest, ComesBackWithTheNextOne) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> ticked{false};
    KeptFor kept([&] { ticked = true; });
    ASSERT_OK(KeeperAdd(kept));
    KeeperSchedule(kept, 0);
    ASSERT_TRUE(Await([&] { return ticked.load(); }));
    KeeperRemove(kept);
  }
}

TEST_F(KeeperTest, SleepsWhileNothingIsDue) {
  std::vector<std::unique_ptr<KeptFor>> kept;
  for (int i = 0; i < 1'000; ++i) {
    kept.push_back(std::make_unique<KeptFor>([] { ADD_FAILURE() << "not due"; }));
    ASSERT_OK(KeeperAdd(*kept.back()));
    KeeperSchedule(*kept.back(), Now() + (3'600 + i) * kSecond);
  }
  const uint64_t before = KeeperWakeups();
  std::atomic<bool> ticked{false};
  KeptFor last([&] { ticked = true; });
  ASSERT_OK(KeeperAdd(last));
  KeeperSchedule(last, Now() + 20 * kMillisecond);
  ASSERT_TRUE(Await([&] { return ticked.load(); }));
  EXPECT_EQ(KeeperWakeups(), before + 1);
  KeeperRemove(last);
  for (auto& each : kept) KeeperRemove(*each);
}

TEST_F(KeeperTest, ATickMayScheduleItselfAgain) {
  std::atomic<int> ticks{0};
  KeptFor kept([&] {
    if (++ticks < 5) KeeperSchedule(kept, Now() + kMillisecond);
  });
  ASSERT_OK(KeeperAdd(kept));
  KeeperSchedule(kept, 0);
  EXPECT_TRUE(Await([&] { return ticks == 5; }));
  KeeperRemove(kept);
}

TEST_F(KeeperTest, ATickMayRemoveAndDestroyItself) {
  std::atomic<bool> gone{false};
  std::unique_ptr<KeptFor> kept;
  kept = std::make_unique<KeptFor>([&] {
    KeeperRemove(*kept);
    std::atomic<bool>& told = gone;
    kept.reset();
    told = true;
  });
  ASSERT_OK(KeeperAdd(*kept));
  KeeperSchedule(*kept, 0);
  EXPECT_TRUE(Await([&] { return gone.load(); }));
}

TEST_F(KeeperTest, RemoveWaitsForATickUnderWay) {
  std::atomic<int> stage{0};
  KeptFor kept([&] {
    if (stage != 0) return;  // it was let go before it was removed, and is due once more
    stage = 1;
    Await([&] { return stage == 2; });
    KeeperSchedule(kept, 0);
    stage = 3;
  });
  ASSERT_OK(KeeperAdd(kept));
  KeeperSchedule(kept, 0);
  ASSERT_TRUE(Await([&] { return stage == 1; }));
  std::thread let_go([&] { stage = 2; });
  KeeperRemove(kept);
  EXPECT_EQ(stage, 3);
  KeeperRemove(kept);
  let_go.join();
}

TEST_F(KeeperTest, WhatIsNotKeptIsNotScheduled) {
  KeptFor kept([] { ADD_FAILURE() << "not kept"; });
  KeeperSchedule(kept, 0);
  KeeperRemove(kept);
  ASSERT_OK(KeeperAdd(kept));
  KeeperRemove(kept);
  KeeperSchedule(kept, 0);
  EXPECT_TRUE(Await([] { return Keepers() == 0; }));
}

TEST_F(KeeperTest, StaysWhileASocketIsWatched) {
  struct HangUp final : Watch {
    void OnReady(uint32_t events) override { heard = events; }
    std::atomic<uint32_t> heard{0};
  } watch;
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_OK(KeeperWatch(watch, ends[0], EPOLLRDHUP | EPOLLET));
  close(ends[1]);
  EXPECT_TRUE(Await([&] { return (watch.heard & EPOLLRDHUP) != 0; }));
  KeeperUnwatch(watch);
  KeeperUnwatch(watch);
  close(ends[0]);
  EXPECT_TRUE(Await([] { return Keepers() == 0; }));
}

TEST_F(KeeperTest, ManyThreadsComeAndGo) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < (kSanitized ? 100 : 400); ++i) {
        std::atomic<int> ticks{0};
        KeptFor kept([&] { ++ticks; });
        ASSERT_OK(KeeperAdd(kept));
        KeeperSchedule(kept, 0);
        EXPECT_TRUE(i % 2 == 0 || Await([&] { return ticks == 1; }));
        KeeperRemove(kept);
        EXPECT_LE(ticks, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Await([] { return Keepers() == 0; }));
}

}  // namespace
}  // namespace dbp
