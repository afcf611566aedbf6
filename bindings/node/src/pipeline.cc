#include "calls.h"
#include "env.h"
#include "module.h"
#include "params.h"

// Many statements in one round trip: JavaScript holds the pipeline, runs it as a call, and takes each statement's result.

namespace dbpool_node {
namespace {

/// pipeline(flags, list): an external, of SQL and parameters in turn; or an error.
napi_value Create(napi_env env, napi_callback_info info) {
  const Arguments<2> in(env, info);
  dbpool_pipeline* pipeline = nullptr;
  dbpool_error* error = nullptr;
  dbpool_status status = dbpool_pipeline_create(in.Uint32(0), &pipeline, &error);
  uint32_t count = 0;
  napi_get_array_length(env, in.values[1], &count);
  for (uint32_t i = 0; status == DBPOOL_OK && i + 1 < count; i += 2) {
    napi_value sql = nullptr, params = nullptr;
    napi_get_element(env, in.values[1], i, &sql);
    napi_get_element(env, in.values[1], i + 1, &params);
    const Statement statement(*Env::Get(env), sql, params);
    if (!statement.ok()) {
      dbpool_pipeline_free(pipeline);
      return nullptr;
    }
    status = dbpool_pipeline_add(pipeline, statement.sql(), statement.sql_size(), statement.params(),
                                 statement.param_count(), &error);
  }
  if (status != DBPOOL_OK) {
    dbpool_pipeline_free(pipeline);
    return TakeError(env, status, error);
  }
  return External<dbpool_pipeline, dbpool_pipeline_free>(env, pipeline);
}

/// pipelineRun(pipeline, low, high, number, flags, timeout)
napi_value Run(napi_env env, napi_callback_info info) {
  const Arguments<6> in(env, info);
  Env& self = *Env::Get(env);
  Call* call = self.Begin(in.Uint32(3));
  const dbpool_query_options options = {sizeof options, in.Int64(5), in.Uint32(4)};
  dbpool_op op = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_pipeline_run_async(in.External<dbpool_pipeline>(0), in.Token(1), self.loop(),
                                                         &options, OnDone, call, &op, &error);
  return Started(self, status, op, error);
}

/// pipelineResult(pipeline, index, format): what read() gives; or the error of that statement. Once.
napi_value Result(napi_env env, napi_callback_info info) {
  const Arguments<3> in(env, info);
  Env& self = *Env::Get(env);
  OpenResult open;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_pipeline_result(in.External<dbpool_pipeline>(0), in.Uint32(1), &open.result, &error);
  if (status != DBPOOL_OK) return TakeError(env, status, error);
  open.format = static_cast<Format>(in.Uint32(2));
  self.Enter(open);
  self.Read(self.reads(), self.reads().AddRecord(), open, Env::kNoHandle);
  return self.TakeReads();
}

}  // namespace

void ExportPipeline(napi_env env, napi_value exports) {
  Export(env, exports, "pipeline", Create);
  Export(env, exports, "pipelineRun", Run);
  Export(env, exports, "pipelineResult", Result);
}

}  // namespace dbpool_node
