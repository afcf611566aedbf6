#include "params.h"

#include <cmath>
#include <iterator>
#include <vector>

namespace dbpool_node {
namespace {

/// A whole number is an integer.
void SetNumber(double number, dbpool_value* out) {
  *out = dbpool_value{};
  if (std::abs(number) <= 9007199254740992.0 && number == static_cast<double>(static_cast<int64_t>(number))) {
    out->type = DBPOOL_INT64;
    out->num.i64 = static_cast<int64_t>(number);
  } else {
    out->type = DBPOOL_FLOAT64;
    out->num.f64 = number;
  }
}

}  // namespace

/// The elements of an array, or of a proxy of one. Looking at them may run JavaScript, which may use the arena, detach
/// blobs, throw: so it is over before any of them is converted.
class Statement::Elements {
 public:
  Elements(const Statement& statement, napi_value list) {
    napi_env env = statement.env_.napi();
    napi_valuetype type;
    napi_typeof(env, list, &type);
    if (type == napi_undefined) {
      ok_ = true;
      return;
    }
    if (napi_get_array_length(env, list, &count_) != napi_ok && !ProxyLength(env, list)) {
      statement.Refuse("parameters must be an array");
      return;
    }
    if (count_ > kMaxParams) {
      statement.Refuse("there are more than 65535 parameters");
      return;
    }
    if (count_ > std::size(few_)) many_.resize(count_);
    napi_value* values = count_ > std::size(few_) ? many_.data() : few_;
    for (uint32_t i = 0; i < count_; ++i) {
      if (napi_get_element(env, list, i, &values[i]) != napi_ok) return;  // it threw
    }
    ok_ = true;
  }
  bool ok() const { return ok_; }
  uint32_t size() const { return count_; }
  napi_value operator[](uint32_t i) const { return many_.empty() ? few_[i] : many_[i]; }

 private:
  static constexpr uint32_t kMaxParams = 65535;  // of PostgreSQL's protocol; SQLite takes fewer

  bool ProxyLength(napi_env env, napi_value list) {
    napi_value length = nullptr;
    return napi_get_named_property(env, list, "length", &length) == napi_ok &&
           napi_get_value_uint32(env, length, &count_) == napi_ok;
  }

  napi_value few_[32];
  std::vector<napi_value> many_;
  uint32_t count_ = 0;
  bool ok_ = false;
};

Statement::Statement(Env& env, napi_value sql, napi_value params) : env_(env) {
  const Elements elements(*this, params);
  if (elements.ok() && AddString(sql, &sql_size_)) AddParams(elements);
}

Statement::Statement(Env& env, napi_value params) : env_(env) {
  const Elements elements(*this, params);
  if (elements.ok()) AddParams(elements);
}

/// What one large statement needed is not kept for good.
Statement::~Statement() {
  constexpr size_t kKept = 1 << 20;
  std::vector<char>& arena = env_.arena();
  if (arena.size() > kKept && used_ < arena.size() / 8) std::vector<char>(kKept).swap(arena);
}

Statement::Statement(Env& env, const double* numbers, size_t count) : env_(env), ok_(true) {
  env.params().resize(count);
  for (size_t i = 0; i < count; ++i) SetNumber(numbers[i], &env.params()[i]);
}

void Statement::AddParams(const Elements& params) {
  env_.params().resize(params.size());
  for (uint32_t i = 0; i < params.size(); ++i) {
    if (!AddParam(params[i], &env_.params()[i])) return;
  }
  for (dbpool_value& param : env_.params()) {  // the arena does not move any more
    if (param.type == DBPOOL_TEXT) param.data = env_.arena().data() + param.num.i64;
  }
  ok_ = true;
}

/// Copies a string to the end of the arena; tried first with the room that is there.
bool Statement::AddString(napi_value text, size_t* size) {
  std::vector<char>& arena = env_.arena();
  if (arena.size() < used_ + 256) arena.resize((used_ + 256) * 2);
  size_t room = arena.size() - used_;
  if (napi_get_value_string_utf8(env_.napi(), text, arena.data() + used_, room, size) != napi_ok) {
    return Refuse("SQL must be a string");
  }
  if (*size + 4 >= room) {  // perhaps cut
    napi_get_value_string_utf8(env_.napi(), text, nullptr, 0, size);
    if (*size >= UINT32_MAX) return Refuse("a text is larger than 4 GiB");
    arena.resize((used_ + *size + 1) * 2);
    napi_get_value_string_utf8(env_.napi(), text, arena.data() + used_, *size + 1, size);
  }
  used_ += *size + 1;
  return true;
}

bool Statement::AddParam(napi_value value, dbpool_value* out) {
  napi_env napi = env_.napi();
  *out = dbpool_value{};
  napi_valuetype type;
  napi_typeof(napi, value, &type);
  switch (type) {
    case napi_undefined:
    case napi_null:
      return true;
    case napi_boolean: {
      bool is_true = false;
      napi_get_value_bool(napi, value, &is_true);
      out->type = DBPOOL_BOOL;
      out->num.i64 = is_true;
      return true;
    }
    case napi_number: {
      double number = 0;
      napi_get_value_double(napi, value, &number);
      SetNumber(number, out);
      return true;
    }
    case napi_bigint: {
      bool is_exact = false;
      napi_get_value_bigint_int64(napi, value, &out->num.i64, &is_exact);
      out->type = DBPOOL_INT64;
      return is_exact || Refuse("a bigint parameter does not fit in 64 bits: pass it as a string");
    }
    case napi_string: {
      size_t size = 0;
      const size_t at = used_;
      if (!AddString(value, &size)) return false;
      out->type = DBPOOL_TEXT;
      out->size = static_cast<uint32_t>(size);
      out->num.i64 = static_cast<int64_t>(at);
      return true;
    }
    default:
      return AddBlob(value, out) || Refuse("a parameter is of a type that cannot be sent");
  }
}

bool Statement::AddBlob(napi_value value, dbpool_value* out) {
  napi_env napi = env_.napi();
  void* data = nullptr;
  size_t size = 0;
  bool is = false;
  if (napi_is_buffer(napi, value, &is) == napi_ok && is) {  // any Uint8Array
    napi_get_buffer_info(napi, value, &data, &size);
  } else if (napi_is_arraybuffer(napi, value, &is) == napi_ok && is) {
    napi_get_arraybuffer_info(napi, value, &data, &size);
  } else {
    return false;
  }
  if (size > UINT32_MAX) return false;
  out->type = DBPOOL_BYTES;
  out->data = static_cast<const char*>(data);
  out->size = static_cast<uint32_t>(size);
  return true;
}

bool Statement::Refuse(const char* message) const {
  bool is_pending = false;
  napi_is_exception_pending(env_.napi(), &is_pending);
  if (!is_pending) napi_throw_type_error(env_.napi(), "DBPOOL_ERR_INVALID", message);
  return false;
}

std::string ToString(napi_env env, napi_value value) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return "";
  std::string text(size, '\0');
  napi_get_value_string_utf8(env, value, text.data(), size + 1, &size);
  return text;
}

}  // namespace dbpool_node
