#ifndef DBP_SQL_ASYNC_POOL_H_
#define DBP_SQL_ASYNC_POOL_H_

#include <memory>

#include "base/mutex.h"
#include "loop/op.h"
#include "pool/pool.h"
#include "pool/workers.h"

namespace dbp {

/// Work that blocks, done by a worker for an op that may lose interest: it then goes on alone.
class Errand : public Job, public std::enable_shared_from_this<Errand> {
 public:
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  virtual ~Errand() = default;

  /// The op gets kReturned when it is done, unless it has forsaken it.
  void Begin(Op& op) DBP_EXCLUDES(mu_);
  /// Whether it was in time: kReturned does not come. Otherwise it does, or did.
  bool Forsake() DBP_EXCLUDES(mu_);

 protected:
  Errand() = default;
  virtual void Do() = 0;
  /// Done, and nobody wants it.
  virtual void Undo() {}

 private:
  void Finish() DBP_EXCLUDES(mu_);

  Op* op_ = nullptr;
  std::shared_ptr<Errand> self_;  ///< the worker's
  Mutex mu_;
  bool done_ DBP_GUARDED_BY(mu_) = false;
  bool wanted_ DBP_GUARDED_BY(mu_) = true;
};

class CreateErrand final : public Errand {
 public:
  CreateErrand(Config config, std::unique_ptr<Driver> driver)
      : config_(std::move(config)), driver_(std::move(driver)) {}

  // REQUIRES: done.
  Status status;
  std::shared_ptr<Pool> pool;

 private:
  void Do() override;
  void Undo() override;

  Config config_;
  std::unique_ptr<Driver> driver_;
};

class CloseErrand final : public Errand {
 public:
  CloseErrand(std::shared_ptr<Pool> closing, Nanos timeout)
      : pool_(std::move(closing)), timeout_(timeout) {}

  Status status;  ///< REQUIRES: done.

 private:
  void Do() override;

  const std::shared_ptr<Pool> pool_;
  const Nanos timeout_;
};

/// An op that waits for an errand. Deliver() is to be added.
template <class E>
class ErrandOp : public Op {
 public:
  explicit ErrandOp(std::shared_ptr<E> errand) : errand_(std::move(errand)) {}

  /// DBPOOL_PENDING: *out_op; otherwise it is gone.
  Status Start(Loop& loop, dbpool_op* out_op) {
    if (Status enrolled = Enroll(loop); !enrolled.ok()) {
      Discard();
      return enrolled;
    }
    *out_op = token();
    errand_->Begin(*this);
    LetGo();
    return Status::Bare(DBPOOL_PENDING);
  }

 protected:
  /// In Deliver(): NULL if it was cancelled.
  E* errand() const { return forsaken_ ? nullptr : errand_.get(); }

 private:
  void OnEvents(uint32_t events) override {
    if (events & kReturned) return End();
    forsaken_ = errand_->Forsake();
    if (forsaken_) End();
  }
  void OnNoMemory() noexcept override {}  // OnEvents() needs none

  const std::shared_ptr<E> errand_;
  bool forsaken_ = false;
};

}  // namespace dbp

#endif  // DBP_SQL_ASYNC_POOL_H_
