#include "tests/support/stopwatch.h"

#include "tests/support/testing.h"

namespace dbp {
namespace {

// What holds tests against their bounds must itself go on: one that stood still would let everything pass.
TEST(Stopwatch, TicksWhileItsThreadWaits) {
  const Stopwatch watch;
  EXPECT_TRUE(Await([&] { return watch.ticks() >= 100; }));
}

TEST(Stopwatch, NeverTicksFasterThanTheClock) {
  const Stopwatch watch;
  EXPECT_TRUE(Await([&] { return watch.millis() >= 50; }));
  EXPECT_LE(watch.ticks(), watch.millis() + 1);
}

}  // namespace
}  // namespace dbp
