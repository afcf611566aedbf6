#include "calls.h"
#include "env.h"
#include "module.h"
#include "params.h"

// Calls that answer later. Each gives JavaScript DBPOOL_PENDING (or DBPOOL_OK, and the lease in `out`), or an error as
// an object; the op to cancel it by is in `out`.

namespace dbpool_node {
namespace {

void OnLease(void* call, dbpool_status status, dbpool_conn conn, dbpool_error* error) {
  Answer answer = AnswerTo(call, kKindLease, status, error);
  answer.conn = conn;
  answer.call->env->Add(answer);
}

void OnResult(void* call, dbpool_status status, dbpool_result* result, dbpool_error* error) {
  Answer answer = AnswerTo(call, kKindResult, status, error);
  answer.result = result;
  answer.call->env->Add(answer);
}

void OnBatch(void* call, dbpool_status status, const dbpool_batch* batch, dbpool_error* error) {
  Answer answer = AnswerTo(call, kKindResult, status, error);
  answer.batch = *batch;
  answer.call->env->Add(answer);
}

/// acquire(pool, number, timeout, access, tag)
napi_value Acquire(napi_env env, napi_callback_info info) {
  const Arguments<5> in(env, info);
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(1));
  dbpool* pool = in.External<dbpool>(0);
  const int64_t timeout = in.Int64(2);
  const uint32_t access = in.Uint32(3);
  const std::string tag = ToString(env, in.values[4]);
  dbpool_conn conn = 0;
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  dbpool_status status;
  if (access == DBPOOL_ACCESS_DEFAULT && tag.empty()) {
    status = dbpool_acquire_async(pool, self.loop(), timeout, OnLease, call, &conn, &op, &error);
  } else {
    const uint32_t flags = timeout == 0 ? DBPOOL_ACQUIRE_NO_WAIT : 0;
    const dbpool_acquire_options options = {sizeof options, timeout, access, flags, tag.empty() ? nullptr : tag.c_str()};
    status = dbpool_acquire_with_async(pool, self.loop(), &options, OnLease, call, &conn, &op, &error);
  }
  self.WriteConn(conn);
  return Started(self, status, op, error);
}

/// Runs what stands in the arguments from `first` on: number, sql, params, flags, format, timeout. start() hands it to the
/// library.
template <size_t N, class Start>
napi_value Run(const Arguments<N>& in, size_t first, Start start) {
  Env& self = *Env::Get(in.env);
  const Statement statement(self, in.values[first + 1], in.values[first + 2]);
  if (!statement.ok()) return nullptr;
  Call* call = self.Begin(in.Uint32(first));
  const dbpool_query_options options = {sizeof options, in.Int64(first + 5), in.Uint32(first + 3)};
  call->format = static_cast<Format>(in.Uint32(first + 4));
  call->is_stream = (options.flags & DBPOOL_QUERY_STREAM) != 0;
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = start(statement, self.loop(), &options, call, &op, &error);
  return Started(self, status, op, error);
}

/// query(pool, number, sql, params, flags, format, timeout)
napi_value Query(napi_env env, napi_callback_info info) {
  const Arguments<7> in(env, info);
  return Run(in, 1, [&](const Statement& s, dbpool_loop* loop, auto* options, Call* call, auto* op, auto* error) {
    return dbpool_query_async(in.External<dbpool>(0), loop, s.sql(), s.sql_size(), s.params(), s.param_count(),
                              options, OnResult, call, op, error);
  });
}

/// connQuery(low, high, number, sql, params, flags, format, timeout)
napi_value ConnQuery(napi_env env, napi_callback_info info) {
  const Arguments<8> in(env, info);
  return Run(in, 2, [&](const Statement& s, dbpool_loop* loop, auto* options, Call* call, auto* op, auto* error) {
    return dbpool_conn_query_async(in.Token(0), loop, s.sql(), s.sql_size(), s.params(), s.param_count(), options, OnResult,
                                   call, op, error);
  });
}

/// connDescribe(low, high, number, sql)
napi_value ConnDescribe(napi_env env, napi_callback_info info) {
  const Arguments<4> in(env, info);
  Env& self = *Env::Get(env);
  const Statement statement(self, in.values[3], Undefined(env));
  if (!statement.ok()) return nullptr;
  Call* call = self.Begin(in.Uint32(2));
  call->describes = true;
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_conn_describe_async(in.Token(0), self.loop(), statement.sql(), statement.sql_size(), OnResult, call, &op, &error);
  return Started(self, status, op, error);
}

/// connBegin(low, high, number, isolation, flags, timeout)
napi_value ConnBegin(napi_env env, napi_callback_info info) {
  const Arguments<6> in(env, info);
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(2));
  const dbpool_tx_options options = {sizeof options, static_cast<int32_t>(in.Uint32(3)), in.Uint32(4), in.Int64(5), 0, 0};
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_begin_async(in.Token(0), self.loop(), &options, OnDone, call, &op, &error);
  return Started(self, status, op, error);
}

