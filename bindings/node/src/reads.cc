#include "env.h"
#include "module.h"

// What JavaScript asks of results, at once and without waiting.

namespace dbpool_node {
namespace {

/// read(handle): more rows into the frame of reads; the text of them, or [text, bytes, extras].
napi_value Read(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  Env& self = *Env::Get(env);
  const uint32_t handle = in.Uint32(0);
  const OpenResult* open = self.Open(handle);
  if (open == nullptr || open->is_fetching) return TakeError(env, open == nullptr ? DBPOOL_ERR_STALE : DBPOOL_ERR_BUSY, nullptr);
  self.Read(self.reads(), self.reads().AddRecord(), *open, handle);
  return self.TakeReads();
}

/// A fetch under way is cancelled, and its answer still comes.
napi_value FreeResult(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  Env::Get(env)->Drop(in.Uint32(0));
  return nullptr;
}

napi_value DescribeShape(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  return Env::Get(env)->DescribeShape(in.Uint32(0));
}

napi_value CommandName(napi_env env, napi_callback_info info) {
  const Arguments<1> in(env, info);
  return Env::Get(env)->CommandName(in.Uint32(0));
}

}  // namespace

void ExportReads(napi_env env, napi_value exports) {
  Export(env, exports, "read", Read);
  Export(env, exports, "freeResult", FreeResult);
  Export(env, exports, "describeShape", DescribeShape);
  Export(env, exports, "commandName", CommandName);
}

}  // namespace dbpool_node
