#include "loop/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace dbp {
namespace {

struct Alarm final : Timer {
  void OnDue() override {}
};

TEST(TimerHeapTest, IsEmptyAtFirst) {
  TimerHeap heap;
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.earliest(), kForever);
  EXPECT_EQ(heap.TakeDue(kForever - 1), nullptr);
}

TEST(TimerHeapTest, GivesTheEarliestOnceItIsDue) {
  TimerHeap heap;
  Alarm a, b, c;
  heap.Put(a, 20);
  heap.Put(b, 10);
  heap.Put(c, 30);
  EXPECT_EQ(heap.earliest(), 10);
  EXPECT_EQ(heap.TakeDue(9), nullptr);
  EXPECT_EQ(heap.TakeDue(10), &b);
  EXPECT_EQ(heap.TakeDue(100), &a);
  EXPECT_EQ(heap.TakeDue(100), &c);
  EXPECT_TRUE(heap.empty());
}

TEST(TimerHeapTest, MovesATimerThatIsInItAlready) {
  TimerHeap heap;
  Alarm a, b;
  heap.Put(a, 10);
  heap.Put(b, 20);
  heap.Put(a, 30);
  EXPECT_EQ(heap.earliest(), 20);
  heap.Put(a, 5);
  EXPECT_EQ(TimerHeap::DueOf(a), 5);
  EXPECT_EQ(heap.TakeDue(100), &a);
  EXPECT_EQ(heap.TakeDue(100), &b);
  EXPECT_EQ(heap.TakeDue(100), nullptr);
}

TEST(TimerHeapTest, ForeverTakesItOut) {
  TimerHeap heap;
  Alarm a;
  heap.Put(a, 10);
  heap.Put(a, kForever);
  EXPECT_TRUE(heap.empty());
  EXPECT_FALSE(heap.Take(a));
  EXPECT_EQ(TimerHeap::DueOf(a), kForever);
}

/// Against a sorted map, over random puts, moves, takes and the passing of time.
TEST(TimerHeapTest, AgreesWithASortedMap) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<Alarm> alarms(200);
    std::map<Timer*, Nanos> expected;
    TimerHeap heap;
    Nanos now = 0;
    for (int step = 0; step < 5'000; ++step) {
      Alarm& alarm = alarms[random() % alarms.size()];
      const uint32_t what = random() % 10;
      if (what < 6) {
        const Nanos due = now + static_cast<Nanos>(random() % 1'000);
        heap.Put(alarm, due);
        expected[&alarm] = due;
      } else if (what < 9) {
        ASSERT_EQ(heap.Take(alarm), expected.erase(&alarm) == 1);
      } else {
        now += static_cast<Nanos>(random() % 50);
        while (Timer* due = heap.TakeDue(now)) {
          ASSERT_LE(expected.at(due), now);
          expected.erase(due);
        }
      }
      Nanos earliest = kForever;
      for (const auto& [timer, due] : expected) earliest = std::min(earliest, due);
      ASSERT_EQ(heap.earliest(), earliest);
    }
  }
}

TEST(TimerHeapTest, HoldsManyThatComeInOrder) {
  std::vector<Alarm> alarms(100'000);  // a spine as long as this would overflow the stack
  TimerHeap heap;
  for (size_t i = 0; i < alarms.size(); ++i) heap.Put(alarms[i], static_cast<Nanos>(i));
  for (size_t i = 0; i < alarms.size(); i += 2) ASSERT_TRUE(heap.Take(alarms[i]));
  for (size_t i = 1; i < alarms.size(); i += 2) ASSERT_EQ(heap.TakeDue(kForever - 1), &alarms[i]);
  for (size_t i = alarms.size(); i-- > 0;) heap.Put(alarms[i], static_cast<Nanos>(i));
  for (size_t i = 0; i < alarms.size(); ++i) ASSERT_EQ(heap.TakeDue(kForever - 1), &alarms[i]);
}

}  // namespace
}  // namespace dbp
