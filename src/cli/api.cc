#include "cli/api.h"

namespace dbp::cli {

const char* Failure::what() const noexcept {
  const char* message = dbpool_error_message(error_.get());
  return *message ? message : dbpool_status_name(status_);
}

Options::Options() : options_(dbpool_options_new(), &dbpool_options_free) {
  if (!options_) throw std::bad_alloc();
}

void Options::Set(const std::string& name, const std::string& value) {
  Call([&](dbpool_error** e) {
    return dbpool_options_set(options_.get(), name.c_str(), value.c_str(), e);
  });
}

void Options::ReadEnvironment() {
  Call([&](dbpool_error** e) { return dbpool_options_from_env(options_.get(), nullptr, e); });
}

std::span<const dbpool_column> Result::Columns() const {
  const dbpool_column* columns = nullptr;
  const uint32_t count = dbpool_result_columns(result_.get(), &columns);
  return {columns, count};
}

bool Result::Fetch(dbpool_batch* batch) {
  *batch = {};
  batch->struct_size = sizeof *batch;
  return Call([&](dbpool_error** e) { return dbpool_result_fetch(result_.get(), 0, batch, e); }) !=
         DBPOOL_DONE;
}

bool Result::Next() {
  return Call([&](dbpool_error** e) { return dbpool_result_next(result_.get(), e); }) !=
         DBPOOL_DONE;
}

namespace {

dbpool* Create(const char* uri, const Options& options) {
  dbpool* pool = nullptr;
  Call([&](dbpool_error** e) { return dbpool_create(uri, options.get(), &pool, e); });
  return pool;
}

}  // namespace

Pool::Pool(const char* uri, const Options& options) : pool_(Create(uri, options), &dbpool_unref) {}

dbpool_statistics Pool::Statistics() const {
  dbpool_statistics statistics = {};
  statistics.struct_size = sizeof statistics;
  Call([&](dbpool_error**) { return dbpool_stats(pool_.get(), &statistics); });
  return statistics;
}

void Pool::Execute(const std::string& sql) const {
  // Setting up and cleaning up may take longer than a query is allowed to.
  dbpool_query_options options = {};
  options.struct_size = sizeof options;
  options.timeout_ms = 120'000;
  Call([&](dbpool_error** e) {
    return dbpool_query(pool_.get(), sql.data(), sql.size(), nullptr, 0, &options, nullptr, e);
  });
}

Lease::Lease(const Pool& pool) {
  Call([&](dbpool_error** e) { return dbpool_acquire(pool.get(), -1, &conn_, e); });
}

Result Lease::Query(const std::string& sql, std::span<const dbpool_value> params,
                    uint32_t flags) const {
  dbpool_query_options options = {};
  options.struct_size = sizeof options;
  options.flags = flags;
  dbpool_result* result = nullptr;
  Call([&](dbpool_error** e) {
    return dbpool_conn_query(conn_, sql.data(), sql.size(), params.data(), params.size(), &options,
                             &result, e);
  });
  return Result(result);
}

dbpool_value IntegerValue(int64_t number) {
  dbpool_value value = {};
  value.type = DBPOOL_INT64;
  value.num.i64 = number;
  return value;
}

}  // namespace dbp::cli
