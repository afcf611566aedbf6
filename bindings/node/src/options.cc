#include "options.h"

#include "env.h"
#include "module.h"
#include "params.h"

namespace dbpool_node {

Target::Target(napi_env env, const napi_value* values)
    : uri_(ToString(env, values[0])),
      options_(dbpool_options_new(), dbpool_options_free),
      status_(options_ != nullptr ? DBPOOL_OK : DBPOOL_ERR_NOMEM) {
  if (ok()) Read(env, values[1], values[2]);
}

void Target::Read(napi_env env, napi_value list, napi_value prefix) {
  napi_valuetype type;
  napi_typeof(env, prefix, &type);
  if (type == napi_string) status_ = dbpool_options_from_env(options_.get(), ToString(env, prefix).c_str(), &error_);
  uint32_t count = 0;
  napi_get_array_length(env, list, &count);
  for (uint32_t i = 0; ok() && i + 1 < count; i += 2) {
    napi_value name = nullptr, value = nullptr;
    napi_get_element(env, list, i, &name);
    napi_get_element(env, list, i + 1, &value);
    status_ = dbpool_options_set(options_.get(), ToString(env, name).c_str(), ToString(env, value).c_str(), &error_);
  }
}

namespace {

/// optionTable(): every option as an object.
napi_value OptionTable(napi_env env, napi_callback_info) {
  napi_value list = nullptr;
  napi_create_array(env, &list);
  dbpool_option option = {};
  option.struct_size = sizeof option;
  for (uint32_t i = 0; dbpool_option_at(i, &option) == DBPOOL_OK; ++i) {
    napi_value object = nullptr;
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
  napi_value object = nullptr;
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
  Target target(env, in.values);
  if (!target.ok()) return target.Refusal(env);
  dbpool_server server = {};
  server.struct_size = sizeof server;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_probe(target.uri(), target.options(), in.Int64(3), &server, &error);
  return status == DBPOOL_OK ? DescribeServer(env, server) : TakeError(env, status, error);
}

}  // namespace

void ExportOptions(napi_env env, napi_value exports) {
  Export(env, exports, "optionTable", OptionTable);
  Export(env, exports, "probeNow", ProbeNow);
}

}  // namespace dbpool_node
