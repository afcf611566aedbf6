#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"

// SQLite through the pool's ABI against the same library by hand: the same file, flags and pragmas.

namespace dbp::bench {
namespace {

constexpr int kRows = 100'000;
constexpr char kPoint[] = "select id, name from items where id = $1";
constexpr char kScan[] = "select id, price, name from items";

struct Raw {
  sqlite3* db = nullptr;
  sqlite3_stmt* point = nullptr;
  sqlite3_stmt* scan = nullptr;
};

void RawMust(int code, sqlite3* db) {
  if (code == SQLITE_OK) return;
  std::fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
  std::exit(1);
}

constexpr char kFill[] =
    "create table if not exists items (id integer primary key, price real, name text);"
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) "
    "insert or ignore into items select i, i * 1.5, 'item number ' || i from n";

Raw OpenRaw(const std::string& path, int flags) {
  Raw raw;
  RawMust(sqlite3_open_v2(path.c_str(), &raw.db, flags, nullptr), raw.db);
  RawMust(sqlite3_exec(raw.db,
                       "pragma journal_mode=wal; pragma synchronous=normal; pragma foreign_keys=on",
                       nullptr, nullptr, nullptr),
          raw.db);
  RawMust(sqlite3_exec(raw.db, kFill, nullptr, nullptr, nullptr), raw.db);
  RawMust(sqlite3_prepare_v3(raw.db, kPoint, -1, SQLITE_PREPARE_PERSISTENT, &raw.point, nullptr),
          raw.db);
  RawMust(sqlite3_prepare_v3(raw.db, kScan, -1, SQLITE_PREPARE_PERSISTENT, &raw.scan, nullptr),
          raw.db);
  return raw;
}

void RawPoint(const Raw& raw, int64_t key) {
  sqlite3_bind_int64(raw.point, 1, key);
  sqlite3_step(raw.point);
  benchmark::DoNotOptimize(sqlite3_column_int64(raw.point, 0));
  benchmark::DoNotOptimize(sqlite3_column_text(raw.point, 1));
  sqlite3_reset(raw.point);
}

void RawScan(const Raw& raw) {
  int64_t sum = 0;
  while (sqlite3_step(raw.scan) == SQLITE_ROW) {
    sum += sqlite3_column_int64(raw.scan, 0) +
           static_cast<int64_t>(sqlite3_column_double(raw.scan, 1)) +
           sqlite3_column_text(raw.scan, 2)[0];
  }
  sqlite3_reset(raw.scan);
  benchmark::DoNotOptimize(sum);
}

void CompareOn(const std::string& where, const Raw& raw, dbpool_conn conn, Goal point_goal,
               Goal scan_goal) {
  const std::string point = kPoint, scan = kScan;
  Compare("point_select_" + where, point_goal, 200,
          Each([raw, key = int64_t{0}]() mutable { RawPoint(raw, ++key % kRows + 1); }),
          Each([=, key = int64_t{0}]() mutable { PointSelect(conn, point, ++key % kRows + 1); }));
  Compare("scan_100k_" + where, scan_goal, 1, Each([raw] { RawScan(raw); }),
          Each([=] { Scan(conn, scan, 0); }));
  Compare("scan_100k_stream_" + where, scan_goal, 1, Each([raw] { RawScan(raw); }),
          Each([=] { Scan(conn, scan, DBPOOL_QUERY_STREAM); }));
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  char dir[] = "/tmp/dbpool-bench-XXXXXX";
  if (!mkdtemp(dir)) return 1;
  const std::string path = std::string(dir) + "/bench.db";
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

  dbpool* file = MakePool("sqlite:" + path);
  const dbpool_conn on_file = Acquire(file);
  Run(on_file, kFill);
  CompareOn("wal", OpenRaw(path, flags), on_file, AtMost(1.15), AtMost(1.25));

  dbpool* memory = MakePool("sqlite::memory:");
  const dbpool_conn in_memory = Acquire(memory);
  Run(in_memory, kFill);
  CompareOn("memory", OpenRaw("file:/dbpool-bench-raw?vfs=memdb", flags | SQLITE_OPEN_URI),
            in_memory, {}, {});

  const int status = Main(argc, argv);
  std::filesystem::remove_all(dir);
  return status;
}
