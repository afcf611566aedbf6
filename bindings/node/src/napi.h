#ifndef DBPOOL_NODE_NAPI_H_
#define DBPOOL_NODE_NAPI_H_

#define NAPI_VERSION 9
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// The few helpers that make plain node_api.h readable. What cannot fail with the arguments our own JavaScript gives
// (a number where it passes a number) is not checked again here; what depends on the user is. In a worker that is being
// ended all of them may fail at any time, and leave what they give as it was: so that is nullptr, which the next one
// refuses and JavaScript takes for undefined.

namespace dbpool_node {

/// The arguments of one call from JavaScript; missing ones are undefined.
template <size_t N>
struct Arguments {
  Arguments(napi_env env, napi_callback_info info) : env(env) {
    size_t count = N;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }

  double Double(size_t i) const {
    double number = 0;
    napi_get_value_double(env, values[i], &number);
    return number;
  }
  uint32_t Uint32(size_t i) const {
    uint32_t number = 0;
    napi_get_value_uint32(env, values[i], &number);
    return number;
  }
  int64_t Int64(size_t i) const {  // Infinity is INT64_MAX, so that it means "no limit"
    const double number = Double(i);
    if (number >= 9e18) return INT64_MAX;
    return number > -9e18 ? static_cast<int64_t>(number) : INT64_MIN;
  }
  uint64_t Token(size_t low) const { return static_cast<uint64_t>(Uint32(low + 1)) << 32 | Uint32(low); }
  template <typename T>
  T* External(size_t i) const {
    void* pointer = nullptr;
    napi_get_value_external(env, values[i], &pointer);
    return static_cast<T*>(pointer);
  }

  napi_env env;
  napi_value values[N];
};

inline napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

inline napi_value Int(napi_env env, int32_t number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

inline napi_value Undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

/// An object of ours as a value that owns it: gone with the value, or at once if there can be none.
template <typename T, void (*Free)(T*)>
napi_value External(napi_env env, T* object) {
  napi_value value = nullptr;
  const auto finalize = [](napi_env, void* data, void*) { Free(static_cast<T*>(data)); };
  if (napi_create_external(env, object, finalize, nullptr, &value) != napi_ok) Free(object);
  return value;
}

/// A string of the library's; undefined if V8 cannot hold it (more than 512 MiB).
inline napi_value String(napi_env env, const char* text, size_t size = NAPI_AUTO_LENGTH) {
  napi_value value = nullptr;
  if (napi_create_string_utf8(env, text, size, &value) == napi_ok) return value;
  napi_value thrown = nullptr;
  napi_get_and_clear_last_exception(env, &thrown);
  return Undefined(env);
}

inline void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

inline void Set(napi_env env, napi_value object, const char* name, double number) {
  Set(env, object, name, Number(env, number));
}

}  // namespace dbpool_node

#endif  // DBPOOL_NODE_NAPI_H_
