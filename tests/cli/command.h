#ifndef DBP_TESTS_CLI_COMMAND_H_
#define DBP_TESTS_CLI_COMMAND_H_

#include <sys/types.h>

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace dbp::cli_test {

struct Outcome {
  int exit_code = -1;  ///< 128 + n for signal n
  std::string out, err;
};

using Words = std::vector<std::string>;

/// Runs the built command with a clean environment (no DBPOOL_*, no NO_COLOR, LC_ALL=C) plus
/// `environment` (NAME=VALUE). `input` is its stdin.
Outcome Dbpool(const Words& arguments, const Words& environment = {},
               const std::string& input = "");

/// A running command, to be interrupted. Its stdout may be read up to a text.
class Running {
 public:
  Running(const Words& arguments, const Words& environment, const std::string& input = "");
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Reads stdout until it holds `text`; false if it ended before.
  bool WaitFor(const std::string& text);
  void Signal(int signal) const;
  Outcome Finish();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string out_text_;
  std::string folder_;  // holds stdin and stderr
};

/// A folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string Uri() const { return "sqlite://" + path_ + "/test.db"; }
  /// Names in it.
  Words Entries() const;

 private:
  std::string path_;
};

/// An SQLite file, with SQL run on it at the beginning.
class CliTest : public ::testing::Test {
 protected:
  void Sql(const std::string& sql);
  Outcome Query(const Words& arguments, const Words& environment = {});

  Folder folder_;
  const std::string uri_ = folder_.Uri();
};

}  // namespace dbp::cli_test

#endif  // DBP_TESTS_CLI_COMMAND_H_
