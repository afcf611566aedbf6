#ifndef DBP_CLI_TARGET_H_
#define DBP_CLI_TARGET_H_

#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/command_line.h"

namespace dbp::cli {

/// The database a command works on: a URI, or what the environment and -o name.
struct Target {
  std::string uri;                    ///< "" if not given
  std::vector<std::string> settings;  ///< name=value, as given by -o

  const char* uri_or_null() const { return uri.empty() ? nullptr : uri.c_str(); }
};

/// Adds the positional URI.
void AddUri(Command& command, Target* target);
/// Adds the repeatable -o name=value.
void AddSettings(Command& command, Target* target);

/// "name:" in front, as every URI has it and no SQL does.
bool LooksLikeUri(const std::string& text);

using Setting = std::pair<std::string, std::string>;

/// The environment, then what the command itself wants, then what the user set with -o, which beats
/// it.
Options MakeOptions(const Target& target, const std::vector<Setting>& of_command = {});

}  // namespace dbp::cli

#endif  // DBP_CLI_TARGET_H_
