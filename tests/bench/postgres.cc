#include <libpq-fe.h>

#include <charconv>
#include <cstring>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"

// PostgreSQL through the pool's ABI against blocking libpq, on the same server.

namespace dbp::bench {
namespace {

constexpr int kRows = 100'000;
constexpr char kPoint[] = "select id, name from bench_items where id = $1";
constexpr char kScan[] = "select id, price, name from bench_items";

PGconn* OpenRaw(const std::string& uri) {
  PGconn* pg = PQconnectdb(uri.c_str());
  if (PQstatus(pg) != CONNECTION_OK) {
    std::fprintf(stderr, "libpq: %s", PQerrorMessage(pg));
    std::exit(1);
  }
  PQclear(PQprepare(pg, "point", kPoint, 1, nullptr));
  return pg;
}

void RawPoint(PGconn* pg, int64_t key) {
  char text[24];
  *std::to_chars(text, text + sizeof text, key).ptr = '\0';
  const char* values[] = {text};
  PGresult* result = PQexecPrepared(pg, "point", 1, values, nullptr, nullptr, 0);
  benchmark::DoNotOptimize(PQgetvalue(result, 0, 1));
  PQclear(result);
}

/// Reads each cell as an application must: numbers are parsed.
void RawScan(PGconn* pg) {
  PGresult* result = PQexec(pg, kScan);
  int64_t sum = 0;
  for (int r = 0, n = PQntuples(result); r < n; ++r) {
    int64_t id = 0;
    double price = 0;
    const char* cell = PQgetvalue(result, r, 0);
    std::from_chars(cell, cell + PQgetlength(result, r, 0), id);
    cell = PQgetvalue(result, r, 1);
    std::from_chars(cell, cell + PQgetlength(result, r, 1), price);
    sum += id + static_cast<int64_t>(price) + PQgetvalue(result, r, 2)[0];
  }
  benchmark::DoNotOptimize(sum);
  PQclear(result);
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  const std::string uri = PostgresUri();
  dbpool* pool = MakePool(uri);
  const dbpool_conn conn = Acquire(pool);
  FillPostgres(conn);
  PGconn* raw = OpenRaw(uri);

  const std::string point = kPoint, scan = kScan;
  Compare("point_select", AtMost(1.03), 100,
          Each([raw, key = int64_t{0}]() mutable { RawPoint(raw, ++key % kRows + 1); }),
          Each([=, key = int64_t{0}]() mutable { PointSelect(conn, point, ++key % kRows + 1); }));
  Compare("scan_100k", AtMost(1.1), 1, Each([raw] { RawScan(raw); }),
          Each([=] { Scan(conn, scan, 0); }));
  Compare("scan_100k_stream", {}, 1, Each([raw] { RawScan(raw); }),
          Each([=] { Scan(conn, scan, DBPOOL_QUERY_STREAM); }));
  const int status = Main(argc, argv);
  Run(conn, "drop table bench_items");
  dbpool_release(conn);
  dbpool_unref(pool);
  PQfinish(raw);
  return status;
}
