#include "calls.h"
#include "env.h"
#include "module.h"
#include "options.h"
#include "params.h"

// A pool as a whole: make, watch, count, close.

namespace dbpool_node {

napi_value WrapPool(napi_env env, dbpool* pool) { return External<dbpool, dbpool_unref>(env, pool); }

namespace {

/// create(uri or "", options, environment, number): number undefined makes a lazy pool at once and gives it.
napi_value Create(napi_env env, napi_callback_info info) {
  const Arguments<4> in(env, info);
  Target target(env, in.values);
  if (!target.ok()) return target.Refusal(env);
  dbpool_error* error = nullptr;
  napi_valuetype type;
  napi_typeof(env, in.values[3], &type);
  if (type == napi_undefined) {
    dbpool* pool = nullptr;
    const dbpool_status status = dbpool_create(target.uri(), target.options(), &pool, &error);
    return status == DBPOOL_OK ? WrapPool(env, pool) : TakeError(env, status, error);
  }
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(3));
  const auto answered = [](void* data, dbpool_status status, dbpool* pool, dbpool_error* error) {
    Answer answer = AnswerTo(data, kKindPool, status, error);
    answer.pool = pool;
    answer.call->env->Add(answer);
  };
  dbpool_op op = 0;
  const dbpool_status status =
      dbpool_create_async(target.uri(), target.options(), self.loop(), answered, call, &op, &error);
  return Started(self, status, op, error);
}

napi_value Close(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);  // pool, number, timeout
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(1));
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_close_async(in.External<dbpool>(0), self.loop(), in.Int64(2), OnDone, call, &op, &error);
  return Started(self, status, op, error);
}

napi_value Stats(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  dbpool_statistics stats = {};
  stats.struct_size = sizeof stats;
  const dbpool_status status = dbpool_stats(in.External<dbpool>(0), &stats);
  if (status != DBPOOL_OK) return TakeError(env, status, nullptr);
  napi_value object = nullptr;
  napi_create_object(env, &object);
  const auto set = [&](const char* name, double value) { Set(env, object, name, Number(env, value)); };
  set("limit", stats.limit);
  set("open", stats.open);
  set("idle", stats.idle);
  set("leased", stats.leased);
  set("opening", stats.opening);
  set("waiting", stats.waiting);
  set("writeWaiting", stats.write_waiting);
  set("poolSize", stats.pool_size);
  set("maxOverflow", stats.max_overflow);
  set("minSize", stats.min_size);
  set("acquired", static_cast<double>(stats.acquired));
  set("waited", static_cast<double>(stats.waited));
  set("timedOut", static_cast<double>(stats.timed_out));
  set("refused", static_cast<double>(stats.refused));
  set("opened", static_cast<double>(stats.opened));
  set("closed", static_cast<double>(stats.closed));
  set("openFailed", static_cast<double>(stats.open_failed));
  set("waitMs", static_cast<double>(stats.wait_ns) / 1e6);
  set("waitMaxMs", static_cast<double>(stats.wait_max_ns) / 1e6);
  set("pings", static_cast<double>(stats.pings));
  set("resets", static_cast<double>(stats.resets));
  set("closedIdle", static_cast<double>(stats.closed_idle));
  set("closedLifetime", static_cast<double>(stats.closed_lifetime));
  set("closedUses", static_cast<double>(stats.closed_uses));
  set("closedBroken", static_cast<double>(stats.closed_broken));
  set("closedPing", static_cast<double>(stats.closed_ping));
  set("closedReset", static_cast<double>(stats.closed_reset));
  set("closedInvalidated", static_cast<double>(stats.closed_invalidated));
  set("closedHook", static_cast<double>(stats.closed_hook));
  set("closedShrunk", static_cast<double>(stats.closed_shrunk));
  return object;
}

napi_value Invalidate(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_invalidate(in.External<dbpool>(0), &error);
  return status == DBPOOL_OK ? Int(env, 0) : TakeError(env, status, error);
}

napi_value Resize(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);  // pool, pool_size, max_overflow
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_resize(in.External<dbpool>(0), in.Uint32(1), in.Uint32(2), &error);
  return status == DBPOOL_OK ? Int(env, 0) : TakeError(env, status, error);
}

/// watch(pool, number): events come under the number until its end; they keep no process alive. unwatch() has the watch
/// from `out`, where a lease would be.
napi_value Watch(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(1));
  self.Withdraw();
  const auto happened = [](void* data, const dbpool_event* event) {
    Answer answer;
    answer.call = static_cast<Call*>(data);
    answer.kind = kKindEvent;
    answer.event = *event;
    answer.call->env->Add(answer);
  };
  const auto ended = [](void* data) {
    Answer answer;
    answer.call = static_cast<Call*>(data);
    answer.kind = kKindEnd;
    answer.call->env->Add(answer);
  };
  uint64_t watch = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_watch(in.External<dbpool>(0), self.loop(), happened, call, ended, &watch, &error);
  self.WriteConn(watch);
  return status == DBPOOL_OK ? Int(env, 0) : TakeError(env, status, error);
}

/// unwatch(pool, low, high)
napi_value Unwatch(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);
  return Int(env, dbpool_unwatch(in.External<dbpool>(0), in.Token(1)));
}

/// transactionAgain(pool, native error, maxAttempts, attempt): the pause in milliseconds before the transaction is run
/// again; undefined if the failure is the answer.
napi_value TransactionAgain(napi_env env, napi_callback_info info) {
  const Arguments<4> in(env, info);
  dbpool_tx_options options = {};
  options.struct_size = sizeof options;
  options.max_attempts = in.Uint32(2);
  int64_t pause_ms = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_transaction_again(in.External<dbpool>(0), &options, in.External<dbpool_error>(1),
                                                        in.Uint32(3), &pause_ms, &error);
  if (status < 0) return TakeError(env, status, error);
  return status == DBPOOL_OK ? Number(env, static_cast<double>(pause_ms)) : nullptr;
}

}  // namespace

void ExportPool(napi_env env, napi_value exports) {
  Export(env, exports, "create", Create);
  Export(env, exports, "close", Close);
  Export(env, exports, "stats", Stats);
  Export(env, exports, "invalidate", Invalidate);
  Export(env, exports, "resize", Resize);
  Export(env, exports, "transactionAgain", TransactionAgain);
  Export(env, exports, "watch", Watch);
  Export(env, exports, "unwatch", Unwatch);
}

}  // namespace dbpool_node
