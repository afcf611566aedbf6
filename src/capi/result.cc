#include "capi/guard.h"
#include "capi/handles.h"
#include "loop/op.h"
#include "sql/format.h"

using dbp::Guarded;
using dbp::NullArgument;
using dbp::Status;

namespace {

uint32_t Columns(std::span<const dbpool_column> columns, const dbpool_column** out) {
  if (out) *out = columns.empty() ? nullptr : columns.data();
  return static_cast<uint32_t>(columns.size());
}

Status FetchBatch(dbp::Result& result, uint32_t max_rows, dbpool_batch* out) {
  dbp::Rows::Batch rows;
  Status status = result.Fetch(max_rows, &rows);
  if (status.failed()) return status;
  out->row_count = rows.rows;
  out->column_count = static_cast<uint32_t>(result.rows().columns().size());
  out->cells = rows.cells;
  return status;
}

}  // namespace

extern "C" {

uint32_t dbpool_result_columns(const dbpool_result* result, const dbpool_column** out) {
  return Columns(result ? result->result->rows().columns() : std::span<const dbpool_column>(), out);
}

uint32_t dbpool_result_params(const dbpool_result* result, const dbpool_column** out) {
  return Columns(result ? result->result->rows().params() : std::span<const dbpool_column>(), out);
}

dbpool_status dbpool_result_fetch(dbpool_result* result, uint32_t max_rows, dbpool_batch* out,
                                  dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!out || out->struct_size < sizeof out->struct_size) return dbp::WriteStruct(dbpool_batch{}, out);
    dbpool_batch batch = {};
    Status status = result ? FetchBatch(*result->result, max_rows, &batch) : NullArgument("result");
    DBP_RETURN_IF_ERROR(dbp::WriteStruct(batch, out));  // empty, if that failed
    return status;
  });
}

dbpool_status dbpool_result_next(dbpool_result* result, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    return result ? result->result->Next() : NullArgument("result");
  });
}

int64_t dbpool_result_affected(const dbpool_result* result) {
  return result ? result->result->rows().affected() : 0;
}

int64_t dbpool_result_last_insert_id(const dbpool_result* result) {
  return result ? result->result->rows().last_insert_id() : 0;
}

const char* dbpool_result_command(const dbpool_result* result) {
  return result ? result->result->rows().command() : "";
}

int64_t dbpool_result_elapsed_ns(const dbpool_result* result) {
  return result ? result->result->elapsed() : 0;
}

void dbpool_result_free(dbpool_result* result) {
  if (!result) return;
  const dbpool_op fetch = result->fetch;
  if (result->references.Drop()) delete result;  // else a fetch is under way, and knows by this that it is nobody's
  if (fetch != 0) (void)dbp::Op::Cancel(fetch);  // over, most of the time
}

size_t dbpool_value_format(const dbpool_value* value, char* buffer, size_t size) {
  static constexpr dbpool_value kNull = {};
  return dbp::FormatValue(value ? *value : kNull, buffer, buffer ? size : 0);
}

}  // extern "C"
