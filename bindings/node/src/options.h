#ifndef DBPOOL_NODE_OPTIONS_H_
#define DBPOOL_NODE_OPTIONS_H_

#include <dbpool/dbpool.h>

#include "napi.h"

namespace dbpool_node {

/// Options from a list of names and values in turn, behind those of the environment if `prefix` is a string (what their
/// names begin with). NULL, and the error, if one is refused.
dbpool_options* MakeOptions(napi_env env, napi_value list, napi_value prefix, dbpool_status* status, dbpool_error** error);

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_OPTIONS_H_
