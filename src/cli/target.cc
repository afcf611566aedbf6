#include "cli/target.h"

#include <cctype>
#include <fmt/format.h>

namespace dbp::cli {

namespace {

std::string CheckSetting(const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals != std::string::npos && equals > 0) return "";
  return fmt::format("'{}' is not name=value; 'dbpool options' lists the names", setting);
}

}  // namespace

void AddUri(Command& command, Target* target) {
  command.Option("uri", &target->uri, "The database; else DBPOOL_URI or -o name it");
}

void AddSettings(Command& command, Target* target) {
  command.Option("-o,--option", &target->settings, "Set an option of the pool; may be repeated")
      .Usage("NAME=VALUE")
      .Checked(CheckSetting)
      .OneEach();
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

}  // namespace dbp::cli
