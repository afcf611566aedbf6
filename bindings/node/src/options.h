#ifndef DBPOOL_NODE_OPTIONS_H_
#define DBPOOL_NODE_OPTIONS_H_

#include <dbpool/dbpool.h>

#include <memory>
#include <string>
#include <utility>

#include "env.h"

namespace dbpool_node {

/// Which database, and how: what pools and probes are made of. Read from JavaScript's (uri or "", options, environment):
/// options are a list of names and values in turn, behind those of the environment if that is a string (what their names
/// begin with).
class Target {
 public:
  explicit Target(napi_env env, const napi_value* values);

  bool ok() const { return status_ == DBPOOL_OK; }
  /// Once, if it is not ok(): why.
  napi_value Refusal(napi_env env) { return TakeError(env, status_, std::exchange(error_, nullptr)); }
  const char* uri() const { return uri_.empty() ? nullptr : uri_.c_str(); }
  const dbpool_options* options() const { return options_.get(); }

 private:
  void Read(napi_env env, napi_value list, napi_value prefix);

  std::string uri_;
  std::unique_ptr<dbpool_options, decltype(&dbpool_options_free)> options_;
  dbpool_status status_;
  dbpool_error* error_ = nullptr;
};

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_OPTIONS_H_
