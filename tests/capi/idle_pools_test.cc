#include <malloc.h>

#include <filesystem>

#include "tests/capi/capi.h"
#include "tests/support/keeper.h"

// Thousands of pools that nobody uses: one thread that sleeps, and little memory.

namespace dbp::capi {
namespace {

int Threads() {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

size_t Allocated() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

struct Kind {
  const char* name;
  const char* uri;
};

class IdlePools : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Of, IdlePools,
                         testing::Values(Kind{"Memory", "sqlite::memory:"},
                                         Kind{"File", "sqlite:/nowhere/idle.db"},
                                         Kind{"Postgres", "postgresql://nobody@127.0.0.1:1/none"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(IdlePools, TenThousandAreOneSleepingThreadAndEightKibibytesEach) {
  const size_t count = kSanitized ? 500 : 10'000;
  const std::string uri = std::string(GetParam().uri) + "?lazy=true";
  ASSERT_TRUE(Await([] { return Threads() == 1; }));  // those of other tests are gone
  std::vector<Pool> pools;
  pools.reserve(count);
  const size_t before = Allocated();
  pools.push_back(MakePool(uri));
  ASSERT_TRUE(Await([] { return KeeperSleeps() > 0; }));
  const int64_t sleeps = KeeperSleeps();
  while (pools.size() < count) pools.push_back(MakePool(uri));
  EXPECT_LE(KeeperSleeps(), sleeps + 10) << "nothing is due";  // a mutex may have put it to sleep, too
  EXPECT_EQ(Threads(), 2) << "this one and the keeper";
  const size_t each = (Allocated() - before) / count;
  RecordProperty("bytes_per_pool", std::to_string(each));
  if (!kSanitized) {
    EXPECT_LE(each, 8u * 1024);
  }
  pools.clear();
  EXPECT_TRUE(Await([] { return Threads() == 1; }));
}

}  // namespace
}  // namespace dbp::capi
