#include "driver/postgres/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "driver/postgres/types.h"

namespace dbp::postgres {
namespace {

constexpr size_t kMaxParams = 65535;  // a 16-bit count in the protocol
constexpr size_t kNumberSize = 32;    // holds any int64 and the shortest form of any double
constexpr size_t kKeptText = 64 * 1024;

Status Check(const dbpool_value& value, size_t number) {
  const std::string which = "parameter $" + std::to_string(number);
  if (value.type > DBPOOL_BYTES) return Status::Invalid(which + " has an unknown type");
  if (value.type < DBPOOL_TEXT) return Status::Ok();
  if (!value.data && value.size) return Status::Invalid(which + " has a size but no data");
  if (value.size > static_cast<uint32_t>(std::numeric_limits<int>::max())) {
    return Status::Invalid(which + " is larger than 2 GiB");
  }
  if (value.type == DBPOOL_TEXT && value.size && std::memchr(value.data, 0, value.size)) {
    return Status::Invalid(which + " is text with a NUL in it, which PostgreSQL cannot hold");
  }
  return Status::Ok();
}

bool Plain(const dbpool_value& value) {
  return value.type < DBPOOL_TEXT;
}

// Writes the text with its NUL and returns what follows it.
char* WriteText(const dbpool_value& value, char* out) {
  switch (value.type) {
    case DBPOOL_BOOL:
      *out++ = value.num.i64 ? 't' : 'f';
      break;
    case DBPOOL_INT64:
      out = std::to_chars(out, out + kNumberSize, value.num.i64).ptr;
      break;
    case DBPOOL_FLOAT64: {
      const double d = value.num.f64;
      if (std::isfinite(d)) {
        out = std::to_chars(out, out + kNumberSize, d).ptr;
      } else {
        const std::string_view word = std::isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
        out = std::copy(word.begin(), word.end(), out);
      }
      break;
    }
    default:
      if (value.size) std::memcpy(out, value.data, value.size);
      out += value.size;
  }
  *out++ = '\0';
  return out;
}

}  // namespace

Status Params::Set(std::span<const dbpool_value> values) {
  if (values.size() > kMaxParams) return Status::Invalid("more than 65535 parameters");
  binary_ = false;
  size_t room = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!Plain(values[i])) DBP_RETURN_IF_ERROR(Check(values[i], i + 1));
    room += values[i].type == DBPOOL_TEXT ? values[i].size + 1 : kNumberSize;
  }
  if (text_.size() < room || text_.size() > kKeptText) {
    text_.resize(room);
    if (text_.capacity() > kKeptText + room) text_.shrink_to_fit();
  }
  values_.assign(values.size(), nullptr);
  char* out = text_.data();
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].type == DBPOOL_NULL) continue;
    if (values[i].type == DBPOOL_BYTES) {
      SetBinary(i, values[i]);
    } else {
      values_[i] = out;
      out = WriteText(values[i], out);
    }
  }
  return Status::Ok();
}

void Params::SetBinary(size_t at, const dbpool_value& value) {
  if (!binary_) {
    binary_ = true;
    lengths_.assign(values_.size(), 0);
    formats_.assign(values_.size(), 0);
    types_.assign(values_.size(), 0);
  }
  values_[at] = value.data ? value.data : "";
  lengths_[at] = static_cast<int>(value.size);
  formats_[at] = 1;
  types_[at] = kByteaOid;
}

bool Params::HaveTypes(std::span<const dbpool_value> values) {
  return std::any_of(values.begin(), values.end(),
                     [](const dbpool_value& value) { return value.type == DBPOOL_BYTES; });
}

void Params::AppendKey(std::span<const dbpool_value> values, std::string* key) {
  key->push_back('\0');  // never in a text of SQL
  for (const dbpool_value& value : values) key->push_back(value.type == DBPOOL_BYTES ? 'b' : 't');
}

}  // namespace dbp::postgres
