#ifndef DBP_SQL_ASYNC_ACQUIRE_H_
#define DBP_SQL_ASYNC_ACQUIRE_H_

#include <memory>
#include <utility>

#include "sql/loop_acquisition.h"

namespace dbp {

/// A lease that is waited for. Deliver() is to be added, which takes it.
class AcquireOp : public Op {
 public:
  /// `tag` (may be NULL): the copy that request.tag points to.
  AcquireOp(std::shared_ptr<Pool> pool, const AcquireRequest& request, std::unique_ptr<char[]> tag)
      : tag_(std::move(tag)), acquisition_(*this, std::move(pool), request) {}

  /// DBPOOL_OK: *out_now, or an error; either way the op is gone.
  /// DBPOOL_PENDING: *out_op.
  Status Start(Loop& loop, dbpool_conn* out_now, dbpool_op* out_op);

 protected:
  /// In Deliver(), once: DBPOOL_OK and *out, or why not.
  Status Take(dbpool_conn* out) noexcept;

 private:
  void OnEvents(uint32_t events) override {
    if (acquisition_.OnEvents(events)) End();
  }
  void OnNoMemory() noexcept override {}  // OnEvents() needs none

  const std::unique_ptr<char[]> tag_;
  LoopAcquisition acquisition_;
};

}  // namespace dbp

#endif  // DBP_SQL_ASYNC_ACQUIRE_H_
