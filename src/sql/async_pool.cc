#include "sql/async_pool.h"

#include <new>
#include <utility>

namespace dbp {

void Errand::Begin(Op& op) {
  op_ = &op;
  self_ = shared_from_this();
  run = [](Job& job) { static_cast<Errand&>(job).Finish(); };
  if (!RunOnWorker(*this)) run(*this);
}

void Errand::Finish() {
  const std::shared_ptr<Errand> mine = std::move(self_);
  Do();
  bool wanted = false;
  {
    MutexLock lock(mu_);
    done_ = true;
    wanted = wanted_;
  }
  wanted ? op_->Return() : Undo();
}

bool Errand::Forsake() {
  MutexLock lock(mu_);
  if (done_) return false;
  wanted_ = false;
  return true;
}

void CreateErrand::Do() {
  try {
    status = Pool::Create(std::move(config_), std::move(driver_), &pool);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
}

void CreateErrand::Undo() {
  if (pool) (void)pool->Close(0);  // nothing was lent
}

void CloseErrand::Do() {
  try {
    status = pool_->Close(timeout_);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
}

}  // namespace dbp
