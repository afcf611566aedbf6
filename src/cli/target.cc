#include "cli/target.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <fmt/format.h>

namespace dbp::cli {

namespace {

constexpr char kShield = '\x01';

std::string CheckSetting(const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals != std::string::npos && equals > 0) return "";
  return fmt::format("'{}' is not name=value; 'dbpool options' lists the names", setting);
}

}  // namespace

void AddUri(CLI::App& command, Target* target) {
  command.add_option("uri", target->uri, "The database; else DBPOOL_URI or -o name it");
}

void AddSettings(CLI::App& command, Target* target) {
  command.add_option("-o,--option", target->settings, "Set an option of the pool; may be repeated")
      ->option_text("NAME=VALUE")
      ->check(CLI::Validator(CheckSetting, "", "setting"))
      ->allow_extra_args(false);
}

bool LooksLikeUri(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 ||
      !std::isalpha(static_cast<unsigned char>(text[0])))
    return false;
  for (const char c : text.substr(0, colon)) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '+' && c != '-' && c != '.')
      return false;
  }
  return true;
}

Options MakeOptions(const Target& target, const std::vector<Setting>& of_command) {
  Options options;
  options.ReadEnvironment();
  for (const auto& [name, value] : of_command) options.Set(name, value);
  for (const std::string& setting : target.settings) {
    const size_t equals = setting.find('=');
    options.Set(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return options;
}

std::vector<std::string> ShieldArguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {
    std::string argument = argv[i];
    if (argument.starts_with('[') || argument.starts_with('{') || argument.starts_with(kShield))
      argument.insert(argument.begin(), kShield);
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

std::string Unshield(const std::string& argument) {
  return argument.starts_with(kShield) ? argument.substr(1) : argument;
}

}  // namespace dbp::cli
