#include "driver/sqlite/params.h"

#include <string.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace dbp::sqlite {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// "$12" -> 12; 0 if it is no such name.
unsigned ParseNumber(std::string_view name) {
  unsigned number = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + 1, end, number);
  return parsed.ec == std::errc() && parsed.ptr == end && number <= 32'766 ? number : 0;
}

int BindOne(sqlite3_stmt* stmt, int index, const dbpool_value& value, ParamMemory memory) {
  const auto keep = memory == ParamMemory::kCopy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  const char* data = value.data ? value.data : "";  // NULL would bind NULL
  switch (value.type) {
    case DBPOOL_NULL:
      return sqlite3_bind_null(stmt, index);
    case DBPOOL_BOOL:
      return sqlite3_bind_int64(stmt, index, value.num.i64 != 0);
    case DBPOOL_INT64:
      return sqlite3_bind_int64(stmt, index, value.num.i64);
    case DBPOOL_FLOAT64:
      return sqlite3_bind_double(stmt, index, value.num.f64);
    case DBPOOL_TEXT:
      return sqlite3_bind_text64(stmt, index, data, value.size, keep, SQLITE_UTF8);
    default:
      return sqlite3_bind_blob64(stmt, index, data, value.size, keep);
  }
}

Status Check(const dbpool_value& value, size_t number) {
  if (value.type > DBPOOL_BYTES) {
    return Status::Invalid("parameter " + std::to_string(number) + " has the unknown type " +
                           std::to_string(value.type));
  }
  if (value.type < DBPOOL_TEXT || value.size == 0) return Status::Ok();
  if (!value.data) {
    return Status::Invalid("parameter " + std::to_string(number) + " has a size but no data");
  }
  if (value.type == DBPOOL_TEXT && memchr(value.data, 0, value.size)) {
    return Status::Invalid("parameter " + std::to_string(number) +
                           " has a NUL inside its text; pass it as BYTES");
  }
  return Status::Ok();
}

Status WrongCount(size_t takes, size_t given) {
  return Status::Invalid("the statement takes " + std::to_string(takes) +
                         (takes == 1 ? " parameter, " : " parameters, ") + std::to_string(given) +
                         " given");
}

}  // namespace

Status ParamMap::Make(sqlite3_stmt* stmt, ParamMap* out) {
  const int indexes = sqlite3_bind_parameter_count(stmt);
  bool numbered = false, other = false;
  std::vector<uint16_t> number_of;
  size_t highest = 0;
  for (int i = 1; i <= indexes; ++i) {
    const char* text = sqlite3_bind_parameter_name(stmt, i);
    const std::string_view name = text ? text : "";
    if (name.size() < 2 || name[0] != '$' || !IsDigit(name[1])) {
      other = true;
      continue;
    }
    const unsigned number = ParseNumber(name);
    if (number == 0) {
      return Status::Invalid("parameter " + std::string(name) +
                             " is not understood: write $1, $2 ... with a space after the number");
    }
    numbered = true;
    number_of.push_back(static_cast<uint16_t>(number));
    highest = std::max<size_t>(highest, number);
  }
  if (numbered && other) {
    return Status::Invalid("parameters of the form $1 are mixed with another style");
  }
  out->count_ = numbered ? highest : static_cast<size_t>(indexes);
  for (size_t i = 0; i < number_of.size(); ++i) {
    if (number_of[i] != i + 1) {
      out->number_of_ = std::move(number_of);
      break;
    }
  }
  return Status::Ok();
}

Status ParamMap::Bind(sqlite3_stmt* stmt, std::span<const dbpool_value> values,
                      ParamMemory memory) const {
  if (values.size() != count_) return WrongCount(count_, values.size());
  for (size_t i = 0; i < values.size(); ++i) DBP_RETURN_IF_ERROR(Check(values[i], i + 1));
  const size_t indexes = number_of_.empty() ? count_ : number_of_.size();
  for (size_t i = 0; i < indexes; ++i) {
    const dbpool_value& value = values[number_of_.empty() ? i : number_of_[i] - 1u];
    const int rc = BindOne(stmt, static_cast<int>(i + 1), value, memory);
    if (rc == SQLITE_NOMEM) return Status::NoMemory();
    if (rc != SQLITE_OK) {
      auto status = Status::Error(DBPOOL_ERR_SQL, sqlite3_errstr(rc), DBPOOL_PHASE_QUERY, "22001");
      status.mutable_info().native_code = rc;
      return status;
    }
  }
  return Status::Ok();
}

std::vector<std::string> ParamMap::Names(sqlite3_stmt* stmt) const {
  std::vector<std::string> names(count_);
  for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); ++i) {
    const char* name = sqlite3_bind_parameter_name(stmt, i);
    const bool named = name && name[0] != '?' && !(name[0] == '$' && IsDigit(name[1]));
    if (named) names[static_cast<size_t>(i - 1)] = name;
  }
  return names;
}

}  // namespace dbp::sqlite
