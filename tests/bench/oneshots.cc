#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"
#include "tests/bench/raw_pipeline.h"

// dbpool_query_async() with 64 in flight, beside pgbench with 8 clients and beside two connections
// of libpq in pipeline mode that have 64 statements in flight: the same prepared statement on the
// same table and server, by unix socket.

namespace dbp::bench {
namespace {

constexpr int kInFlight = 64;
constexpr int kRounds = 7;
constexpr double kRoundSeconds = 2;

/// Statements a second, as pgbench says it.
double Pgbench(const std::string& uri) {
  const char* bin = std::getenv("DBPOOL_TEST_POSTGRES_BIN");
  char script[] = "/tmp/dbpool-pgbench-XXXXXX";
  close(mkstemp(script));
  std::ofstream(script) << "\\set id random(1, " << kRows << ")\n"
                        << "select id, name from bench_items where id = :id;\n";
  const int seconds = std::max(1, static_cast<int>(Seconds(kRoundSeconds)));
  const std::string command = std::string(bin ? bin : "/usr/bin") +
                              "/pgbench -n -M prepared -c 8 -j 2 -T " + std::to_string(seconds) +
                              " -f " + script + " '" + uri + "' 2>&1";
  FILE* out = popen(command.c_str(), "r");
  std::string said;
  for (char line[256]; out && std::fgets(line, sizeof line, out);) said += line;
  const int status = out ? pclose(out) : -1;
  unlink(script);
  const size_t tps = said.find("tps = ");
  if (status == 0 && tps != std::string::npos) return std::stod(said.substr(tps + 6));
  std::fprintf(stderr, "%s\n%s", command.c_str(), said.c_str());
  std::exit(1);
}

/// 64 statements in flight: each answer starts the next one.
class OneShots {
 public:
  OneShots(dbpool* pool, uint32_t flags) : pool_(pool) {
    options_.struct_size = sizeof options_;
    options_.flags = flags;
  }
  ~OneShots() { dbpool_loop_free(loop_); }
  OneShots(const OneShots&) = delete;
  OneShots& operator=(const OneShots&) = delete;

  double PerSecond() {
    answered_ = 0;
    const auto began = Clock::now();
    end_ = began + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(Seconds(kRoundSeconds)));
    over_ = false;
    for (int i = 0; i < kInFlight; ++i) Start();
    while (in_flight_ > 0) {
      Must(dbpool_loop_dispatch(loop_, -1), nullptr);
      over_ = Clock::now() >= end_;
    }
    return answered_ / std::chrono::duration<double>(Clock::now() - began).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void Start() {
    const dbpool_value key = Int(keys_.Next());
    dbpool_error* error = nullptr;
    Must(dbpool_query_async(pool_, loop_, kPoint, sizeof kPoint - 1, &key, 1, &options_, Answered,
                            this, nullptr, &error),
         error);
    ++in_flight_;
  }
  static void Answered(void* self, dbpool_status status, dbpool_result* result,
                       dbpool_error* error) {
    auto& shots = *static_cast<OneShots*>(self);
    if (status != DBPOOL_OK) Must(status, error);
    dbpool_batch batch = {};
    batch.struct_size = sizeof batch;
    Must(dbpool_result_fetch(result, 1, &batch, nullptr), nullptr);
    benchmark::DoNotOptimize(batch.cells[1].data);
    dbpool_result_free(result);
    ++shots.answered_;
    --shots.in_flight_;
    if (!shots.over_) shots.Start();
  }

  dbpool* const pool_;
  dbpool_loop* const loop_ = MakeLoop();
  dbpool_query_options options_ = {};
  Keys keys_;
  int in_flight_ = 0;
  double answered_ = 0;
  bool over_ = false;
  Clock::time_point end_;
};

std::vector<Figure> Compete(dbpool* pool, const std::string& uri) {
  OneShots shots(pool, 0), reads(pool, DBPOOL_QUERY_READ_ONLY);
  std::vector<double> pgbench, each, batch, ours, ours_read;
  for (int i = 0; i < Rounds(kRounds); ++i) {
    pgbench.push_back(Pgbench(uri));
    each.push_back(RawPipeline(uri, kInFlight, false, Seconds(kRoundSeconds)));
    ours.push_back(shots.PerSecond());
    batch.push_back(RawPipeline(uri, kInFlight, true, Seconds(kRoundSeconds)));
    ours_read.push_back(reads.PerSecond());
  }
  const auto figure = [](const char* what, const std::vector<double>& a,
                         const std::vector<double>& b, Goal goal) {
    std::vector<double> ratios;
    for (size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
    return Figure{what, "1/s", Median(a), Median(b), Median(ratios), goal};
  };
  return {figure("oneshots_to_pgbench", ours, pgbench, AtLeast(1.6)),
          figure("oneshots_read_only_to_pgbench", ours_read, pgbench, AtLeast(3)),
          figure("oneshots_to_raw_sync_each", ours, each, {}),
          figure("oneshots_read_only_to_raw_one_sync", ours_read, batch, AtLeast(0.85))};
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  const std::string uri = PostgresUri();
  dbpool* pool = MakePool(uri, {{"pool_size", "2"}});
  const dbpool_conn filler = Acquire(pool);
  FillPostgres(filler);
  Release(filler);
  Once("oneshots", [=] { return Compete(pool, uri); });
  const int status = Main(argc, argv);
  const dbpool_conn conn = Acquire(pool);
  Run(conn, "drop table bench_items");
  dbpool_release(conn);
  dbpool_unref(pool);
  return status;
}
