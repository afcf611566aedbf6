#include "tests/cli/command.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

extern char** environ;

namespace dbp::cli_test {

namespace {

Words CleanEnvironment(const Words& extra) {
  Words all = {"LC_ALL=C"};
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const bool dropped = text.starts_with("DBPOOL_") || text.starts_with("NO_COLOR=") ||
                         text.starts_with("LC_") || text.starts_with("LANG");
    if (!dropped) all.push_back(text);
  }
  // The first entry of a name counts.
  all.insert(all.begin(), extra.begin(), extra.end());
  return all;
}

std::vector<char*> Pointers(Words& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Redirect(const std::string& path, int flags, int to) {
  const int from = open(path.c_str(), flags, 0600);
  if (from < 0 || dup2(from, to) < 0) _exit(126);
}

std::string MakeFolder() {
  std::string path = "/tmp/dbpool-cli-test-XXXXXX";
  if (!mkdtemp(path.data())) std::abort();
  return path;
}

}  // namespace

Running::Running(const Words& arguments, const Words& environment, const std::string& input)
    : folder_(MakeFolder()) {
  std::ofstream(folder_ + "/in", std::ios::binary) << input;
  Words words = arguments;
  words.insert(words.begin(), DBPOOL_COMMAND);
  Words variables = CleanEnvironment(environment);
  const std::vector<char*> argv = Pointers(words), envp = Pointers(variables);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    Redirect(folder_ + "/in", O_RDONLY, 0);
    dup2(ends[1], 1);
    Redirect(folder_ + "/err", O_WRONLY | O_CREAT, 2);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(ends[1]);
  out_ = ends[0];
}

Running::~Running() {
  if (pid_ > 0) Finish();
  std::filesystem::remove_all(folder_);
}

bool Running::WaitFor(const std::string& text) {
  char buffer[4096];
  while (out_text_.find(text) == std::string::npos) {
    const ssize_t size = read(out_, buffer, sizeof buffer);
    if (size <= 0) return false;
    out_text_.append(buffer, static_cast<size_t>(size));
  }
  return true;
}

void Running::Signal(int signal) const {
  kill(pid_, signal);
}

Outcome Running::Finish() {
  char buffer[4096];
  for (ssize_t size = 0; (size = read(out_, buffer, sizeof buffer)) > 0;)
    out_text_.append(buffer, static_cast<size_t>(size));
  close(out_);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_text_,
          ReadFile(folder_ + "/err")};
}

Outcome Dbpool(const Words& arguments, const Words& environment, const std::string& input) {
  return Running(arguments, environment, input).Finish();
}

Folder::Folder() : path_(MakeFolder()) {}
Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

Words Folder::Entries() const {
  Words names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename().string());
  return names;
}

void CliTest::Sql(const std::string& sql) {
  const Outcome outcome = Query({sql});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
}

Outcome CliTest::Query(const Words& arguments, const Words& environment) {
  Words words = {"query", uri_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Dbpool(words, environment);
}

}  // namespace dbp::cli_test
