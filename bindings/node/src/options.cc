#include "options.h"

#include <memory>

#include "env.h"
#include "module.h"
#include "params.h"

namespace dbpool_node {

dbpool_options* MakeOptions(napi_env env, napi_value list, napi_value prefix, dbpool_status* status, dbpool_error** error) {
  std::unique_ptr<dbpool_options, decltype(&dbpool_options_free)> options(dbpool_options_new(), dbpool_options_free);
  *status = options != nullptr ? DBPOOL_OK : DBPOOL_ERR_NOMEM;
  napi_valuetype type;
  napi_typeof(env, prefix, &type);
  if (*status == DBPOOL_OK && type == napi_string) {
    *status = dbpool_options_from_env(options.get(), ToString(env, prefix).c_str(), error);
  }
  uint32_t count = 0;
  napi_get_array_length(env, list, &count);
  for (uint32_t i = 0; *status == DBPOOL_OK && i + 1 < count; i += 2) {
    napi_value name, value;
    napi_get_element(env, list, i, &name);
    napi_get_element(env, list, i + 1, &value);
    *status = dbpool_options_set(options.get(), ToString(env, name).c_str(), ToString(env, value).c_str(), error);
  }
  return *status == DBPOOL_OK ? options.release() : nullptr;
}

namespace {

/// optionTable(): every option as an object.
napi_value OptionTable(napi_env env, napi_callback_info) {
  napi_value list;
  napi_create_array(env, &list);
  dbpool_option option = {};
  option.struct_size = sizeof option;
  for (uint32_t i = 0; dbpool_option_at(i, &option) == DBPOOL_OK; ++i) {
    napi_value object;
    napi_create_object(env, &object);
    Set(env, object, "name", String(env, option.name));
    Set(env, object, "aliases", String(env, option.aliases));
    Set(env, object, "type", String(env, option.type));
    Set(env, object, "range", String(env, option.range));
    Set(env, object, "defaultValue", String(env, option.default_value));
    Set(env, object, "group", String(env, option.group));
    Set(env, object, "help", String(env, option.help));
    napi_set_element(env, list, i, object);
  }
  return list;
}

napi_value DescribeServer(napi_env env, const dbpool_server& server) {
  napi_value object;
  napi_create_object(env, &object);
  const auto text = [&](const char* name, const char* value) { Set(env, object, name, String(env, value)); };
  text("product", server.product);
  text("version", server.version);
  text("database", server.database);
  text("user", server.user);
  text("tls", server.tls);
  Set(env, object, "readOnly", server.read_only);
  Set(env, object, "inRecovery", server.in_recovery);
  Set(env, object, "maxConnections", static_cast<double>(server.max_connections));
  Set(env, object, "sessions", static_cast<double>(server.sessions));
  Set(env, object, "connectMs", static_cast<double>(server.connect_ns) / 1e6);
  Set(env, object, "roundTripMs", static_cast<double>(server.round_trip_ns) / 1e6);
  return object;
}

/// probeNow(uri or "", options, environment, timeout): what the server says of itself; or an error.
napi_value ProbeNow(napi_env env, napi_callback_info info) {
  const Arguments<4> in(env, info);
  const std::string uri = ToString(env, in.values[0]);
  dbpool_error* error = nullptr;
  dbpool_status status = DBPOOL_OK;
  dbpool_options* options = MakeOptions(env, in.values[1], in.values[2], &status, &error);
  if (options == nullptr) return TakeError(env, status, error);
  dbpool_server server = {};
  server.struct_size = sizeof server;
  status = dbpool_probe(uri.empty() ? nullptr : uri.c_str(), options, in.Int64(3), &server, &error);
  dbpool_options_free(options);
  return status == DBPOOL_OK ? DescribeServer(env, server) : TakeError(env, status, error);
}

}  // namespace

void ExportOptions(napi_env env, napi_value exports) {
  Export(env, exports, "optionTable", OptionTable);
  Export(env, exports, "probeNow", ProbeNow);
}

}  // namespace dbpool_node
