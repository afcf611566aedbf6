#ifndef DBP_TESTS_SUPPORT_KEEPER_H_
#define DBP_TESTS_SUPPORT_KEEPER_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace dbp {

/// How often the keeper's thread went to sleep; -1 without one.
inline int64_t KeeperSleeps() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string line;
    if (!std::getline(std::ifstream(task.path() / "comm"), line) || line != "dbpool-keeper") continue;
    std::ifstream status(task.path() / "status");
    while (std::getline(status, line)) {
      if (line.starts_with("voluntary_ctxt_switches:")) return std::atoll(line.c_str() + 24);
    }
  }
  return -1;
}

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_KEEPER_H_
