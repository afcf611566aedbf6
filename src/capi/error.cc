#include "capi/guard.h"
#include "capi/handles.h"

namespace {

/// A text field of an error; "" without an error or without information.
const char* Text(const dbpool_error* error, std::string dbp::ErrorInfo::* field) {
  return error && error->info ? ((*error->info).*field).c_str() : "";
}

}  // namespace

extern "C" {

dbpool_status dbpool_error_code(const dbpool_error* error) { return error ? error->code : DBPOOL_OK; }

const char* dbpool_error_message(const dbpool_error* error) {
  if (error && !error->info) return dbp::StatusName(error->code);
  return Text(error, &dbp::ErrorInfo::message);
}

const char* dbpool_error_sqlstate(const dbpool_error* error) {
  return error && error->info ? error->info->sqlstate : "";
}

int32_t dbpool_error_native_code(const dbpool_error* error) {
  return error && error->info ? error->info->native_code : 0;
}

const char* dbpool_error_detail(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::detail);
}

const char* dbpool_error_hint(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::hint);
}

int32_t dbpool_error_position(const dbpool_error* error) {
  return error && error->info ? error->info->position : 0;
}

const char* dbpool_error_schema(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::schema);
}

const char* dbpool_error_table(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::table);
}

const char* dbpool_error_column(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::column);
}

const char* dbpool_error_constraint(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::constraint);
}

const char* dbpool_error_field(const dbpool_error* error, uint32_t field) {
  return error && error->info ? error->info->fields.Get(field) : "";
}

uint32_t dbpool_error_phase(const dbpool_error* error) {
  return error && error->info ? error->info->phase : 0;
}

uint32_t dbpool_error_flags(const dbpool_error* error) {
  return error && error->info ? error->info->flags : 0;
}

const char* dbpool_error_cause(const dbpool_error* error) {
  return Text(error, &dbp::ErrorInfo::cause);
}

dbpool_status dbpool_error_pool_counts(const dbpool_error* error, dbpool_error_counts* out) {
  return dbp::Guarded(nullptr, [&]() -> dbp::Status {
    dbpool_error_counts counts = {};
    const bool known = error && error->info && error->info->has_counts;
    if (known) {
      counts.open = error->info->open;
      counts.idle = error->info->idle;
      counts.leased = error->info->leased;
      counts.waiting = error->info->waiting;
    }
    DBP_RETURN_IF_ERROR(dbp::WriteStruct(counts, out));
    return known ? dbp::Status::Ok() : dbp::Status::Bare(DBPOOL_DONE);
  });
}

dbpool_error* dbpool_error_new(dbpool_status code, const char* message) {
  try {
    const dbpool_status kept = code < 0 ? code : dbpool_status{DBPOOL_ERR_INTERNAL};
    return new dbpool_error{kept, dbp::Status::Error(kept, message ? message : "").TakeInfo()};
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void dbpool_error_free(dbpool_error* error) { delete error; }

const char* dbpool_status_name(dbpool_status status) { return dbp::StatusName(status); }

}  // extern "C"
