#ifndef DBP_TESTS_UNIT_POOL_POOL_FIXTURE_H_
#define DBP_TESTS_UNIT_POOL_POOL_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "pool/lease.h"
#include "pool/pool.h"
#include "tests/support/fake_driver.h"
#include "tests/support/testing.h"

namespace dbp {

/// A pool over a scripted database.
class PoolTest : public testing::Test {
 protected:
  void TearDown() override {
    for (std::thread& thread : threads_) thread.join();
    if (pool_) (void)pool_->Close(0);
  }

  Status Create(Config config) {
    config.connect_timeout = std::min(config.connect_timeout, 10 * kSecond);
    return Pool::Create(std::move(config), server_->MakeDriver(), &pool_);
  }
  static Config Sized(uint32_t pool_size, uint32_t max_overflow = 0) {
    Config config;
    config.pool_size = config.min_size = pool_size;
    config.max_overflow = max_overflow;
    return config;
  }

  Status Acquire(dbpool_conn* out, Nanos timeout = kGenerous) {
    return pool_->Acquire({.timeout = timeout}, out);
  }
  dbpool_conn MustAcquire() {
    dbpool_conn token = 0;
    EXPECT_OK(Acquire(&token));
    return token;
  }
  void InBackground(std::function<void()> work) { threads_.emplace_back(std::move(work)); }

  dbpool_statistics Stats() {
    dbpool_statistics stats = {};
    pool_->Stats(&stats);
    return stats;
  }
  bool AwaitWaiting(uint32_t n) {
    return Await([&] { return Stats().waiting == n; });
  }

  std::shared_ptr<FakeServer> server_ = std::make_shared<FakeServer>();
  std::shared_ptr<Pool> pool_;
  std::vector<std::thread> threads_;
};

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_POOL_POOL_FIXTURE_H_
