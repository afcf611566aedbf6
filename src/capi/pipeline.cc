#include <memory>

#include "capi/handles.h"
#include "capi/query.h"
#include "sql/pipeline.h"

using dbp::Guarded;
using dbp::NullArgument;
using dbp::Status;

extern "C" {

dbpool_status dbpool_pipeline_create(uint32_t flags, dbpool_pipeline** out, dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    constexpr uint32_t kKnown = DBPOOL_PIPELINE_TRANSACTION;
    if (flags & ~kKnown) return Status::Invalid("unknown flags of a pipeline");
    const bool transaction = flags & DBPOOL_PIPELINE_TRANSACTION;
    auto handle = std::make_unique<dbpool_pipeline>();
    handle->pipeline = std::make_shared<dbp::Pipeline>(transaction);
    *out = handle.release();
    return Status::Ok();
  });
}

dbpool_status dbpool_pipeline_add(dbpool_pipeline* pipeline, const char* sql, size_t sql_size,
                                  const dbpool_value* params, size_t param_count,
                                  dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!pipeline) return NullArgument("pipeline");
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read(sql, sql_size, params, param_count, nullptr));
    return pipeline->pipeline->Add(given.query);
  });
}

dbpool_status dbpool_pipeline_run(dbpool_pipeline* pipeline, dbpool_conn conn,
                                  const dbpool_query_options* options, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!pipeline) return NullArgument("pipeline");
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read("", 0, nullptr, 0, options));
    if (given.query.stream) return Status::Invalid("a pipeline is not streamed");
    dbp::PipelineWork work(pipeline->pipeline);
    DBP_RETURN_IF_ERROR(work.Claim(given.query.read_only));
    return dbp::Perform(conn, work, given.timeout, nullptr);
  });
}

size_t dbpool_pipeline_size(const dbpool_pipeline* pipeline) {
  return pipeline ? pipeline->pipeline->size() : 0;
}

dbpool_status dbpool_pipeline_result(dbpool_pipeline* pipeline, size_t index, dbpool_result** out,
                                     dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!pipeline) return NullArgument("pipeline");
    if (!out) return pipeline->pipeline->TakeResult(index, nullptr);
    auto handle = std::make_unique<dbpool_result>();  // first, so that no result is lost for want of memory
    DBP_RETURN_IF_ERROR(pipeline->pipeline->TakeResult(index, &handle->result));
    *out = handle.release();
    return Status::Ok();
  });
}

dbpool_status dbpool_pipeline_reset(dbpool_pipeline* pipeline) {
  return Guarded(nullptr, [&] { return pipeline ? pipeline->pipeline->Clear() : Status::Ok(); });
}

void dbpool_pipeline_free(dbpool_pipeline* pipeline) { delete pipeline; }

}  // extern "C"
