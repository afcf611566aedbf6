#ifndef DBPOOL_NODE_PARAMS_H_
#define DBPOOL_NODE_PARAMS_H_

#include <dbpool/dbpool.h>

#include "env.h"
#include "napi.h"

namespace dbpool_node {

/// SQL and parameters of a call, copied into the environment's arena; valid until the next Statement. Blobs are not
/// copied: the library does that.
class Statement {
 public:
  /// `params` is an array of null, undefined, booleans, numbers, bigints, strings and blobs (Uint8Array, ArrayBuffer),
  /// or undefined. Anything else throws into JavaScript, and ok() is false.
  Statement(Env& env, napi_value sql, napi_value params);
  /// Only the parameters; the SQL is known already.
  Statement(Env& env, napi_value params);
  Statement(Env& env, const double* numbers, size_t count);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  bool ok() const { return ok_; }
  const char* sql() const { return env_.arena().data(); }
  size_t sql_size() const { return sql_size_; }
  const dbpool_value* params() const { return env_.params().data(); }
  size_t param_count() const { return env_.params().size(); }

 private:
  class Elements;
  void AddParams(const Elements& params);
  bool AddString(napi_value text, size_t* size);
  bool AddParam(napi_value value, dbpool_value* out);
  bool AddBlob(napi_value value, dbpool_value* out);
  bool Refuse(const char* message) const;

  Env& env_;
  size_t used_ = 0;  ///< of the arena
  size_t sql_size_ = 0;
  bool ok_ = false;
};

/// A short text of the user's: an option, a name.
std::string ToString(napi_env env, napi_value value);

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_PARAMS_H_
