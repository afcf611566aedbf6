#include <dbpool/dbpool.h>

#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <string>

#include "cli/api.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/failure_text.h"

namespace {

std::string Version() {
  const uint32_t v = dbpool_version();
  return fmt::format("dbpool {}.{}.{}", v >> 16, (v >> 8) & 0xff, v & 0xff);
}

int Run(int argc, char** argv) {
  dbp::cli::CommandLine line(
      "Connection pools for PostgreSQL and SQLite, on the command line.", Version,
      "A database is a URI: postgresql://user@host/name, sqlite:file.db,\n"
      "sqlite::memory:, or the variable DBPOOL_URI.\n"
      "'dbpool COMMAND --help' has examples.\n\n"
      "Exit status: 0 done, 1 the database or the run failed, 2 wrong use,\n"
      "130 interrupted.");
  dbp::cli::AddPing(line);
  dbp::cli::AddQuery(line);
  dbp::cli::AddBench(line);
  dbp::cli::AddDemo(line);
  dbp::cli::AddOptions(line);
  return line.Run(argc, argv);
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
