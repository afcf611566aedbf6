#ifndef DBP_TESTS_BENCH_PAIRS_H_
#define DBP_TESTS_BENCH_PAIRS_H_

#include <benchmark/benchmark.h>
#include <dbpool/dbpool.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

// Figures on a shared machine drift, and a round trip over a socket has two speeds, by where the
// scheduler puts the peer. So things are compared in pairs: short rounds of the one and the other
// in turns, and the ratio is the median of the ratios of neighbouring rounds.

namespace dbp::bench {

using Work = std::function<void()>;

/// Compares ours with raw, `calls` calls a round. goal: what the ratio should not exceed; 0 for
/// none.
void Compare(const std::string& what, double goal, int calls, Work raw, Work ours);

/// The same without anything to compare with.
void Measure(const std::string& what, double goal_ns, int calls, Work ours);

/// Runs everything and prints the table.
int Main(int argc, char** argv);

/// Ends the program with the library's message if a call failed.
inline void Must(dbpool_status status, dbpool_error* error) {
  if (status >= 0) return;
  std::fprintf(stderr, "%s: %s\n", dbpool_status_name(status), dbpool_error_message(error));
  std::exit(1);
}

/// A pool of one connection, for the life of the program.
inline dbpool* MakePool(const std::string& uri) {
  dbpool_options* options = dbpool_options_new();
  dbpool_options_set(options, "pool_size", "1", nullptr);
  dbpool* pool = nullptr;
  dbpool_error* error = nullptr;
  Must(dbpool_create(uri.c_str(), options, &pool, &error), error);
  dbpool_options_free(options);
  return pool;
}

inline void Run(dbpool_conn conn, const char* sql) {
  dbpool_error* error = nullptr;
  Must(dbpool_conn_query(conn, sql, DBPOOL_NTS, nullptr, 0, nullptr, nullptr, &error), error);
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

#endif  // DBP_TESTS_BENCH_PAIRS_H_
