#include "capi/guard.h"
#include "capi/handles.h"

using dbp::Guarded;
using dbp::NullArgument;
using dbp::Status;

extern "C" {

dbpool_status dbpool_watch(dbpool* pool, dbpool_loop* loop, dbpool_event_fn callback, void* user_data,
                           void (*destroy)(void* user_data), uint64_t* out_watch,
                           dbpool_error** error) {
  if (out_watch) *out_watch = 0;
  return Guarded(error, [&]() -> Status {
    if (!pool) return NullArgument("pool");
    if (!callback) return NullArgument("callback");
    if (pool->pool->forked()) return dbp::Forked();
    dbp::Loop* on = nullptr;
    DBP_RETURN_IF_ERROR(dbp::LoopOrShared(loop, &on));
    uint64_t id = 0;
    DBP_RETURN_IF_ERROR(pool->pool->events().Watch(*on, {callback, user_data, destroy}, &id));
    if (out_watch) *out_watch = id;
    return Status::Ok();
  });
}

dbpool_status dbpool_unwatch(dbpool* pool, uint64_t watch) {
  return Guarded(nullptr, [&]() -> Status {
    if (!pool) return NullArgument("pool");
    if (pool->pool->forked()) return dbp::Forked();
    return pool->pool->events().Unwatch(watch);
  });
}

}  // extern "C"
