#ifndef DBP_TESTS_CAPI_LOOP_H_
#define DBP_TESTS_CAPI_LOOP_H_

#include <poll.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "tests/capi/capi.h"
#include "tests/support/polled_host.h"

// Loops as tests see them: of all kinds, and the shared one.

namespace dbp::capi {

using Loop = std::unique_ptr<dbpool_loop, FreeBy<dbpool_loop_free>>;

inline Loop MakeLoop(uint32_t kind) {
  dbpool_loop* loop = nullptr;
  Error error;
  EXPECT_STATUS(dbpool_loop_create(kind, &loop, error.out()), DBPOOL_OK) << error.message();
  return Loop(loop);
}

inline bool Readable(int fd) {
  pollfd polled = {.fd = fd, .events = POLLIN};
  return poll(&polled, 1, 0) == 1;
}

/// A test on each kind of loop there is.
class EveryLoop : public testing::TestWithParam<std::string> {
 protected:
  /// Run by the test's own thread.
  bool external() const { return kind() != DBPOOL_LOOP_THREAD; }
  bool shared() const { return GetParam() == "Shared"; }

  /// Until the condition holds; an external loop is driven by its descriptor meanwhile, on this thread.
  bool Until(const std::function<bool()>& condition) {
    return Await([&] {
      if (external()) host_.Turn(loop_.get());
      return condition();
    });
  }

  uint32_t kind() const {
    if (GetParam() == "External") return DBPOOL_LOOP_EXTERNAL;
    return GetParam() == "Polled" ? DBPOOL_LOOP_POLLED : DBPOOL_LOOP_THREAD;
  }

  Loop loop_ = shared() ? nullptr : MakeLoop(kind());
  PolledHost host_;
};
#define DBP_ON_EVERY_LOOP(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(Kind, suite, testing::Values("Thread", "External", "Polled", "Shared"), \
                           [](const auto& tested) { return tested.param; })

}  // namespace dbp::capi

#endif  // DBP_TESTS_CAPI_LOOP_H_
