#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/failure_text.h"
#include "cli/target.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

struct PingArguments {
  Target target;
  std::string timeout;
  bool json = false;
};

dbpool_server Probe(const PingArguments& arguments) {
  const int64_t timeout_ms =
      arguments.timeout.empty() ? -1 : ParseDuration(arguments.timeout) / 1'000'000;
  const Options options = MakeOptions(arguments.target);
  dbpool_server server = {};
  server.struct_size = sizeof server;
  Call([&](dbpool_error** e) {
    return dbpool_probe(arguments.target.uri_or_null(), options.get(), timeout_ms, &server, e);
  });
  return server;
}

std::string Sessions(const dbpool_server& server) {
  if (server.sessions < 0 && server.max_connections < 0) return "";
  const auto text = [](int64_t n) { return n < 0 ? std::string("?") : std::to_string(n); };
  return fmt::format("{} of {}", text(server.sessions), text(server.max_connections));
}

void Print(const dbpool_server& server) {
  const auto line = [](const char* label, const std::string& value) {
    if (!value.empty()) fmt::print("  {:<11} {}\n", label, Printable(value));
  };
  fmt::print("{} {} answers\n", server.product, server.version);
  line("database", server.database);
  line("user", server.user);
  line("TLS", *server.tls ? server.tls : server.max_connections >= 0 ? "no" : "");
  line("writes", server.in_recovery ? "refused: a standby"
                 : server.read_only ? "refused: read-only"
                                    : "allowed");
  line("sessions", Sessions(server));
  line("connect", Duration(server.connect_ns));
  line("round trip", Duration(server.round_trip_ns));
}

void PrintJson(const dbpool_server& server) {
  const auto number = [](int64_t n) {
    return n < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(n);
  };
  const nlohmann::ordered_json json = {{"ok", true},
                                       {"product", server.product},
                                       {"version", server.version},
                                       {"database", server.database},
                                       {"user", server.user},
                                       {"tls", server.tls},
                                       {"read_only", server.read_only != 0},
                                       {"in_recovery", server.in_recovery != 0},
                                       {"max_connections", number(server.max_connections)},
                                       {"sessions", number(server.sessions)},
                                       {"connect_ns", server.connect_ns},
                                       {"round_trip_ns", server.round_trip_ns}};
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int RunPing(const PingArguments& arguments) {
  if (!arguments.json) {
    Print(Probe(arguments));
    return 0;
  }
  try {
    PrintJson(Probe(arguments));
    return 0;
  } catch (const Failure& failure) {
    const nlohmann::ordered_json json = {{"ok", false}, {"error", FailureToJson(failure)}};
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return ExitCodeOf(failure);
  }
}

std::string CheckTimeout(const std::string& text) {
  return ParseDuration(text) > 0 ? "" : fmt::format("'{}' is not a time such as 500ms or 3s", text);
}

}  // namespace

void AddPing(CommandLine& line) {
  const auto arguments = std::make_shared<PingArguments>();
  Command command = line.Add("ping", "Open one connection and say who answers");
  AddUri(command, &arguments->target);
  AddSettings(command, &arguments->target);
  command.Option("--timeout", &arguments->timeout, "Give up after this time (connect_timeout)")
      .Type("TIME")
      .Checked(CheckTimeout);
  command.Flag("--json", &arguments->json, "Print JSON, failures included");
  command.Footer(
      "Examples:\n"
      "  dbpool ping postgresql://app@db.example.org/shop\n"
      "  dbpool ping sqlite:shop.db --json\n"
      "  DBPOOL_URI=postgresql:///shop dbpool ping --timeout 500ms\n\n"
      "Exit status: 0 it answered, 1 it did not (the cause is on stderr), 2 wrong use.");
  command.Runs([arguments] { return RunPing(*arguments); });
}

}  // namespace dbp::cli
