#include "env.h"

namespace dbpool_node {
namespace {

/// libuv's handle outlives the environment's data until libuv has closed it.
struct Poll {
  uv_poll_t handle;
  napi_async_cleanup_hook_handle hook = nullptr;
};

void Dispose(const Answer& answer) {
  dbpool_error_free(answer.error);
  if (answer.status != DBPOOL_OK) return;
  if (answer.kind == kKindLease) dbpool_release(answer.conn);
  if (answer.kind == kKindPool) dbpool_unref(answer.pool);
  if (answer.kind == kKindResult && answer.call->handle == Env::kNoHandle) dbpool_result_free(answer.result);
}

}  // namespace

Env* Env::Create(napi_env napi) {
  Env* env = new Env(napi);
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &env->loop_, &error);
  if (status != DBPOOL_OK) {
    napi_throw_error(napi, dbpool_status_name(status), dbpool_error_message(error));
    dbpool_error_free(error);
    delete env;
    return nullptr;
  }
  napi_set_instance_data(
      napi, env, [](napi_env, void* data, void*) { delete static_cast<Env*>(data); }, nullptr);
  uv_loop_s* uv = nullptr;
  napi_get_uv_event_loop(napi, &uv);
  Poll* poll = new Poll;
  env->poll_ = &poll->handle;
  uv_poll_init(uv, env->poll_, dbpool_loop_fd(env->loop_));
  env->poll_->data = env;
  uv_poll_start(env->poll_, UV_READABLE, OnReadable);
  uv_unref(reinterpret_cast<uv_handle_t*>(env->poll_));
  napi_add_async_cleanup_hook(napi, OnCleanup, env, &poll->hook);
  return env;
}

napi_value Env::Start(napi_value on_answers) {
  napi_create_reference(env_, on_answers, 1, &on_answers_);
  napi_value name = nullptr, shared = nullptr, memory = nullptr;
  napi_create_string_utf8(env_, "dbpool", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env_, nullptr, name, &context_);
  napi_create_object(env_, &shared);
  Set(env_, shared, "frame", frame_.Create(env_));
  Set(env_, shared, "reads", reads_.Create(env_));
  void* data = nullptr;
  napi_create_arraybuffer(env_, 4 * sizeof(uint32_t), &data, &memory);
  napi_create_reference(env_, memory, 1, &out_memory_);
  out_ = static_cast<uint32_t*>(data);
  Set(env_, shared, "out", memory);
  napi_create_arraybuffer(env_, kNowSize * sizeof(double), &data, &memory);
  napi_create_reference(env_, memory, 1, &now_memory_);
  now_ = static_cast<double*>(data);
  Set(env_, shared, "now", memory);
  return shared;
}

/// The environment ends: nothing of the library calls back from now on.
void Env::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  Env* env = static_cast<Env*>(data);
  env->is_ending_ = true;
  uv_poll_stop(env->poll_);
  dbpool_loop_free(env->loop_);  // its last callbacks leave their answers here
  for (const Answer& answer : env->answers_) Dispose(answer);
  env->answers_.clear();
  for (const OpenResult& open : env->results_) dbpool_result_free(open.result);
  env->results_.clear();
  env->poll_->data = reinterpret_cast<Poll*>(env->poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(env->poll_), [](uv_handle_t* handle) {
    Poll* poll = static_cast<Poll*>(handle->data);
    napi_remove_async_cleanup_hook(poll->hook);
    delete poll;
  });
}

Call* Env::Begin(uint32_t number) {
  while (calls_.size() <= number) {
    Call& call = calls_.emplace_back();
    call.env = this;
    call.number = static_cast<uint32_t>(calls_.size() - 1);
  }
  Call* call = &calls_[number];
  call->format = kFormatNative;
  call->is_stream = call->describes = false;
  call->handle = kNoHandle;
  Hold(1);
  return call;
}

/// The process stays alive while something is under way, and only then.
void Env::Hold(int by) {
  const bool was_idle = under_way_ == 0;
  under_way_ += by;
  if (is_ending_ || was_idle == (under_way_ == 0)) return;
  uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(poll_);
  was_idle ? uv_ref(handle) : uv_unref(handle);
}

void Env::WriteOp(dbpool_op op) {
  out_[0] = static_cast<uint32_t>(op);
  out_[1] = static_cast<uint32_t>(op >> 32);
}

