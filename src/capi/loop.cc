#include "loop/loop.h"

#include "capi/guard.h"
#include "capi/handles.h"

using dbp::Guarded;
using dbp::Inner;
using dbp::Nanos;
using dbp::NullArgument;
using dbp::Status;

namespace {

Status PolledByHost(dbpool_loop* loop) {
  if (!loop) return NullArgument("loop");
  if (Inner(loop)->Forked()) return Status::Bare(DBPOOL_ERR_FORKED);
  if (Inner(loop)->kind() != DBPOOL_LOOP_POLLED) return Status::Invalid("not a DBPOOL_LOOP_POLLED");
  return Status::Ok();
}

}  // namespace

extern "C" {

dbpool_status dbpool_loop_create(uint32_t kind, dbpool_loop** out, dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    if (kind > DBPOOL_LOOP_POLLED) return Status::Invalid("unknown kind of loop");
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

dbpool_status dbpool_loop_wanted(dbpool_loop* loop, dbpool_socket* out) {
  return Guarded(nullptr, [&]() -> Status {
    DBP_RETURN_IF_ERROR(PolledByHost(loop));
    dbp::Reactor::Wanted wanted{};
    const bool any = Inner(loop)->reactor().TakeWanted(&wanted);
    dbpool_socket socket{};
    if (any) socket = {0, wanted.socket, wanted.lease, wanted.fd, wanted.events};
    DBP_RETURN_IF_ERROR(dbp::WriteStruct(socket, out));
    return Status::Bare(any ? DBPOOL_OK : DBPOOL_DONE);
  });
}

dbpool_status dbpool_loop_ready(dbpool_loop* loop, uint64_t number) {
  return Guarded(nullptr, [&]() -> Status {
    if (!loop) return NullArgument("loop");
    return Status::Bare(Inner(loop)->Ready(number));
  });
}

dbpool_status dbpool_loop_poll(dbpool_loop* loop, uint64_t number) {
  return Guarded(nullptr, [&]() -> Status {
    DBP_RETURN_IF_ERROR(PolledByHost(loop));
    return Inner(loop)->reactor().Poll(number);
  });
}

}  // extern "C"
