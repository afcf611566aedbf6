#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

std::vector<dbpool_option> AllOptions() {
  std::vector<dbpool_option> all;
  for (;;) {
    dbpool_option option = {};
    option.struct_size = sizeof option;
    const dbpool_status status =
        Call([&](dbpool_error**) { return dbpool_option_at(all.size(), &option); });
    if (status == DBPOOL_DONE) return all;
    all.push_back(option);
  }
}

// "maxconn,max_connections" or "maxconn, max_connections" as the latter.
std::string Aliases(const dbpool_option& option) {
  std::string text;
  for (const char* c = option.aliases; *c; ++c) {
    if (*c == ' ') continue;
    text += *c;
    if (*c == ',') text += ' ';
  }
  return text;
}

std::string TypeAndRange(const dbpool_option& option) {
  const std::string range = option.range;
  if (range.empty() || range == option.type) return option.type;
  return fmt::format("{}, {}", option.type, range);
}

void PrintHuman(const std::vector<dbpool_option>& options) {
  const Look look = LookOf(stdout);
  const size_t width = std::min<size_t>(look.width, 100) - 22;
  std::string group;
  for (const dbpool_option& option : options) {
    if (group != option.group) {
      fmt::print("{}{}\n", group.empty() ? "" : "\n", Paint(look, Ink::kBold, option.group));
      group = option.group;
    }
    const std::string aliases = Aliases(option);
    std::string text = option.help;
    text +=
        fmt::format(" [{}{}]", TypeAndRange(option),
                    *option.default_value ? fmt::format("; default {}", option.default_value) : "");
    std::string label = option.name;
    for (const std::string& line : Wrap(text, width)) {
      fmt::print("  {} {}\n", Paint(look, Ink::kAccent, PadRight(label, 19)), line);
      label.clear();
    }
    if (!aliases.empty()) {
      for (const std::string& line : Wrap("also " + aliases, width))
        fmt::print("{:22}{}\n", "", Paint(look, Ink::kDim, line));
    }
  }
  fmt::print(
      "\nGiven as -o NAME=VALUE, in the URI (?NAME=VALUE) or as DBPOOL_NAME in the\n"
      "environment, the first of these being the strongest. Times: 250ms, 30s, 5m, 1h,\n"
      "or seconds.\n");
}

// A cell of a Markdown table.
std::string Cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string CodeList(const std::string& names) {
  std::string out;
  for (const char c : names) out += c == ',' ? "`," : c == ' ' ? " `" : std::string(1, c);
  return "`" + out + "`";
}

void PrintMarkdown(const std::vector<dbpool_option>& options) {
  fmt::print("| option (aliases) | type | default | meaning |\n|---|---|---|---|\n");
  for (const dbpool_option& option : options) {
    const std::string aliases = Aliases(option);
    fmt::print("| `{}`{} | {} | {} | {} |\n", option.name,
               aliases.empty() ? "" : fmt::format(" ({})", CodeList(aliases)),
               Cell(TypeAndRange(option)),
               *option.default_value ? fmt::format("`{}`", Cell(option.default_value)) : "-",
               Cell(option.help));
  }
}

void PrintJson(const std::vector<dbpool_option>& options) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const dbpool_option& option : options) {
    nlohmann::ordered_json aliases = nlohmann::ordered_json::array();
    for (const std::string& alias : Wrap(Aliases(option), 1))
      aliases.push_back(alias.ends_with(',') ? alias.substr(0, alias.size() - 1) : alias);
    list.push_back({{"name", option.name},
                    {"aliases", aliases},
                    {"type", option.type},
                    {"range", option.range},
                    {"default", option.default_value},
                    {"group", option.group},
                    {"help", option.help}});
  }
  fmt::print("{}\n", list.dump(2));
}

}  // namespace

void AddOptions(CommandLine& line) {
  struct Format {
    bool json = false, markdown = false;
  };
  const auto format = std::make_shared<Format>();
  Command command = line.Add("options", "List all options of a pool");
  const Argument json = command.Flag("--json", &format->json, "Print JSON");
  command.Flag("--markdown", &format->markdown, "Print a Markdown table, as in the README").Excludes(json);
  command.Runs([format] {
    const std::vector<dbpool_option> options = AllOptions();
    if (format->json)
      PrintJson(options);
    else if (format->markdown)
      PrintMarkdown(options);
    else
      PrintHuman(options);
    return 0;
  });
}

}  // namespace dbp::cli
