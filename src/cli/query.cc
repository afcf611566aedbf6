#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fmt/format.h>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/arrivals.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/failure_text.h"
#include "cli/interrupt.h"
#include "cli/parameter.h"
#include "cli/result_writer.h"
#include "cli/target.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

struct QueryArguments {
  Target target;
  std::vector<std::string> positionals;  // [URI] SQL [PARAM ...]
  std::string sql;
  std::vector<std::string> parameters;
  std::string null;
  bool null_given = false;
  bool json = false, csv = false, timing = false;
};

void SplitPositionals(QueryArguments* arguments) {
  std::vector<std::string> rest;
  for (const std::string& positional : arguments->positionals) rest.push_back(Unshield(positional));
  if (!rest.empty() && LooksLikeUri(rest[0])) {
    arguments->target.uri = rest[0];
    rest.erase(rest.begin());
  }
  if (rest.empty()) throw std::invalid_argument("the SQL is missing");
  arguments->sql = rest[0];
  if (arguments->sql == "-") arguments->sql.assign(std::istreambuf_iterator<char>(std::cin), {});
  arguments->parameters.assign(rest.begin() + 1, rest.end());
}

std::unique_ptr<ResultWriter> MakeWriter(const QueryArguments& arguments) {
  if (arguments.json) return MakeJsonWriter();
  if (arguments.csv) return MakeCsvWriter(arguments.null);
  return MakeTableWriter(LookOf(stdout), arguments.null_given ? arguments.null : "NULL");
}

// Several statements in one text cannot be streamed and are refused before anything is sent. (COPY,
// the other thing that is unsupported, costs the connection.)
Result Start(const Lease& lease, const std::string& sql, const Parameters& parameters,
             bool stream) {
  if (stream) {
    try {
      return lease.Query(sql, parameters.values(), DBPOOL_QUERY_STREAM);
    } catch (const Failure& failure) {
      const bool broken = (dbpool_error_flags(failure.error()) & DBPOOL_FLAG_CONN_BROKEN) != 0;
      if (failure.status() != DBPOOL_ERR_UNSUPPORTED || broken) throw;
    }
  }
  return lease.Query(sql, parameters.values());
}

void WriteOne(Result& result, ResultWriter& writer) {
  writer.Begin(result.Columns());
  dbpool_batch batch;
  while (!InterruptGuard::Requested() && !std::ferror(stdout) && result.Fetch(&batch))
    writer.Rows(batch);
  writer.End(result);
}

void WriteAll(const QueryArguments& arguments, const Lease& lease) {
  const Parameters parameters(arguments.parameters);
  const std::unique_ptr<ResultWriter> writer = MakeWriter(arguments);
  const int64_t began = Now();
  Result result = Start(lease, arguments.sql, parameters, writer->streams());
  int64_t statement = 0;
  do {
    statement += result.ElapsedNanos();
    WriteOne(result, *writer);
  } while (!InterruptGuard::Requested() && result.Next());
  std::fflush(stdout);
  if (arguments.timing)
    fmt::print(stderr, "Time: {} (with all rows {})\n", Duration(statement),
               Duration(Now() - began));
}

int RunQuery(const QueryArguments& arguments) {
  std::atomic<dbpool_conn> running = 0;
  const InterruptGuard guard([&running] {
    // Nothing runs yet and nothing was made: there is nothing to wait for.
    if (running == 0) _exit(kExitInterrupted);
    dbpool_conn_cancel(running, nullptr);
  });
  try {
    // One connection, opened when it is borrowed.
    const Pool pool(arguments.target.uri_or_null(),
                    MakeOptions(arguments.target, {{"lazy", "true"}, {"min_size", "0"}}));
    const Lease lease(pool);
    running = lease.get();
    WriteAll(arguments, lease);
    return InterruptGuard::Requested() ? kExitInterrupted : 0;
  } catch (const Failure& failure) {
    std::fflush(stdout);
    fmt::print(stderr, "{}", DescribeFailure(failure, arguments.sql));
    return InterruptGuard::Requested() ? kExitInterrupted : ExitCodeOf(failure);
  }
}

constexpr const char* kFooter =
    "PARAM is text unless it starts with a type: i:42 (integer), f:1.5 (number),\n"
    "b:true (boolean), x:0aff (bytes), null: (NULL), t:i:42 (the text 'i:42').\n"
    "PostgreSQL infers the types of texts and numbers from the statement.\n"
    "SQL '-' is read from stdin. A PARAM that starts with '-' comes after '--'.\n\n"
    "CSV and JSON are written as the rows come; a table is kept until its end.\n"
    "Several statements, separated by ';', show one result after the other and take\n"
    "no parameters.\n\n"
    "Examples:\n"
    "  dbpool query sqlite:shop.db 'SELECT * FROM product WHERE price < $1' f:9.99\n"
    "  dbpool query postgresql:///shop 'SELECT * FROM orders' --csv > orders.csv\n"
    "  dbpool query --json 'SELECT * FROM product WHERE id = $1' i:7   # DBPOOL_URI";

}  // namespace

void AddQuery(CommandLine& line) {
  const auto arguments = std::make_shared<QueryArguments>();
  Command command = line.Add("query", "Run SQL and show what it gives");
  command.Option("arguments", &arguments->positionals, "").Usage("[URI] SQL [PARAM ...]");
  AddSettings(command, &arguments->target);
  const Argument json = command.Flag("--json", &arguments->json, "Print JSON");
  command.Flag("--csv", &arguments->csv, "Print CSV (RFC 4180)").Excludes(json);
  const Argument null =
      command.Option("--null", &arguments->null, "How NULL is shown; not in JSON").Type("TEXT");
  command.Flag("--timing", &arguments->timing, "Say on stderr how long it took");
  command.Footer(kFooter);
  command.Runs([arguments, null] {
    arguments->null_given = null.given();
    try {
      SplitPositionals(arguments.get());
      Parameters check(arguments->parameters);
    } catch (const std::invalid_argument& error) {
      throw WrongUse(error.what());
    }
    return RunQuery(*arguments);
  });
}

}  // namespace dbp::cli
