#ifndef DBP_CLI_COMMAND_LINE_H_
#define DBP_CLI_COMMAND_LINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// How commands declare what may be given to them. CLI11 reads it, and command_line.cc alone knows CLI11, which takes
// longer to compile than a command does.

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dbp::cli {

/// Thrown by a command that finds what it was given to be wrong: shown like any other wrong use.
struct WrongUse : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// What is wrong with a value; "" if nothing is.
using Check = std::string (*)(const std::string&);

/// An option that was declared. Lives as long as the CommandLine.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}

  Argument& Type(const char* name);     ///< what stands for the value in the help
  Argument& Usage(const char* text);    ///< stands there instead of all that is made up
  Argument& ShowDefault();
  Argument& Hidden();                   ///< from the help
  Argument& OneEach();                  ///< of a list: one value after each name
  Argument& Checked(Check check);
  Argument& Between(double least, double most);
  Argument& OneOf(const std::vector<std::string>& values);
  Argument& Needs(const Argument& other);
  Argument& Excludes(const Argument& other);
  bool given() const;

 private:
  CLI::Option* option_;
};

/// A subcommand. What its options are read into must live until it has run.
class Command {
 public:
  Command(CLI::App* app, int* exit_code) : app_(app), exit_code_(exit_code) {}

  Argument Flag(const char* name, bool* to, const char* help);
  Argument Option(const char* name, std::string* to, const char* help);
  Argument Option(const char* name, std::vector<std::string>* to, const char* help);
  Argument Option(const char* name, uint32_t* to, const char* help);
  Argument Option(const char* name, int64_t* to, const char* help);
  Argument Option(const char* name, double* to, const char* help);
  void Footer(const char* text);
  /// What it does, and what it exits with.
  void Runs(std::function<int()> run);

 private:
  CLI::App* app_;
  int* exit_code_;
};

class CommandLine {
 public:
  CommandLine(const char* help, std::string (*version)(), const char* footer);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command Add(const char* name, const char* help);
  /// Reads the arguments and runs the command they name. What that throws comes out.
  int Run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
  int exit_code_ = 0;
};

/// A positional such as "[1,2]" or "{}" as it was given: CLI11 would take it apart, as a list, and so it is shielded
/// when Run() hands it over.
std::string Unshield(const std::string& argument);

}  // namespace dbp::cli

#endif  // DBP_CLI_COMMAND_LINE_H_
