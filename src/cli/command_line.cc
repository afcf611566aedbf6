#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <utility>

#include "cli/commands.h"

namespace dbp::cli {

namespace {

constexpr char kShield = '\x01';

/// In the (reversed) order CLI11 parses, without the program's name.
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

}  // namespace

std::string Unshield(const std::string& argument) {
  return argument.starts_with(kShield) ? argument.substr(1) : argument;
}

// ---- an option

Argument& Argument::Type(const char* name) {
  option_->type_name(name);
  return *this;
}
Argument& Argument::Usage(const char* text) {
  option_->option_text(text);
  return *this;
}
Argument& Argument::ShowDefault() {
  option_->capture_default_str();
  return *this;
}
Argument& Argument::Hidden() {
  option_->group("");
  return *this;
}
Argument& Argument::OneEach() {
  option_->allow_extra_args(false);
  return *this;
}
Argument& Argument::Checked(Check check) {
  option_->check(CLI::Validator([check](const std::string& value) { return check(value); }, "", ""));
  return *this;
}
Argument& Argument::Between(double least, double most) {
  option_->check(CLI::Range(least, most).description(""));
  return *this;
}
Argument& Argument::OneOf(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values).description(""));
  return *this;
}
Argument& Argument::Needs(const Argument& other) {
  option_->needs(other.option_);
  return *this;
}
Argument& Argument::Excludes(const Argument& other) {
  option_->excludes(other.option_);
  return *this;
}
bool Argument::given() const { return option_->count() > 0; }

// ---- a command

Argument Command::Flag(const char* name, bool* to, const char* help) {
  return Argument(app_->add_flag(name, *to, help));
}
Argument Command::Option(const char* name, std::string* to, const char* help) {
  return Argument(app_->add_option(name, *to, help));
}
Argument Command::Option(const char* name, std::vector<std::string>* to, const char* help) {
  return Argument(app_->add_option(name, *to, help));
}
Argument Command::Option(const char* name, uint32_t* to, const char* help) {
  return Argument(app_->add_option(name, *to, help));
}
Argument Command::Option(const char* name, int64_t* to, const char* help) {
  return Argument(app_->add_option(name, *to, help));
}
Argument Command::Option(const char* name, double* to, const char* help) {
  return Argument(app_->add_option(name, *to, help));
}
void Command::Footer(const char* text) { app_->footer(text); }

void Command::Runs(std::function<int()> run) {
  app_->callback([run = std::move(run), exit_code = exit_code_] {
    try {
      *exit_code = run();
    } catch (const WrongUse& error) {
      throw CLI::ValidationError(error.what(), CLI::ExitCodes::ValidationError);
    }
  });
}

// ---- all of them

CommandLine::CommandLine(const char* help, std::string (*version)(), const char* footer)
    : app_(std::make_unique<CLI::App>(help, "dbpool")) {
  app_->set_version_flag("-V,--version", version);
  app_->require_subcommand(1);
  app_->get_formatter()->column_width(32);
  app_->footer(footer);
  app_->failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("dbpool: {}\nTry 'dbpool --help' or 'dbpool COMMAND --help'.\n", error.what());
  });
}

CommandLine::~CommandLine() = default;

Command CommandLine::Add(const char* name, const char* help) {
  return Command(app_->add_subcommand(name, help), &exit_code_);
}

int CommandLine::Run(int argc, char** argv) {
  try {
    app_->parse(ShieldArguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? 0 : kExitUsage;
  }
  return exit_code_;
}

}  // namespace dbp::cli
