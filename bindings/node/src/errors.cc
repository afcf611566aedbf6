#include <iterator>

#include "env.h"

namespace dbpool_node {
namespace {

// By DBPOOL_FIELD_*; 0 is none.
constexpr const char* kFields[] = {"",     "severity", "where", "dataType", "internalQuery", "internalPosition",
                                   "file", "line",     "routine"};
static_assert(std::size(kFields) == DBPOOL_FIELD_ROUTINE + 1);

}  // namespace

napi_value TakeError(napi_env env, dbpool_status status, dbpool_error* error) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  const auto text = [&](const char* name, const char* value) {
    if (*value != '\0') Set(env, object, name, String(env, value));
  };
  Set(env, object, "status", status);
  text("code", dbpool_status_name(status));
  text("message", error != nullptr ? dbpool_error_message(error) : dbpool_status_name(status));
  text("sqlstate", dbpool_error_sqlstate(error));
  text("detail", dbpool_error_detail(error));
  text("hint", dbpool_error_hint(error));
  text("schema", dbpool_error_schema(error));
  text("table", dbpool_error_table(error));
  text("column", dbpool_error_column(error));
  text("constraint", dbpool_error_constraint(error));
  text("reason", dbpool_error_cause(error));
  for (uint32_t field = 0; field < std::size(kFields); ++field) text(kFields[field], dbpool_error_field(error, field));
  Set(env, object, "position", dbpool_error_position(error));
  Set(env, object, "nativeCode", dbpool_error_native_code(error));
  Set(env, object, "phase", dbpool_error_phase(error));
  Set(env, object, "flags", dbpool_error_flags(error));
  dbpool_error_counts counts = {sizeof counts, 0, 0, 0, 0};
  if (error != nullptr && dbpool_error_pool_counts(error, &counts) == DBPOOL_OK) {
    napi_value pool = nullptr;
    napi_create_object(env, &pool);
    Set(env, pool, "open", counts.open);
    Set(env, pool, "idle", counts.idle);
    Set(env, pool, "leased", counts.leased);
    Set(env, pool, "waiting", counts.waiting);
    Set(env, object, "pool", pool);
  }
  if (error != nullptr) {  // kept for transactionAgain()
    Set(env, object, "native", External<dbpool_error, dbpool_error_free>(env, error));
  }
  return object;
}

}  // namespace dbpool_node
