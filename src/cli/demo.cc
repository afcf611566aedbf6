#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/demo_report.h"
#include "cli/demo_steps.h"
#include "cli/interrupt.h"
#include "cli/scratch.h"
#include "cli/target.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

constexpr int64_t kRows = 100'000;
constexpr const char* kTable = "dbpool_demo";

struct DemoArguments {
  Target target;
  double seconds = 9;  // of measuring; filling the table comes on top
};

struct Interrupted {};

void Heading(const Look& look, const std::string& text) {
  fmt::print("\n{}\n", Paint(look, Ink::kBold, text));
  std::fflush(stdout);
}

// Leaves by the normal way, so that the table, the pools and the folder go.
void LeaveIfInterrupted() {
  if (InterruptGuard::Requested()) throw Interrupted();
}

Options DemoOptions(const Target& target, bool pooling) {
  const std::string size = std::to_string(kDemoConnections);
  std::vector<Setting> settings = {{"pool_size", size}, {"max_overflow", "0"}};
  if (!pooling)
    settings.insert(settings.end(), {{"pooling", "off"}, {"lazy", "true"}, {"min_size", "0"}});
  return MakeOptions(target, settings);
}

std::string Product(const Target& target, const Options& options) {
  dbpool_server server = {};
  server.struct_size = sizeof server;
  Call([&](dbpool_error** e) {
    return dbpool_probe(target.uri_or_null(), options.get(), -1, &server, e);
  });
  return fmt::format("{} {}", server.product, server.version);
}

void Show(const Look& look, const Target& target, double seconds) {
  const auto share = [&](double part) { return static_cast<int64_t>(seconds * part * 1e9); };
  const Options with_options = DemoOptions(target, true);
  fmt::print("{} on {}\n", Paint(look, Ink::kBold, "dbpool demo"), Product(target, with_options));
  const Pool with(target.uri_or_null(), with_options);
  const Pool without(target.uri_or_null(), DemoOptions(target, false));
  LiveLine filling(stdout, look);
  const ScratchTable table(with, kTable, kRows, [&](int64_t rows) {
    filling.Update(
        fmt::format("filling {}: {} rows", kTable, Grouped(static_cast<uint64_t>(rows))));
  });
  LeaveIfInterrupted();
  filling.Finish(fmt::format("table {} of {} rows", kTable, Grouped(kRows)));

  Heading(look,
          fmt::format("a  {} threads read rows by key: a connection per request, or a pool of {}",
                      ComparisonThreads(), kDemoConnections));
  const LoadResult opened = RunComparison(look, kWithoutPool, without, table, share(0.36));
  fmt::print("{}", RenderFailures(look, opened));
  LeaveIfInterrupted();
  const LoadResult pooled = RunComparison(look, kWithPool, with, table, share(0.36));
  fmt::print("{}", RenderFailures(look, pooled));
  LeaveIfInterrupted();

  Heading(look, fmt::format(
                    "b  {} threads at once on {} connections, each kept for {}: how long they wait",
                    kBurstThreads, kDemoConnections, RoundDuration(kBurstWork)));
  const LoadResult burst = RunBurst(look, with, table, share(0.28));
  fmt::print("{}{}", RenderFailures(look, burst), RenderWaits(look, burst));
  LeaveIfInterrupted();

  Heading(look, "c  The pool's own statistics");
  fmt::print("{}", RenderStatistics(with.Statistics()));
  Heading(look, "Result");
  fmt::print("{}", RenderComparison(look, opened, pooled));
  if (pooled.latency.count() == 0) throw std::runtime_error("no request succeeded");
}

int RunDemo(const DemoArguments& arguments) {
  // A reader that goes away must not keep the table and the folder from being removed.
  std::signal(SIGPIPE, SIG_IGN);
  const InterruptGuard guard;
  const Look look = LookOf(stdout);
  Target target = arguments.target;
  std::optional<TemporaryFolder> folder;
  if (target.uri.empty()) {
    folder.emplace();
    target.uri = folder->SqliteUri("demo.db");
  }
  try {
    Show(look, target, arguments.seconds);
  } catch (const Interrupted&) {
    fmt::print("interrupted\n");
    return kExitInterrupted;
  }
  return 0;
}

}  // namespace

void AddDemo(CommandLine& line) {
  const auto arguments = std::make_shared<DemoArguments>();
  Command command = line.Add("demo", "Show in ten seconds what a pool is good for");
  command.Option("uri", &arguments->target.uri, "The database; else a temporary SQLite file");
  AddSettings(command, &arguments->target);
  // For the tests; a shorter run says less.
  command.Option("--seconds", &arguments->seconds, "").Hidden().Between(0.1, 18);
  command.Footer(
      "It makes a table dbpool_demo of 100,000 rows and drops it again; a temporary\n"
      "folder is removed. NO_COLOR turns colours off, a locale without UTF-8 Unicode.\n\n"
      "Examples:\n"
      "  dbpool demo\n"
      "  dbpool demo postgresql:///test");
  command.Runs([arguments] { return RunDemo(*arguments); });
}

}  // namespace dbp::cli
