#ifndef DBP_TESTS_OOM_SWEEP_H_
#define DBP_TESTS_OOM_SWEEP_H_

#include <dbpool/dbpool.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <string>

#include "tests/oom/malloc.h"
#include "tests/support/testing.h"

// Each call of the ABI is made again and again: first its 1st allocation fails, then its 2nd, and so on
// until it makes no more; once alone, and once with all that follow. Worker threads are counted too, so a
// connection that is opened or closed meanwhile is hit as well. Whatever fails, the pool must then work,
// with all its connections.

namespace dbp::oom {

inline constexpr uint64_t kMost = 100'000;
inline constexpr uint32_t kSize = 2;
/// Where connections are opened anew the pauses of a pool that is refused count: not every point then.
inline constexpr uint64_t kBackgroundStride = 11;
/// How long a call waits at first for what may never come for want of memory.
inline constexpr int64_t kPatienceMs = 50;

inline uint64_t points = 0;  ///< allocations failed by this program
inline uint64_t refused = 0;  ///< calls that answered with an error for it

class OutOfMemory : public testing::TestWithParam<Fail> {
 protected:
  static void TearDownTestSuite() {
    RecordProperty("allocation_points", std::to_string(points));
    std::printf("%llu allocations failed, %llu calls answered an error\n",
                static_cast<unsigned long long>(points), static_cast<unsigned long long>(refused));
  }

  /// Makes the call with the n-th allocation failing, for all n that matter. ready() goes before and
  /// check() after each, with memory. A failure must be NOMEM, or `other`. A call that ran out of time with nothing
  /// to blame but the machine is made again, with more patience.
  void Sweep(const std::function<void()>& ready, const std::function<dbpool_status()>& call,
             const std::function<void(dbpool_status)>& check, dbpool_status other = DBPOOL_ERR_NOMEM,
             uint64_t stride = 1) {
    patience_ms_ = kPatienceMs;
    for (uint64_t n = 0;;) {
      ASSERT_LT(n, kMost);
      ready();
      if (HasFatalFailure()) return;
      Arm(n, GetParam());
      const dbpool_status status = call();
      Disarm();
      const bool hit = HasFailed();
      SCOPED_TRACE("allocation " + std::to_string(n) + ": " + dbpool_status_name(status));
      const bool late = !hit && status == DBPOOL_ERR_TIMEOUT && patience_ms_ < kGenerous / kMillisecond;
      EXPECT_TRUE(hit || status >= 0 || late);
      EXPECT_TRUE(status >= 0 || status == DBPOOL_ERR_NOMEM || status == other);
      check(status);
      if (HasFailure()) return;
      if (late) {
        patience_ms_ *= 2;
        continue;
      }
      if (!hit) return;
      ++points;
      refused += status < 0;
      n += stride;
    }
  }

  int64_t patience_ms_ = kPatienceMs;  ///< for the calls
};
inline dbpool_options* MakeOptions() {
  dbpool_options* options = dbpool_options_new();
  const char* settings[][2] = {{"pool_size", "2"}, {"max_overflow", "0"}, {"acquire_timeout", "100ms"},
                               {"connect_timeout", "30s"}, {"min_size", "2"}};
  for (const auto& [name, value] : settings) {
    EXPECT_EQ(dbpool_options_set(options, name, value, nullptr), DBPOOL_OK);
  }
  return options;
}

inline std::string NameOf(const testing::TestParamInfo<Fail>& tested) {
  return tested.param == Fail::kOnce ? "Once" : "Always";
}

}  // namespace dbp::oom

#endif  // DBP_TESTS_OOM_SWEEP_H_
