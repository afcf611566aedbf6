#ifndef DBP_CLI_COMMANDS_H_
#define DBP_CLI_COMMANDS_H_

// Each adds its subcommand to the app; what it does runs as a callback of the parse and leaves its
// exit code in *exit_code: 0 done, 1 the database or the run failed, 2 wrong use, 130 interrupted.

namespace CLI {
class App;
}

namespace dbp::cli {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;

void AddPing(CLI::App& app, int* exit_code);
void AddQuery(CLI::App& app, int* exit_code);
void AddBench(CLI::App& app, int* exit_code);
void AddDemo(CLI::App& app, int* exit_code);
void AddOptions(CLI::App& app, int* exit_code);

}  // namespace dbp::cli

#endif  // DBP_CLI_COMMANDS_H_
