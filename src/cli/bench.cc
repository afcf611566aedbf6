#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/scratch.h"
#include "cli/target.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/workload.h"

namespace dbp::cli {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr const char* kTable = "dbpool_bench";

struct BenchArguments {
  Target target;
  uint32_t threads = 0;  // 0: chosen here
  uint32_t pool_size = 0;
  uint32_t users = 0;
  double rate = 0;
  int64_t rows = 10'000;
  std::string duration = "10s";
  std::string think = "0s..1s";
  std::string workload = "point";
  bool no_pool = false, json = false;
};

uint32_t Threads(const BenchArguments& arguments) {
  if (arguments.threads > 0) return arguments.threads;
  if (arguments.users > 0) return std::min<uint32_t>(arguments.users, 256);
  return arguments.rate > 0 ? 64 : 8;
}

// "100ms..2s", or one time for both.
std::optional<std::pair<int64_t, int64_t>> ParseThink(const std::string& text) {
  const size_t dots = text.find("..");
  const int64_t first = ParseDuration(text.substr(0, dots));
  const int64_t last = dots == std::string::npos ? first : ParseDuration(text.substr(dots + 2));
  if (first < 0 || last < first || last > 3600 * kSecond) return std::nullopt;
  return std::pair(first, last);
}

std::unique_ptr<Arrivals> MakeArrivals(const BenchArguments& arguments) {
  if (arguments.rate > 0) return AtRate(arguments.rate);
  if (arguments.users == 0) return BackToBack();
  const auto think = *ParseThink(arguments.think);
  return Users(arguments.users, think.first, think.second);
}

Options PoolOptions(const BenchArguments& arguments) {
  std::vector<Setting> settings;
  if (arguments.no_pool) settings.emplace_back("pooling", "off");
  if (arguments.pool_size > 0) {
    settings.emplace_back("pool_size", std::to_string(arguments.pool_size));
    settings.emplace_back("max_overflow", "0");
  }
  return MakeOptions(arguments.target, settings);
}

// A line every second: rewritten in place on a terminal, one below the other elsewhere.
std::function<void(const Progress&)> ProgressLine(const Pool& pool, LiveLine& live,
                                                  const Look& look) {
  return [&pool, &live, look, last = Progress{}](const Progress& now) mutable {
    const double seconds = static_cast<double>(now.elapsed - last.elapsed) / 1e9;
    const auto per_second =
        static_cast<uint64_t>(static_cast<double>(now.done - last.done) / seconds);
    const dbpool_statistics statistics = pool.Statistics();
    const std::string line =
        fmt::format("{:>5.0f} s {:>12} /s   {} failed   {} leased, {} idle, {} waiting",
                    static_cast<double>(now.elapsed) / 1e9, Grouped(per_second),
                    Grouped(now.failed), statistics.leased, statistics.idle, statistics.waiting);
    last = now;
    if (look.live) {
      live.Update(line);
    } else {
      fmt::print("{}\n", line);
      std::fflush(stdout);
    }
  };
}

BenchReport Measure(const BenchArguments& arguments, const Pool& pool, const Look& look) {
  BenchReport report;
  report.workload = arguments.workload;
  report.threads = Threads(arguments);
  report.users = arguments.users;
  report.rate = arguments.rate;
  report.pooling = !arguments.no_pool;
  const Workload workload = *WorkloadOf(arguments.workload);
  std::optional<ScratchTable> table;
  LiveLine live(stdout, look);
  if (workload != Workload::kAcquire) {
    table.emplace(pool, kTable, arguments.rows, [&](int64_t rows) {
      if (!arguments.json) live.Update(fmt::format("filling {}: {} rows", kTable, Grouped(rows)));
    });
  }
  LoadPlan plan = {report.threads, ParseDuration(arguments.duration), kSecond};
  if (!arguments.json) plan.on_tick = ProgressLine(pool, live, look);
  const std::unique_ptr<Arrivals> arrivals = MakeArrivals(arguments);
  report.before = pool.Statistics();
  report.load = RunLoad(plan, *arrivals, MakeWork(workload, pool, kTable, arguments.rows));
  report.after = pool.Statistics();
  report.interrupted = InterruptGuard::Requested();
  return report;
}

std::string Headline(const BenchArguments& arguments) {
  std::string text =
      fmt::format("{} for {} on {} threads", arguments.workload,
                  RoundDuration(ParseDuration(arguments.duration)), Threads(arguments));
  if (arguments.users > 0)
    text += fmt::format(", {} users thinking {}", Grouped(arguments.users), arguments.think);
  if (arguments.rate > 0) text += fmt::format(", {} requests due per second", arguments.rate);
  if (arguments.no_pool) text += ", without a pool";
  return text;
}

int RunBench(const BenchArguments& arguments) {
  // A reader that goes away must not keep the table from being dropped.
  std::signal(SIGPIPE, SIG_IGN);
  const InterruptGuard guard;
  const Look look = LookOf(stdout);
  if (!arguments.json) fmt::print("{}\n", Paint(look, Ink::kBold, Headline(arguments)));
  const Pool pool(arguments.target.uri_or_null(), PoolOptions(arguments));
  const BenchReport report = Measure(arguments, pool, look);
  if (arguments.json)
    fmt::print("{}\n",
               ReportToJson(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    fmt::print("{}", RenderReport(report, look));
  if (report.interrupted) return kExitInterrupted;
  return report.load.latency.count() > 0 ? 0 : kExitFailed;
}

std::string CheckDuration(const std::string& text) {
  const int64_t duration = ParseDuration(text);
  if (duration >= 10'000'000 && duration <= 3600 * kSecond) return "";
  return fmt::format("'{}' is not a time from 10ms to 1h", text);
}

std::string CheckThink(const std::string& text) {
  return ParseThink(text)
             ? ""
             : fmt::format("'{}' is not a span of times such as 100ms..2s, up to 1h", text);
}

constexpr const char* kFooter =
    "Workloads: acquire borrows and gives back; point reads one row by its key;\n"
    "mixed is four point reads to one update; scan reads all rows. All but acquire\n"
    "make a table dbpool_bench and drop it.\n\n"
    "Without --users and --rate each thread sends its next request when the last one\n"
    "is answered. With either, a request's latency counts from the moment it was due,\n"
    "so time spent waiting for a free thread is counted too.\n"
    "Threads: 8; with --rate 64; with --users one for each, at most 256.\n\n"
    "Examples:\n"
    "  dbpool bench postgresql:///shop --threads 32 --pool-size 8\n"
    "  dbpool bench postgresql:///shop --threads 32 --pool-size 8 --no-pool\n"
    "  dbpool bench sqlite:bench.db --workload mixed --rate 5000 --json\n"
    "  dbpool bench postgresql:///shop --users 500 --think 100ms..2s\n\n"
    "Exit status: 0 if any request succeeded, 1 if none did, 2 wrong use,\n"
    "130 interrupted.";

void AddFlags(Command& command, BenchArguments* a) {
  command.Option("--threads", &a->threads, "Threads, 1 to 1024").Type("N").Between(1, 1024);
  command.Option("--pool-size", &a->pool_size, "Connections, without overflow (pool_size)")
      .Type("N")
      .Between(1, 10'000);
  command.Option("--duration", &a->duration, "How long, 10ms to 1h")
      .ShowDefault()
      .Type("TIME")
      .Checked(CheckDuration);
  command.Option("--workload", &a->workload, "acquire, point, mixed or scan")
      .ShowDefault()
      .Type("NAME")
      .OneOf({"acquire", "point", "mixed", "scan"});
  const Argument users =
      command.Option("--users", &a->users, "Simulate users who think, 1 to 100000").Type("N").Between(1, 100'000);
  command.Option("--think", &a->think, "How long users think")
      .ShowDefault()
      .Type("A..B")
      .Needs(users)
      .Checked(CheckThink);
  command.Option("--rate", &a->rate, "Requests due per second, answered or not")
      .Type("R")
      .Excludes(users)
      .Between(0.01, 1e7);
  command.Option("--rows", &a->rows, "Rows of the table, 1 to 10000000")
      .ShowDefault()
      .Type("N")
      .Between(1, 1e7);
  command.Flag("--no-pool", &a->no_pool, "Open and close for every request (pooling=off)");
  command.Flag("--json", &a->json, "Print JSON and no progress; times in nanoseconds");
}

}  // namespace

void AddBench(CommandLine& line) {
  const auto arguments = std::make_shared<BenchArguments>();
  Command command = line.Add("bench", "Measure throughput, latency and waits");
  AddUri(command, &arguments->target);
  AddSettings(command, &arguments->target);
  AddFlags(command, arguments.get());
  command.Footer(kFooter);
  command.Runs([arguments] { return RunBench(*arguments); });
}

}  // namespace dbp::cli
