#include <dbpool/dbpool.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <string>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/failure_text.h"
#include "cli/target.h"

namespace {

std::string Version() {
  const uint32_t v = dbpool_version();
  return fmt::format("dbpool {}.{}.{}", v >> 16, (v >> 8) & 0xff, v & 0xff);
}

// Parses and, through the callbacks, runs.
int Run(int argc, char** argv) {
  CLI::App app("Connection pools for PostgreSQL and SQLite, on the command line.", "dbpool");
  app.set_version_flag("-V,--version", Version);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  app.footer(
      "A database is a URI: postgresql://user@host/name, sqlite:file.db,\n"
      "sqlite::memory:, or the variable DBPOOL_URI.\n"
      "'dbpool COMMAND --help' has examples.\n\n"
      "Exit status: 0 done, 1 the database or the run failed, 2 wrong use,\n"
      "130 interrupted.");
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("dbpool: {}\nTry 'dbpool --help' or 'dbpool COMMAND --help'.\n",
                       error.what());
  });

  int exit_code = 0;
  dbp::cli::AddPing(app, &exit_code);
  dbp::cli::AddQuery(app, &exit_code);
  dbp::cli::AddBench(app, &exit_code);
  dbp::cli::AddDemo(app, &exit_code);
  dbp::cli::AddOptions(app, &exit_code);
  try {
    app.parse(dbp::cli::ShieldArguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : dbp::cli::kExitUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = dbp::cli::kExitFailed;
  try {
    exit_code = Run(argc, argv);
  } catch (const dbp::cli::Failure& failure) {
    fmt::print(stderr, "{}", dbp::cli::DescribeFailure(failure, ""));
    exit_code = dbp::cli::ExitCodeOf(failure);
  } catch (const std::exception& error) {
    fmt::print(stderr, "dbpool: {}\n", error.what());
  }
  // A full disk behind stdout must not look like success.
  const bool written = std::fflush(stdout) == 0 && !std::ferror(stdout);
  if (!written && exit_code == 0) {
    fmt::print(stderr, "dbpool: the output could not be written\n");
    exit_code = dbp::cli::kExitFailed;
  }
  return exit_code;
}
