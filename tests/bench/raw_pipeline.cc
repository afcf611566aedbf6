#include "tests/bench/raw_pipeline.h"

#include <benchmark/benchmark.h>
#include <libpq-fe.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace dbp::bench {

namespace {

void Need(bool ok, PGconn* pg) {
  if (ok) return;
  std::fprintf(stderr, "libpq: %s", PQerrorMessage(pg));
  std::exit(1);
}

class Connection {
 public:
  Connection(const std::string& uri, bool one_sync)
      : pg_(PQconnectdb(uri.c_str())), one_sync_(one_sync) {
    Need(PQstatus(pg_) == CONNECTION_OK, pg_);
    PQclear(PQprepare(pg_, "point", kPoint, 1, nullptr));
    Need(PQenterPipelineMode(pg_) == 1, pg_);
  }
  ~Connection() { PQfinish(pg_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(int depth) {
    for (int i = 0; i < depth; ++i) {
      char text[24];
      *std::to_chars(text, text + sizeof text, keys_.Next()).ptr = '\0';
      const char* values[] = {text};
      Need(PQsendQueryPrepared(pg_, "point", 1, values, nullptr, nullptr, 0) == 1, pg_);
      if (!one_sync_) Need(PQpipelineSync(pg_) == 1, pg_);
    }
    if (one_sync_) Need(PQpipelineSync(pg_) == 1, pg_);
    Need(PQflush(pg_) >= 0, pg_);
  }
  void Receive(int depth) {
    for (int syncs = one_sync_ ? 1 : depth; syncs > 0;) {
      PGresult* result = PQgetResult(pg_);
      if (!result) continue;  // between two statements
      const ExecStatusType status = PQresultStatus(result);
      Need(status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC, pg_);
      if (status == PGRES_PIPELINE_SYNC) {
        --syncs;
      } else {
        benchmark::DoNotOptimize(PQgetvalue(result, 0, 1));
      }
      PQclear(result);
    }
  }

 private:
  PGconn* const pg_;
  const bool one_sync_;
  Keys keys_;
};

}  // namespace

double RawPipeline(const std::string& uri, int depth, bool one_sync, double seconds) {
  using Clock = std::chrono::steady_clock;
  Connection one(uri, one_sync), other(uri, one_sync);
  const auto began = Clock::now();
  double answered = 0, took = 0;
  one.Send(depth);
  while (took < seconds) {
    other.Send(depth);
    one.Receive(depth);
    one.Send(depth);
    other.Receive(depth);
    answered += 2 * depth;
    took = std::chrono::duration<double>(Clock::now() - began).count();
  }
  one.Receive(depth);
  return answered / took;
}

}  // namespace dbp::bench
