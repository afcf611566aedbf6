#include "tests/support/abi.h"

#include <memory>

namespace dbp::abi {
namespace {

struct OptionsDeleter {
  void operator()(dbpool_options* options) const { dbpool_options_free(options); }
};
using OptionsPtr = std::unique_ptr<dbpool_options, OptionsDeleter>;

dbpool_query_options Raw(QueryHow how) {
  dbpool_query_options raw = {};
  raw.struct_size = sizeof raw;
  raw.timeout_ms = how.timeout_ms;
  raw.flags = how.flags;
  return raw;
}

std::string FirstCell(const Error& error, Result& result) {
  if (!error.ok()) return error.Describe();
  dbpool_batch batch = {};
  const Error fetched = result.Fetch(1, &batch);
  if (!fetched.ok()) return fetched.Describe();
  if (fetched.code == DBPOOL_DONE) return "(no row)";
  return batch.column_count == 0 ? "(no column)" : Format(batch.cells[0]);
}

}  // namespace

std::string Error::Describe() const {
  std::string text = dbpool_status_name(code);
  if (!sqlstate.empty()) text += " " + sqlstate;
  if (!message.empty()) text += ": " + message;
  if (!cause.empty()) text += " (cause: " + cause + ")";
  return text;
}

std::string Error::AllTexts() const {
  std::string texts = sqlstate + "\n" + message + "\n" + detail + "\n" + hint + "\n" + cause;
  for (const std::string& text : field) texts += "\n" + text;
  return texts;
}

Error Take(dbpool_status status, dbpool_error* raw) {
  Error error;
  error.code = status;
  const dbpool_status told = dbpool_error_code(raw);  // OK for NULL
  EXPECT_TRUE(told == status || raw == nullptr)
      << dbpool_status_name(told) << " in the error, returned was " << dbpool_status_name(status);
  error.sqlstate = dbpool_error_sqlstate(raw);
  error.message = dbpool_error_message(raw);
  error.detail = dbpool_error_detail(raw);
  error.hint = dbpool_error_hint(raw);
  error.cause = dbpool_error_cause(raw);
  for (uint32_t i = 0; i < error.field.size(); ++i) error.field[i] = dbpool_error_field(raw, i);
  error.phase = dbpool_error_phase(raw);
  error.flags = dbpool_error_flags(raw);
  error.position = dbpool_error_position(raw);
  dbpool_error_free(raw);
  return error;
}

testing::AssertionResult Ok(const Error& error) {
  if (error.ok()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << error.Describe();
}

testing::AssertionResult Is(const Error& error, dbpool_status code, const std::string& state) {
  if (error.code == code && (state.empty() || error.sqlstate == state)) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << "wanted " << dbpool_status_name(code) << " " << state << ", got " << error.Describe();
}

dbpool_value Null() {
  return {};
}

dbpool_value Bool(bool value) {
  dbpool_value v = {};
  v.type = DBPOOL_BOOL;
  v.num.i64 = value;
  return v;
}

dbpool_value Int(int64_t value) {
  dbpool_value v = {};
  v.type = DBPOOL_INT64;
  v.num.i64 = value;
  return v;
}

dbpool_value Float(double value) {
  dbpool_value v = {};
  v.type = DBPOOL_FLOAT64;
  v.num.f64 = value;
  return v;
}

dbpool_value Text(const std::string& text) {
  return {text.data(), static_cast<uint32_t>(text.size()), DBPOOL_TEXT, 0, 0, {0}};
}

dbpool_value Bytes(const std::string& bytes) {
  return {bytes.data(), static_cast<uint32_t>(bytes.size()), DBPOOL_BYTES, 0, 0, {0}};
}

std::string Format(const dbpool_value& value) {
  if (value.type == DBPOOL_NULL) return "(null)";
  std::string text(dbpool_value_format(&value, nullptr, 0), '\0');
  dbpool_value_format(&value, text.data(), text.size() + 1);
  return text;
}

void Result::Free() {
  dbpool_result_free(std::exchange(raw_, nullptr));
}

std::vector<dbpool_column> Result::columns() const {
  const dbpool_column* columns = nullptr;
  const uint32_t n = dbpool_result_columns(raw_, &columns);
  return {columns, columns + n};
}

Error Result::Fetch(uint32_t max, dbpool_batch* batch) {
  batch->struct_size = sizeof *batch;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_result_fetch(raw_, max, batch, &error);
  return Take(status, error);
}

std::vector<std::vector<std::string>> Result::Rows() {
  std::vector<std::vector<std::string>> rows;
  dbpool_batch batch = {};
  for (;;) {
    const Error error = Fetch(0, &batch);
    EXPECT_TRUE(Ok(error));
    if (error.code != DBPOOL_OK) return rows;
    for (uint32_t r = 0; r < batch.row_count; ++r) {
      std::vector<std::string>& row = rows.emplace_back();
      for (uint32_t c = 0; c < batch.column_count; ++c) {
        row.push_back(Format(batch.cells[r * batch.column_count + c]));
      }
    }
  }
}

// ---- Pool ----

Pool::Pool(const std::string& uri, const Settings& settings) {
  EXPECT_TRUE(Ok(Create(uri, settings)));
}

Error Pool::Create(const std::string& uri, const Settings& settings) {
  const OptionsPtr options(dbpool_options_new());
  for (const auto& [name, value] : settings) {
    dbpool_error* error = nullptr;
    const dbpool_status status =
        dbpool_options_set(options.get(), name.c_str(), value.c_str(), &error);
    if (status != DBPOOL_OK) return Take(status, error);
  }
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_create(uri.c_str(), options.get(), &raw_, &error);
  return Take(status, error);
}

Error Pool::Run(const std::string& sql, const Params& params, QueryHow how, Result* out) {
  const dbpool_query_options options = Raw(how);
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_query(raw_, sql.data(), sql.size(), params.data(), params.size(), &options,
                   out ? out->out() : nullptr, &error);
  return Take(status, error);
}

std::string Pool::Ask(const std::string& sql, const Params& params) {
  Result result;
  return FirstCell(Run(sql, params, {}, &result), result);
}

dbpool_statistics Pool::Stats() const {
  dbpool_statistics stats = {};
  stats.struct_size = sizeof stats;
  EXPECT_EQ(dbpool_stats(raw_, &stats), DBPOOL_OK);
  return stats;
}

Error Pool::Close(int64_t timeout_ms) {
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_close(raw_, timeout_ms, &error);
  return Take(status, error);
}

void Pool::Drop() {
  dbpool_unref(std::exchange(raw_, nullptr));
}

// ---- Lease ----

Lease::Lease(const Pool& pool, uint32_t access) {
  EXPECT_TRUE(Ok(Acquire(pool, -1, access)));
}

Error Lease::Acquire(const Pool& pool, int64_t timeout_ms, uint32_t access) {
  Release();
  dbpool_acquire_options options = {};
  options.struct_size = sizeof options;
  options.timeout_ms = timeout_ms;
  options.access = access;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_acquire_with(pool.get(), &options, &token_, &error);
  return Take(status, error);
}

dbpool_status Lease::Release() {
  return token_ == 0 ? DBPOOL_OK : dbpool_release(std::exchange(token_, 0));
}

Error Lease::Run(const std::string& sql, const Params& params, QueryHow how, Result* out) const {
  const dbpool_query_options options = Raw(how);
  dbpool_error* error = nullptr;
  const dbpool_status status =
      dbpool_conn_query(token_, sql.data(), sql.size(), params.data(), params.size(), &options,
                        out ? out->out() : nullptr, &error);
  return Take(status, error);
}

std::string Lease::Ask(const std::string& sql, const Params& params) const {
  Result result;
  return FirstCell(Run(sql, params, {}, &result), result);
}

Error Lease::Begin(uint32_t flags, int32_t isolation, int64_t timeout_ms) const {
  dbpool_tx_options options = {};
  options.struct_size = sizeof options;
  options.flags = flags;
  options.isolation = isolation;
  options.timeout_ms = timeout_ms;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_begin(token_, &options, &error);
  return Take(status, error);
}

Error Lease::Commit() const {
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_commit(token_, &error);
  return Take(status, error);
}

Error Lease::Rollback() const {
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_rollback(token_, &error);
  return Take(status, error);
}

Error Lease::Cancel() const {
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_cancel(token_, &error);
  return Take(status, error);
}

Error Lease::Ping(int64_t timeout_ms) const {
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_conn_ping(token_, timeout_ms, &error);
  return Take(status, error);
}

}  // namespace dbp::abi