void Env::WriteConn(dbpool_conn conn) {
  out_[2] = static_cast<uint32_t>(conn);
  out_[3] = static_cast<uint32_t>(conn >> 32);
}

void Env::Add(const Answer& answer) { answers_.push_back(answer); }

void Env::OnReadable(uv_poll_t* poll, int, int) {
  Env* env = static_cast<Env*>(poll->data);
  napi_handle_scope scope;
  napi_open_handle_scope(env->env_, &scope);
  dbpool_loop_dispatch(env->loop_, 0);  // stopped early, the descriptor stays readable
  env->Deliver();
  napi_close_handle_scope(env->env_, scope);
}

void Env::Deliver() {
  for (Answer& answer : answers_) {
    if (!frame_.HasRoomForRecord()) Flush();
    Encode(answer);
  }
  answers_.clear();
  if (!frame_.empty()) Flush();
}

/// An answer as a record: [number, status, kind, ...], the rest by kind, as lib/calls.js reads it.
void Env::Encode(Answer& answer) {
  Call& call = *answer.call;
  if (answer.kind == kKindResult && answer.status == DBPOOL_OK && !frame_.empty()) {
    const dbpool_column* columns;
    const uint32_t count = call.handle == kNoHandle ? dbpool_result_columns(answer.result, &columns)
                                                    : results_[call.handle].columns;
    if (!frame_.HasRoom(count)) Flush();
  }
  double* record = frame_.AddRecord();
  record[0] = call.number;
  record[1] = answer.status;
  record[2] = answer.kind;
  if (answer.kind != kKindEvent && answer.kind != kKindEnd) Hold(-1);
  if (call.handle != kNoHandle) {  // the answer to a fetch
    OpenResult& open = results_[call.handle];
    open.is_fetching = false;
    if (open.is_dropped) {
      open = OpenResult{};
      free_results_.push_back(call.handle);
      record[1] = DBPOOL_DONE;
      dbpool_error_free(answer.error);
    } else if (answer.status == DBPOOL_OK) {
      open.batch = answer.batch;
      open.next_row = 0;
      Read(frame_, record, open, call.handle);
    } else {
      FreeResult(call.handle);
      if (answer.status < 0) WriteError(frame_, record, answer.status, answer.error);
    }
    return;
  }
  if (answer.status != DBPOOL_OK) {
    WriteError(frame_, record, answer.status, answer.error);
    return;
  }
  switch (answer.kind) {
    case kKindResult: {
      OpenResult open;
      open.result = answer.result;
      open.format = call.format;
      open.is_stream = call.is_stream;
      Enter(open);
      if (call.describes) record[10] = DescribeParams(open.result);
      Read(frame_, record, open, kNoHandle);
      break;
    }
    case kKindLease:
      record[3] = static_cast<uint32_t>(answer.conn);
      record[4] = static_cast<uint32_t>(answer.conn >> 32);
      break;
    case kKindPool:
      record[3] = frame_.AddExtra(env_, WrapPool(env_, answer.pool));
      break;
    case kKindEvent:
      record[3] = answer.event.kind;
      record[4] = answer.event.reason;
      record[5] = static_cast<double>(answer.event.connection);
      record[6] = static_cast<double>(answer.event.missed);
      break;
    default:
      break;
  }
}

/// Gives the frame to JavaScript, and lets promises and ticks run.
void Env::Flush() {
  const Frame::Content content = frame_.Take(env_);
  napi_value callback = nullptr, receiver = nullptr, result = nullptr;
  napi_get_reference_value(env_, on_answers_, &callback);
  napi_get_global(env_, &receiver);
  napi_value arguments[] = {Number(env_, content.records), content.text, content.bytes, content.extras};
  if (napi_make_callback(env_, context_, receiver, callback, 4, arguments, &result) == napi_ok) return;
  napi_value thrown = nullptr;  // what a callback of the user threw; a worker that is being ended has nothing to throw
  if (napi_get_and_clear_last_exception(env_, &thrown) == napi_ok) napi_fatal_exception(env_, thrown);
}

void Env::WriteError(Frame& frame, double* record, dbpool_status status, dbpool_error* error) {
  record[1] = status;
  record[3] = frame.AddExtra(env_, TakeError(env_, status, error));
}

}  // namespace dbpool_node
