#include <atomic>
#include <filesystem>
#include <iterator>

#include "tests/oom/sweep.h"

// Loops, and watches on them: what could not be made leaves nothing behind.

namespace dbp::oom {
namespace {

class LoopOutOfMemory : public OutOfMemory {
 protected:
  static long Descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }
};
INSTANTIATE_TEST_SUITE_P(Fails, LoopOutOfMemory, testing::Values(Fail::kOnce, Fail::kAlways), NameOf);

TEST_P(LoopOutOfMemory, CreateGivesALoopOrNothing) {
  const long before = Descriptors();
  for (uint32_t kind : {DBPOOL_LOOP_EXTERNAL, DBPOOL_LOOP_THREAD}) {
    dbpool_loop* loop = nullptr;
    Sweep([] {}, [&] { return dbpool_loop_create(kind, &loop, nullptr); },
          [&](dbpool_status status) {
            EXPECT_EQ(loop != nullptr, status == DBPOOL_OK);
            dbpool_loop_free(loop);
          });
  }
  EXPECT_TRUE(Await([&] { return Descriptors() <= before; }));
}

TEST_P(LoopOutOfMemory, AWatchIsThereOrNot) {
  static std::atomic<int> destroyed{0};
  const auto ignore = [](void*, const dbpool_event*) {};
  const auto count = [](void*) { ++destroyed; };
  dbpool* pool = nullptr;
  ASSERT_EQ(dbpool_create("sqlite::memory:?lazy=true", nullptr, &pool, nullptr), DBPOOL_OK);
  dbpool_loop* external = nullptr;
  ASSERT_EQ(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &external, nullptr), DBPOOL_OK);
  for (dbpool_loop* loop : {external, static_cast<dbpool_loop*>(nullptr)}) {
    uint64_t watch = 0;
    const auto start = [&] {
      return dbpool_watch(pool, loop, ignore, nullptr, count, &watch, nullptr);
    };
    Sweep([] { destroyed = 0; }, start, [&](dbpool_status status) {
      EXPECT_EQ(watch != 0, status == DBPOOL_OK);
      if (status != DBPOOL_OK) return;
      EXPECT_EQ(dbpool_unwatch(pool, watch), DBPOOL_OK);
      EXPECT_TRUE(Await([&] {
        dbpool_loop_dispatch(external, 0);
        return destroyed == 1;
      }));
    });
  }
  dbpool_loop_free(external);
  dbpool_unref(pool);
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
}  // namespace dbp::oom
