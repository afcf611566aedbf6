#include "capi/guard.h"

#include "capi/handles.h"

namespace dbp {

dbpool_status Report(Status status, dbpool_error** error) noexcept {
  const dbpool_status code = status.code();
  if (code < 0 && error) {
    *error = new (std::nothrow) dbpool_error{code, status.TakeInfo()};
  }
  return code;
}

Status ReadSql(const char* sql, size_t size, std::string_view* out) {
  if (!sql) return NullArgument("sql");
  if (size == DBPOOL_NTS) size = std::strlen(sql);
  if (size > INT32_MAX) return Status::Invalid("the SQL text is longer than 2 GiB");
  if (std::memchr(sql, 0, size)) return Status::Invalid("the SQL text has a NUL inside");
  *out = {sql, size};
  return Status::Ok();
}

}  // namespace dbp
