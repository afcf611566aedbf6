#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/bench/client.h"
#include "tests/bench/figure.h"

// Instructions, counted by callgrind: they do not depend on the machine's mood, so that a change of
// a few shows. The program runs itself under valgrind twice, with more calls and with fewer; what
// start and end cost is in both.

namespace dbp::bench {
namespace {

constexpr int kFew = 2'000;
constexpr int kMany = 12'000;

void BorrowAndReturn(const std::string& uri, int calls) {
  dbpool* pool = MakePool(uri, {{"pool_size", "8"}});
  for (int i = 0; i < calls; ++i) Release(Acquire(pool));
  dbpool_unref(pool);
}

void BorrowUseAndReturn(const std::string& uri, int calls) {
  dbpool* pool = MakePool(uri, {{"pool_size", "8"}});
  const std::string sql = "select 1, $1";
  for (int i = 0; i < calls; ++i) {
    const dbpool_conn conn = Acquire(pool);
    PointSelect(conn, sql, i);
    Release(conn);
  }
  dbpool_unref(pool);
}

/// The total of a callgrind file: its line `totals: N`, or `summary: N`.
double Total(const std::string& file) {
  std::ifstream lines(file);
  std::string word;
  double total = 0;
  while (lines >> word) {
    if (word == "totals:" || word == "summary:") lines >> total;
  }
  return total;
}

/// Instructions of this program, run anew with these arguments. Ends the program if valgrind does
/// not run.
double Count(const std::string& what, int calls) {
  char file[] = "/tmp/dbpool-callgrind-XXXXXX";
  close(mkstemp(file));
  const std::string out = std::string("--callgrind-out-file=") + file;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const pid_t child = fork();
  if (child == 0) {
    execlp("valgrind", "valgrind", "-q", "--tool=callgrind", out.c_str(), self.c_str(),
           what.c_str(), std::to_string(calls).c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  const bool ended = child > 0 && waitpid(child, &status, 0) == child;
  const double total = Total(file);
  unlink(file);
  if (ended && status == 0 && total > 0) return total;
  std::fprintf(stderr, "valgrind --tool=callgrind failed (Debian: apt install valgrind)\n");
  std::exit(1);
}

void Register(const std::string& what, const std::string& argument) {
  Once(what, [=]() -> std::vector<Figure> {
    const double each = (Count(argument, kMany) - Count(argument, kFew)) / (kMany - kFew);
    return {{.what = what, .unit = "instr", .ours = each}};
  });
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  if (argc == 3 && !std::strcmp(argv[1], "pair")) {
    return BorrowAndReturn("sqlite::memory:", std::atoi(argv[2])), 0;
  }
  if (argc == 3 && !std::strcmp(argv[1], "select")) {
    return BorrowUseAndReturn("sqlite::memory:", std::atoi(argv[2])), 0;
  }
  Register("instructions_acquire_release", "pair");
  Register("instructions_acquire_select_release", "select");
  return Main(argc, argv);
}
