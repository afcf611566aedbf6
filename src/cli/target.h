#ifndef DBP_CLI_TARGET_H_
#define DBP_CLI_TARGET_H_

#include <string>
#include <vector>

#include "cli/api.h"

namespace CLI {
class App;
}

namespace dbp::cli {

/// The database a command works on: a URI, or what the environment and -o name.
struct Target {
  std::string uri;                    ///< "" if not given
  std::vector<std::string> settings;  ///< name=value, as given by -o

  const char* uri_or_null() const { return uri.empty() ? nullptr : uri.c_str(); }
};

/// Adds the positional URI.
void AddUri(CLI::App& command, Target* target);
/// Adds the repeatable -o name=value.
void AddSettings(CLI::App& command, Target* target);

/// "name:" in front, as every URI has it and no SQL does.
bool LooksLikeUri(const std::string& text);

using Setting = std::pair<std::string, std::string>;

/// The environment, then what the command itself wants, then what the user set with -o, which beats
/// it.
Options MakeOptions(const Target& target, const std::vector<Setting>& of_command = {});

/// The arguments in the (reversed) order CLI11 parses, without the program's name. CLI11 would take
/// a positional such as "[1,2]" or "{}" apart, as a list; those are shielded here and must be given
/// back by Unshield().
std::vector<std::string> ShieldArguments(int argc, char** argv);
std::string Unshield(const std::string& argument);

}  // namespace dbp::cli

#endif  // DBP_CLI_TARGET_H_
