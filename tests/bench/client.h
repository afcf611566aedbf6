#ifndef DBP_TESTS_BENCH_CLIENT_H_
#define DBP_TESTS_BENCH_CLIENT_H_

#include <benchmark/benchmark.h>
#include <dbpool/dbpool.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

// The library as a program uses it. Whatever fails ends the program: a figure of failures is none.

namespace dbp::bench {

/// Ends the program with the library's message if a call failed. The error by reference: the call
/// that sets it is an argument, too, and which of them is evaluated first nobody says.
inline void Must(dbpool_status status, dbpool_error* const& error) {
  if (status >= 0) return;
  std::fprintf(stderr, "%s: %s\n", dbpool_status_name(status), dbpool_error_message(error));
  std::exit(1);
}

/// The private server's URI; ends the program if there is none.
inline std::string PostgresUri() {
  if (const char* uri = std::getenv("DBPOOL_TEST_POSTGRES_URL")) return uri;
  std::fprintf(stderr, "run me by tests/support/with_postgres\n");
  std::exit(1);
}

using Settings = std::vector<std::pair<const char*, std::string>>;

/// Of one connection, if the settings name no other pool_size, and never of more than that.
inline dbpool* MakePool(const std::string& uri, const Settings& settings = {}) {
  dbpool_options* options = dbpool_options_new();
  dbpool_error* error = nullptr;
  Must(dbpool_options_set(options, "pool_size", "1", &error), error);
  Must(dbpool_options_set(options, "max_overflow", "0", &error), error);
  for (const auto& [name, value] : settings) {
    Must(dbpool_options_set(options, name, value.c_str(), &error), error);
  }
  dbpool* pool = nullptr;
  Must(dbpool_create(uri.c_str(), options, &pool, &error), error);
  dbpool_options_free(options);
  return pool;
}

inline dbpool_conn Acquire(dbpool* pool) {
  dbpool_conn conn = 0;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_acquire(pool, INT64_MAX, &conn, &error);
  if (status < 0) Must(status, error);
  return conn;
}

inline void Release(dbpool_conn conn) {
  const dbpool_status status = dbpool_release(conn);
  if (status != DBPOOL_OK) Must(status < 0 ? status : DBPOOL_ERR_INTERNAL, nullptr);
}

/// External: who dispatches it is who measures.
inline dbpool_loop* MakeLoop() {
  dbpool_loop* loop = nullptr;
  dbpool_error* error = nullptr;
  Must(dbpool_loop_create(DBPOOL_LOOP_EXTERNAL, &loop, &error), error);
  return loop;
}

inline dbpool_statistics Stats(dbpool* pool) {
  dbpool_statistics stats = {};
  stats.struct_size = sizeof stats;
  Must(dbpool_stats(pool, &stats), nullptr);
  return stats;
}

inline void Run(dbpool_conn conn, const char* sql) {
  dbpool_error* error = nullptr;
  Must(dbpool_conn_query(conn, sql, DBPOOL_NTS, nullptr, 0, nullptr, nullptr, &error), error);
}

/// The table of the benchmarks on PostgreSQL.
inline void FillPostgres(dbpool_conn conn) {
  Run(conn, "drop table if exists bench_items");
  Run(conn, "create table bench_items (id int primary key, price float8, name text)");
  Run(conn,
      "insert into bench_items select i, i * 1.5, 'item number ' || i from generate_series(1, "
      "100000) i");
  Run(conn, "vacuum analyze bench_items");
}

inline dbpool_value Int(int64_t i) {
  dbpool_value value = {};
  value.type = DBPOOL_INT64;
  value.num.i64 = i;
  return value;
}

/// One row by its key, read to its end.
inline void PointSelect(dbpool_conn conn, const std::string& sql, int64_t key) {
  const dbpool_value param = Int(key);
  dbpool_result* result = nullptr;
  dbpool_error* error = nullptr;
  Must(dbpool_conn_query(conn, sql.data(), sql.size(), &param, 1, nullptr, &result, &error), error);
  dbpool_batch batch = {};
  batch.struct_size = sizeof batch;
  Must(dbpool_result_fetch(result, 1, &batch, &error), error);
  benchmark::DoNotOptimize(batch.cells[1].data);
  dbpool_result_free(result);
}

/// All rows of a three-column result (integer, float, text), every cell looked at.
inline void Scan(dbpool_conn conn, const std::string& sql, uint32_t flags) {
  dbpool_query_options options = {};
  options.struct_size = sizeof options;
  options.flags = flags;
  dbpool_result* result = nullptr;
  dbpool_error* error = nullptr;
  Must(dbpool_conn_query(conn, sql.data(), sql.size(), nullptr, 0, &options, &result, &error),
       error);
  dbpool_batch batch = {};
  batch.struct_size = sizeof batch;
  int64_t sum = 0;
  while (dbpool_result_fetch(result, 0, &batch, &error) == DBPOOL_OK) {
    for (uint32_t r = 0; r < batch.row_count; ++r) {
      const dbpool_value* row = batch.cells + r * batch.column_count;
      sum += row[0].num.i64 + static_cast<int64_t>(row[1].num.f64) + row[2].data[0];
    }
  }
  benchmark::DoNotOptimize(sum);
  dbpool_result_free(result);
}

}  // namespace dbp::bench

#endif  // DBP_TESTS_BENCH_CLIENT_H_
