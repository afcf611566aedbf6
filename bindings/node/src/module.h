#ifndef DBPOOL_NODE_MODULE_H_
#define DBPOOL_NODE_MODULE_H_

#include "napi.h"

namespace dbpool_node {

void ExportPool(napi_env env, napi_value exports);      // pool.cc
void ExportOptions(napi_env env, napi_value exports);   // options.cc
void ExportCalls(napi_env env, napi_value exports);     // calls.cc
void ExportPipeline(napi_env env, napi_value exports);  // pipeline.cc
void ExportReads(napi_env env, napi_value exports);     // reads.cc
void ExportBlocking(napi_env env, napi_value exports);  // blocking.cc

inline void Export(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  Set(env, exports, name, value);
}

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_MODULE_H_
