#ifndef DBP_TESTS_SUPPORT_TESTING_H_
#define DBP_TESTS_SUPPORT_TESTING_H_

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "base/status.h"
#include "base/time.h"

// What every suite needs. Nothing here decides a result by its own speed: limits are for things
// that hang.

namespace dbp {

inline constexpr Nanos kGenerous = 30 * kSecond;

/// Built with a sanitizer: some ten times slower, and most memory is the sanitizer's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline std::string Describe(const Status& status) {
  std::string text = StatusName(status.code());
  if (!status.sqlstate().empty()) text += " " + std::string(status.sqlstate());
  if (!status.message().empty()) text += ": " + std::string(status.message());
  return text;
}

inline testing::AssertionResult IsOk(const Status& status) {
  if (status.ok()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << Describe(status);
}

inline testing::AssertionResult HasCode(const Status& status, dbpool_status code) {
  if (status.code() == code) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "wanted " << StatusName(code) << ", got " << Describe(status);
}

#define ASSERT_OK(expression) ASSERT_TRUE(::dbp::IsOk(expression))
#define EXPECT_OK(expression) EXPECT_TRUE(::dbp::IsOk(expression))
#define ASSERT_CODE(expression, code) ASSERT_TRUE(::dbp::HasCode(expression, code))
#define EXPECT_CODE(expression, code) EXPECT_TRUE(::dbp::HasCode(expression, code))

/// Waits for something that can only be looked at, such as another thread's progress.
inline bool Await(const std::function<bool()>& condition, Nanos limit = kGenerous) {
  const Deadline deadline = Deadline::After(limit);
  while (!condition()) {
    if (deadline.Passed()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Threads of this process with that name, as the kernel has it.
inline int ThreadsNamed(const std::string& name) {
  int found = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    std::string line;
    if (std::getline(std::ifstream(task.path() / "comm"), line) && line == name) ++found;
  }
  return found;
}

/// A directory of its own, gone with it.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "dbpool-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_TESTING_H_
