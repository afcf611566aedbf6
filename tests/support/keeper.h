#ifndef DBP_TESTS_SUPPORT_KEEPER_H_
#define DBP_TESTS_SUPPORT_KEEPER_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace dbp {

/// What the kernel says of the keeper's thread under that name; "" without one.
inline std::string KeeperStatus(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string line;
    if (!std::getline(std::ifstream(task.path() / "comm"), line) || line != "dbpool-keeper") continue;
    std::ifstream status(task.path() / "status");
    while (std::getline(status, line)) {
      if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
    }
  }
  return "";
}

/// How often it went to sleep; -1 without one.
inline int64_t KeeperSleeps() {
  const std::string count = KeeperStatus("voluntary_ctxt_switches");
  return count.empty() ? -1 : std::atoll(count.c_str());
}
inline bool KeeperIsAsleep() { return KeeperStatus("State").starts_with('S'); }

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_KEEPER_H_