/// name(low, high, number), for commit and rollback
template <auto Function>
napi_value ConnEnd(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(2));
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = Function(in.Token(0), self.loop(), OnDone, call, &op, &error);
  return Started(self, status, op, error);
}

/// name(low, high, number, savepoint)
template <auto Function>
napi_value ConnSavepoint(napi_env env, napi_callback_info info) {
  const Arguments<4> in(env, info);
  Env& self = *Env::Get(env);
  const std::string name = ToString(env, in.values[3]);
  Call* call = self.Begin(in.Uint32(2));
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = Function(in.Token(0), self.loop(), name.c_str(), OnDone, call, &op, &error);
  return Started(self, status, op, error);
}

/// connPing(low, high, number, timeout)
napi_value ConnPing(napi_env env, napi_callback_info info) {
  const Arguments<4> in(env, info);
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(2));
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_ping_async(in.Token(0), self.loop(), in.Int64(3), OnDone, call, &op, &error);
  return Started(self, status, op, error);
}

/// fetch(handle, number, maxRows): DBPOOL_PENDING; or what read() gives, if rows were there; or an error.
napi_value Fetch(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);
  Env& self = *Env::Get(env);
  OpenResult* open = self.Open(in.Uint32(0));
  if (open == nullptr || open->is_fetching) return TakeError(env, open == nullptr ? DBPOOL_ERR_STALE : DBPOOL_ERR_BUSY, nullptr);
  Call* call = self.Begin(in.Uint32(1));
  call->handle = in.Uint32(0);
  open->batch = dbpool_batch{sizeof(dbpool_batch), 0, 0, nullptr};
  open->next_row = 0;
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_result_fetch_async(open->result, self.loop(), in.Uint32(2), OnBatch, call, &open->batch, &op, &error);
  if (status == DBPOOL_PENDING) {
    open->is_fetching = true;
    self.WriteOp(op);
    return Int(env, status);
  }
  self.Withdraw();
  if (status < 0) {
    self.FreeResult(in.Uint32(0));
    return TakeError(env, status, error);
  }
  if (status == DBPOOL_DONE) {
    self.FreeResult(in.Uint32(0));
    return Int(env, status);
  }
  self.Read(self.reads(), self.reads().AddRecord(), *open, in.Uint32(0));
  return self.TakeReads();
}

napi_value Release(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  return Int(env, dbpool_release(in.Token(0)));
}

napi_value OpCancel(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  return Int(env, dbpool_op_cancel(in.Token(0)));
}

}  // namespace

void ExportCalls(napi_env env, napi_value exports) {
  Export(env, exports, "acquire", Acquire);
  Export(env, exports, "query", Query);
  Export(env, exports, "connQuery", ConnQuery);
  Export(env, exports, "connDescribe", ConnDescribe);
  Export(env, exports, "connBegin", ConnBegin);
  Export(env, exports, "connCommit", ConnEnd<dbpool_conn_commit_async>);
  Export(env, exports, "connRollback", ConnEnd<dbpool_conn_rollback_async>);
  Export(env, exports, "connSavepoint", ConnSavepoint<dbpool_conn_savepoint_async>);
  Export(env, exports, "connRollbackTo", ConnSavepoint<dbpool_conn_rollback_to_async>);
  Export(env, exports, "connReleaseSavepoint", ConnSavepoint<dbpool_conn_release_savepoint_async>);
  Export(env, exports, "connPing", ConnPing);
  Export(env, exports, "fetch", Fetch);
  Export(env, exports, "release", Release);
  Export(env, exports, "opCancel", OpCancel);
}

}  // namespace dbpool_node
