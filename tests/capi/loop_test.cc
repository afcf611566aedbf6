#include "tests/capi/loop.h"

#include <atomic>

namespace dbp::capi {
namespace {

/// A call on the loop's thread: the event of a connection that is opened.
class OnLoop {
 public:
  OnLoop(dbpool_loop* loop, std::function<void()> call) : call_(std::move(call)) {
    const auto run = [](void* self, const dbpool_event* event) {
      auto& me = *static_cast<OnLoop*>(self);
      if (event->kind != DBPOOL_EVENT_OPENED) return;
      me.call_();
      me.done_ = true;
    };
    EXPECT_STATUS(dbpool_watch(pool_.get(), loop, run, this, nullptr, nullptr, nullptr), DBPOOL_OK);
    EXPECT_STATUS(dbpool_release(Borrow(pool_)), DBPOOL_OK);
  }
  bool done() const { return done_; }

 private:
  const std::function<void()> call_;
  std::atomic<bool> done_{false};
  Pool pool_ = MakePool("sqlite::memory:?lazy=true&pool_size=1");
};

TEST(LoopMisuse, WrongArguments) {
  Error error;
  EXPECT_STATUS(dbpool_loop_create(DBPOOL_LOOP_THREAD, nullptr, error.out()), DBPOOL_ERR_INVALID);
  EXPECT_NE(error.message(), "");
  for (uint32_t kind : {3u, UINT32_MAX}) {
    auto* loop = reinterpret_cast<dbpool_loop*>(&error);
    EXPECT_STATUS(dbpool_loop_create(kind, &loop, nullptr), DBPOOL_ERR_INVALID);
    EXPECT_EQ(loop, nullptr);
  }
  dbpool_loop_free(nullptr);
  EXPECT_EQ(dbpool_loop_fd(nullptr), -1);
  EXPECT_STATUS(dbpool_loop_dispatch(nullptr, 0), DBPOOL_ERR_INVALID);
  const Loop external = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  EXPECT_STATUS(dbpool_loop_dispatch(external.get(), -2), DBPOOL_ERR_INVALID);
  EXPECT_STATUS(dbpool_loop_dispatch(external.get(), INT64_MIN), DBPOOL_ERR_INVALID);
}

TEST(LoopMisuse, AThreadLoopIsNotDispatched) {
  const Loop loop = MakeLoop(DBPOOL_LOOP_THREAD);
  EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), 0), DBPOOL_ERR_INVALID);
  EXPECT_EQ(dbpool_loop_fd(loop.get()), -1);
}

TEST(LoopMisuse, DispatchInACallbackIsBusy) {
  const Loop loop = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  dbpool_status inside = DBPOOL_OK;
  const OnLoop call(loop.get(), [&] { inside = dbpool_loop_dispatch(loop.get(), 0); });
  EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), -1), DBPOOL_OK);
  EXPECT_TRUE(call.done());
  EXPECT_STATUS(inside, DBPOOL_ERR_BUSY);
}

TEST(LoopMisuse, DispatchOnTwoThreadsIsBusyForTheSecond) {
  const Loop loop = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  std::atomic<bool> in{false}, out{false};
  const OnLoop call(loop.get(), [&] {
    in = true;
    EXPECT_TRUE(Await([&] { return out.load(); }));
  });
  std::thread first([&] { EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), -1), DBPOOL_OK); });
  EXPECT_TRUE(Await([&] { return in.load(); }));
  EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), 0), DBPOOL_ERR_BUSY);
  out = true;
  first.join();
}

TEST(ExternalLoop, WaitsForItsTimeOutAndNoLonger) {
  const Loop loop = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), 0), DBPOOL_OK);
  const Nanos began = Now();
  EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), 20), DBPOOL_OK);
  EXPECT_GE(Now() - began, 20 * kMillisecond);
}

TEST(ExternalLoop, ItsDescriptorIsReadableWhileThereIsSomethingToDispatch) {
  const Loop loop = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  const int fd = dbpool_loop_fd(loop.get());
  ASSERT_GE(fd, 0);
  EXPECT_FALSE(Readable(fd));
  const OnLoop call(loop.get(), [] {});
  EXPECT_TRUE(Readable(fd));
  EXPECT_FALSE(call.done()) << "only a dispatch runs it";
  EXPECT_STATUS(dbpool_loop_dispatch(loop.get(), 0), DBPOOL_OK);
  EXPECT_TRUE(call.done());
  EXPECT_FALSE(Readable(fd));
  EXPECT_EQ(dbpool_loop_fd(loop.get()), fd);
}

TEST(ExternalLoop, IsFreedInACallbackBeforeDispatchReturns) {
  dbpool_loop* loop = MakeLoop(DBPOOL_LOOP_EXTERNAL).release();
  int destroyed = 0;
  const Pool pool = MakePool("sqlite::memory:?lazy=true&pool_size=1");
  const auto ignore = [](void*, const dbpool_event*) {};
  const auto count = [](void* n) { ++*static_cast<int*>(n); };
  ASSERT_STATUS(dbpool_watch(pool.get(), loop, ignore, &destroyed, count, nullptr, nullptr), DBPOOL_OK);
  const OnLoop call(loop, [&] {
    dbpool_loop_free(loop);
    EXPECT_EQ(destroyed, 0);
    EXPECT_STATUS(dbpool_watch(pool.get(), loop, ignore, nullptr, nullptr, nullptr, nullptr),
                  DBPOOL_ERR_CLOSED);
  });
  EXPECT_STATUS(dbpool_loop_dispatch(loop, -1), DBPOOL_OK);
  EXPECT_TRUE(call.done());
  EXPECT_EQ(destroyed, 1);
}

TEST(ThreadLoop, IsFreedInItsOwnCallback) {
  dbpool_loop* loop = MakeLoop(DBPOOL_LOOP_THREAD).release();
  const OnLoop call(loop, [&] { dbpool_loop_free(loop); });
  EXPECT_TRUE(Await([&] { return call.done(); }));
  EXPECT_TRUE(Await([] { return ThreadsNamed("dbpool-loop") == 0; }));
}

TEST(ThreadLoop, ItsThreadEndsWithIt) {
  {
    const Loop one = MakeLoop(DBPOOL_LOOP_THREAD), two = MakeLoop(DBPOOL_LOOP_THREAD);
    EXPECT_TRUE(Await([] { return ThreadsNamed("dbpool-loop") == 2; }));
  }
  EXPECT_TRUE(Await([] { return ThreadsNamed("dbpool-loop") == 0; }));
}

}  // namespace
}  // namespace dbp::capi
