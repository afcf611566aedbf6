#ifndef DBP_TESTS_CAPI_LOOP_H_
#define DBP_TESTS_CAPI_LOOP_H_

#include <poll.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "tests/capi/capi.h"

// Loops as tests see them: of both kinds, and the shared one.

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
  bool external() const { return GetParam() == "External"; }
  bool shared() const { return GetParam() == "Shared"; }

  /// Until the condition holds; an external loop is driven by its descriptor meanwhile, on this thread.
  bool Until(const std::function<bool()>& condition) {
    return Await([&] {
      if (external()) {
        while (Readable(dbpool_loop_fd(loop_.get()))) dbpool_loop_dispatch(loop_.get(), 0);
      }
      return condition();
    });
  }

  Loop loop_ = shared() ? nullptr
                        : MakeLoop(external() ? DBPOOL_LOOP_EXTERNAL : DBPOOL_LOOP_THREAD);
};
#define DBP_ON_EVERY_LOOP(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(Kind, suite, testing::Values("Thread", "External", "Shared"), \
                           [](const auto& tested) { return tested.param; })

}  // namespace dbp::capi

#endif  // DBP_TESTS_CAPI_LOOP_H_
