#ifndef DBP_CLI_COMMANDS_H_
#define DBP_CLI_COMMANDS_H_

// Each adds its subcommand, which exits with: 0 done, 1 the database or the run failed, 2 wrong use, 130 interrupted.

namespace dbp::cli {

class CommandLine;

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;

void AddPing(CommandLine& line);
void AddQuery(CommandLine& line);
void AddBench(CommandLine& line);
void AddDemo(CommandLine& line);
void AddOptions(CommandLine& line);

}  // namespace dbp::cli

#endif  // DBP_CLI_COMMANDS_H_
