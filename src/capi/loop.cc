#include "loop/loop.h"

#include "capi/guard.h"
#include "capi/handles.h"

using dbp::Guarded;
using dbp::Inner;
using dbp::Nanos;
using dbp::NullArgument;
using dbp::Status;

extern "C" {

dbpool_status dbpool_loop_create(uint32_t kind, dbpool_loop** out, dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    if (kind > DBPOOL_LOOP_EXTERNAL) return Status::Invalid("unknown kind of loop");
    dbp::Loop* loop = nullptr;
    DBP_RETURN_IF_ERROR(dbp::Loop::Create(kind, &loop));
    *out = reinterpret_cast<dbpool_loop*>(loop);
    return Status::Ok();
  });
}

void dbpool_loop_free(dbpool_loop* loop) {
  if (loop) Inner(loop)->Free();
}

int dbpool_loop_fd(dbpool_loop* loop) {
  return loop && !Inner(loop)->Forked() ? Inner(loop)->fd() : -1;
}

dbpool_status dbpool_loop_dispatch(dbpool_loop* loop, int64_t timeout_ms) {
  return Guarded(nullptr, [&]() -> Status {
    if (!loop) return NullArgument("loop");
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTimeout(timeout_ms, dbp::kForever, &timeout));
    return Status::Bare(Inner(loop)->Dispatch(dbp::Deadline::After(timeout)));
  });
}

}  // extern "C"
