#include <malloc.h>

#include <chrono>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"
#include "tests/support/testing.h"

// Borrowing without blocking: at once, when a connection is idle, and as one of 100,000 that wait
// for 10 connections.

namespace dbp::bench {
namespace {

constexpr int kConnections = 10;
constexpr int kFew = 1'000;
constexpr int kMany = 100'000;
constexpr int64_t kTimeOutMillis = 1000;  ///< longer than it takes to enqueue them all

/// An idle connection is lent at once, but for one that is due for a ping: on SQLite a thread of
/// the library does that.
struct AsyncPair {
  dbpool* pool;
  dbpool_loop* loop;

  static void Lent(void* conn, dbpool_status status, dbpool_conn lent, dbpool_error* error) {
    Must(status, error);
    *static_cast<dbpool_conn*>(conn) = lent;
  }
  void operator()() const {
    dbpool_conn now = 0, later = 0;
    dbpool_error* error = nullptr;
    const dbpool_status status =
        dbpool_acquire_async(pool, loop, -1, Lent, &later, &now, nullptr, &error);
    if (status < 0) Must(status, error);
    while (status == DBPOOL_PENDING && later == 0) Must(dbpool_loop_dispatch(loop, -1), nullptr);
    Release(status == DBPOOL_PENDING ? later : now);
  }
};

/// As many as wait, and what the answers to them were.
struct Crowded {
  dbpool* pool;
  dbpool_loop* loop;
  std::vector<dbpool_op> ops;
  int answered = 0;
  dbpool_status wanted = DBPOOL_OK;

  static void Answered(void* self, dbpool_status status, dbpool_conn, dbpool_error* error) {
    auto& crowd = *static_cast<Crowded*>(self);
    if (status != crowd.wanted) Must(status, error);
    dbpool_error_free(error);
    ++crowd.answered;
  }
  void Enqueue(int count, int64_t timeout_ms, dbpool_status answer) {
    wanted = answer;
    answered = 0;
    ops.assign(static_cast<size_t>(count), 0);
    for (dbpool_op& op : ops) {
      dbpool_conn conn = 0;
      dbpool_error* error = nullptr;
      Must(dbpool_acquire_async(pool, loop, timeout_ms, Answered, this, &conn, &op, &error), error);
    }
  }
  void AwaitAll() {
    while (answered < static_cast<int>(ops.size())) Must(dbpool_loop_dispatch(loop, -1), nullptr);
  }
};

template <typename F>
double NanosEach(int count, const F& f) {
  const auto began = std::chrono::steady_clock::now();
  f();
  const auto took = std::chrono::steady_clock::now() - began;
  return std::chrono::duration<double, std::nano>(took).count() / count;
}

double Allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

struct Costs {
  double bytes, enqueue, cancel, time_out;
};

/// Of each of `count` that wait. The time-out is over before it is looked for: what is measured is
/// the work of it.
Costs Wait(Crowded& crowd, int count) {
  Costs costs = {};
  crowd.ops.reserve(static_cast<size_t>(count));
  const double before = Allocated();
  costs.enqueue = NanosEach(count, [&] { crowd.Enqueue(count, INT64_MAX, DBPOOL_ERR_CANCELLED); });
  costs.bytes = (Allocated() - before) / count;
  costs.cancel = NanosEach(count, [&] {
    for (const dbpool_op op : crowd.ops) Must(dbpool_op_cancel(op), nullptr);
    crowd.AwaitAll();
  });
  crowd.Enqueue(count, kTimeOutMillis, DBPOOL_ERR_TIMEOUT);
  Await([] { return false; }, kTimeOutMillis * kMillisecond);
  costs.time_out = NanosEach(count, [&] { crowd.AwaitAll(); });
  return costs;
}

std::vector<Figure> Pending() {
  dbpool* pool = MakePool("sqlite::memory:", {{"pool_size", std::to_string(kConnections)},
                                              {"max_waiters", std::to_string(kMany)}});
  dbpool_loop* loop = MakeLoop();
  std::vector<dbpool_conn> leases;
  for (int i = 0; i < kConnections; ++i) leases.push_back(Acquire(pool));

  // What memory the first of them take is seen only once, and the kernel's time to provide it is
  // not what is asked.
  Crowded crowd{.pool = pool, .loop = loop, .ops = {}};
  const double bytes = Wait(crowd, kMany).bytes;
  const Costs many = Wait(crowd, kMany);
  const Costs few = Wait(crowd, kFew);
  for (const dbpool_conn conn : leases) dbpool_release(conn);
  dbpool_loop_free(loop);
  dbpool_unref(pool);

  // A hundred times as many may cost ten times as much each, by caches and logarithms; looking at
  // all others, a hundred.
  const auto figure = [](const char* what, double of_many, double of_few) {
    return Figure{what, "ns", of_many, of_few, of_many / of_few, AtMost(10)};
  };
  return {
      {.what = "pending_bytes", .unit = "bytes", .ours = bytes, .goal = AtMost(256)},
      figure("pending_enqueue_100000_to_1000", many.enqueue, few.enqueue),
      figure("pending_cancel_100000_to_1000", many.cancel, few.cancel),
      figure("pending_time_out_100000_to_1000", many.time_out, few.time_out),
  };
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  dbpool* pool = MakePool("sqlite::memory:", {{"pool_size", "8"}});
  dbpool_loop* loop = MakeLoop();
  Compare("async_acquire_to_sync", AtMost(2), 10'000, Each([pool] { Release(Acquire(pool)); }),
          Each(AsyncPair{pool, loop}));
  Once("pending", Pending);
  const int status = Main(argc, argv);
  dbpool_loop_free(loop);
  dbpool_unref(pool);
  return status;
}
