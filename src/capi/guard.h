#ifndef DBP_CAPI_GUARD_H_
#define DBP_CAPI_GUARD_H_

#include <dbpool/dbpool.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "pool/lease.h"

namespace dbp {

/// Gives a status to the caller: its code, and *error if there is one to set.
dbpool_status Report(Status status, dbpool_error** error) noexcept;

/// The one place where exceptions stop. body() returns a Status.
template <class Body>
dbpool_status Guarded(dbpool_error** error, Body body) noexcept {
  try {
    return Report(body(), error);
  } catch (const std::bad_alloc&) {
    return Report(Status::NoMemory(), error);
  } catch (const std::exception& e) {
    return Report(Status::Error(DBPOOL_ERR_INTERNAL, e.what()), error);
  } catch (...) {
    return Report(Status::Bare(DBPOOL_ERR_INTERNAL), error);
  }
}

inline Status NullArgument(const char* name) {
  return Status::Invalid(std::string(name) + " is NULL");
}

/// Reads a struct of the caller's that may be older (shorter) or newer (longer) than ours. What it lacks is
/// zero. NULL gives zeroes.
template <class Struct>
Status ReadStruct(const Struct* from, Struct* to) {
  if (from && from->struct_size == sizeof *to) {  // the usual case, without a call of memcpy
    *to = *from;
    return Status::Ok();
  }
  std::memset(to, 0, sizeof *to);
  if (!from) return Status::Ok();
  if (from->struct_size < sizeof from->struct_size) return Status::Invalid("struct_size is not set");
  std::memcpy(to, from, std::min(from->struct_size, sizeof *to));
  return Status::Ok();
}

/// Writes what fits into a struct of the caller's, and zeroes what we do not know.
template <class Struct>
Status WriteStruct(const Struct& from, Struct* to) {
  if (!to) return NullArgument("out");
  const size_t size = to->struct_size;
  if (size == sizeof from) {
    *to = from;
    to->struct_size = size;
    return Status::Ok();
  }
  if (size < sizeof size) return Status::Invalid("struct_size is not set");
  std::memcpy(to, &from, std::min(size, sizeof from));
  if (size > sizeof from) std::memset(reinterpret_cast<char*>(to) + sizeof from, 0, size - sizeof from);
  to->struct_size = size;
  return Status::Ok();
}

/// A time-out argument: -1 is `fallback`.
inline Status ReadTimeout(int64_t ms, Nanos fallback, Nanos* out) {
  if (ms < -1) return Status::Invalid("a time-out is -1, 0 or a positive number of milliseconds");
  *out = ms == -1 ? fallback : FromMillis(ms);
  return Status::Ok();
}
/// The same in an option struct, where 0 is the default too.
inline Status ReadTimeoutOption(int64_t ms, Nanos fallback, Nanos* out) {
  return ReadTimeout(ms == 0 ? -1 : ms, fallback, out);
}

/// SQL as pointer and size. No NUL inside: the databases would stop there.
Status ReadSql(const char* sql, size_t size, std::string_view* out);

}  // namespace dbp

#endif  // DBP_CAPI_GUARD_H_
