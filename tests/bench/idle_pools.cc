#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/bench/client.h"
#include "tests/bench/figure.h"
#include "tests/support/testing.h"

// 10,000 pools that nobody uses: their memory, their threads, and how often those wake while
// nothing is due.

namespace dbp::bench {
namespace {

constexpr int kPools = 10'000;
constexpr char kUri[] =
    "postgresql://app:secret@db.example.com/app?sslmode=require";  // never connected to

/// In bytes: what malloc has given out, and what the process has of the machine.
double Allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

double Resident() {
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return static_cast<double>(pages) * 4096;
}

/// Context switches that each thread but the caller's asked for, by thread id.
std::map<std::string, long> Switches() {
  std::map<std::string, long> switches;
  const std::string self = std::to_string(getpid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == self) continue;
    std::ifstream status(task.path() / "status");
    std::string word;
    while (status >> word && word != "voluntary_ctxt_switches:") {
    }
    status >> switches[task.path().filename()];
  }
  return switches;
}

/// There is no event to await: that there is none is what is looked for.
void Pass(Nanos time) {
  Await([] { return false; }, time);
}

std::vector<Figure> Idle() {
  std::vector<dbpool*> pools(kPools);
  dbpool_unref(MakePool("sqlite::memory:",
                        {{"lazy", "on"}}));  // what the first pool needs, none of them owns
  const double allocated = Allocated(), resident = Resident();
  for (dbpool*& pool : pools) pool = MakePool(kUri, {{"lazy", "on"}});
  const double each = (Allocated() - allocated) / kPools;
  const double resident_each = (Resident() - resident) / kPools;

  Pass(kSecond);  // threads that were busy with the last create come to rest first
  const auto before = Switches();
  Pass(2 * kSecond);
  const auto after = Switches();
  double woken = 0;
  for (const auto& [thread, count] : after) {
    const auto was = before.find(thread);
    woken += static_cast<double>(count - (was == before.end() ? 0 : was->second));
  }
  const auto threads = static_cast<double>(after.size());
  for (dbpool* pool : pools) dbpool_unref(pool);
  return {
      {.what = "idle_pool_heap", .unit = "bytes", .ours = each, .goal = AtMost(8192)},
      {.what = "idle_pool_resident", .unit = "bytes", .ours = resident_each, .goal = AtMost(8192)},
      {.what = "idle_pools_threads", .unit = "", .ours = threads, .goal = AtMost(1)},
      {.what = "idle_pools_wakeups", .unit = "in 2 s", .ours = woken, .goal = AtMost(0)}};
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  dbp::bench::Once("idle_pools_10000", dbp::bench::Idle);
  return dbp::bench::Main(argc, argv);
}
