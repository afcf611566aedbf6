#include "sql/async_acquire.h"

#include <new>

namespace dbp {

Status AcquireOp::Start(Loop& loop, dbpool_conn* out_now, dbpool_op* out_op) {
  if (Status enrolled = Enroll(loop); !enrolled.ok()) {
    Discard();
    return enrolled;
  }
  if (acquisition_.Begin()) {
    Status status = Take(out_now);
    TakeBack();
    return status;
  }
  *out_op = token();  // the callback may come as soon as we let go
  LetGo();
  return Status::Bare(DBPOOL_PENDING);
}

Status AcquireOp::Take(dbpool_conn* out) noexcept {
  try {
    return acquisition_.Finish(out);
  } catch (const std::bad_alloc&) {  // of the text of an error: a lease is given without memory
    return Status::NoMemory();
  }
}

}  // namespace dbp
