#include "module.h"

#include "env.h"

namespace dbpool_node {
namespace {

/// start(onAnswers): once, by lib/calls.js.
napi_value Start(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  return Env::Get(env)->Start(in.values[0]);
}

napi_value Version(napi_env env, napi_callback_info) { return Number(env, dbpool_version()); }

}  // namespace
}  // namespace dbpool_node

NAPI_MODULE_INIT() {
  using namespace dbpool_node;
  if (Env::Create(env) == nullptr) return nullptr;
  Export(env, exports, "start", Start);
  Export(env, exports, "version", Version);
  ExportPool(env, exports);
  ExportOptions(env, exports);
  ExportCalls(env, exports);
  ExportPipeline(env, exports);
  ExportReads(env, exports);
  ExportBlocking(env, exports);
  return exports;
}
