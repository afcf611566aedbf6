#ifndef DBP_SQL_ASYNC_POOL_H_
#define DBP_SQL_ASYNC_POOL_H_

#include <memory>

#include "loop/op.h"
#include "pool/pool.h"

namespace dbp {

/// A call about a pool as a whole, which waits without a thread. Deliver() is to be added.
class PoolOp : public Op, private PoolWatcher {
 public:
  /// DBPOOL_PENDING: *out_op; otherwise it is gone.
  Status Start(Loop& loop, dbpool_op* out_op);

 protected:
  /// In Start(), once nothing can fail any more.
  virtual void Begin() {}
  /// Begins, or goes on: what was waited for has come true, or else its deadline has passed. Over(), or Await().
  virtual void Proceed(bool true_now) = 0;
  /// It is not wanted any more, or there is no memory for it. Over() follows.
  virtual void GiveUp() {}
  /// False: it is true already. Otherwise Proceed() follows.
  bool Await(Pool::Until what, Deadline deadline);
  void Over(Status status);

  std::shared_ptr<Pool> pool_;
  Status status_;  ///< for Deliver()

 private:
  void OnEvents(uint32_t events) final;
  void OnNoMemory() noexcept final;
  void OnPool() final { Wake(); }

  Deadline deadline_ = Deadline::Never();
  bool waits_ = false;
  bool unwanted_ = false;
};

/// For Deliver(): pool_ if the status is DBPOOL_OK.
class CreateOp : public PoolOp {
 public:
  CreateOp(Config config, std::unique_ptr<Driver> driver)
      : plan_(new Plan{std::move(config), std::move(driver)}) {}

 private:
  struct Plan {
    Config config;
    std::unique_ptr<Driver> driver;
  };

  void Proceed(bool true_now) final;
  void GiveUp() final;

  std::unique_ptr<Plan> plan_;
};

class CloseOp : public PoolOp {
 public:
  CloseOp(std::shared_ptr<Pool> pool, Nanos timeout) : leases_until_(Deadline::After(timeout)) {
    pool_ = std::move(pool);
  }

 private:
  enum class Stage : uint8_t { kBegun, kAwaitsLeases, kCutOff };

  void Begin() final { (void)pool_->BeginClose(); }
  void Proceed(bool true_now) final;

  const Deadline leases_until_;
  Status answer_;
  Stage stage_ = Stage::kBegun;
};

}  // namespace dbp

#endif  // DBP_SQL_ASYNC_POOL_H_
