#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/capi/async.h"

// What the library leaves alone: streams, signals, locale, environment; and what it gives back: descriptors
// and threads.

extern char** environ;

namespace dbp::capi {
namespace {

int Count(const char* directory) {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator(directory), {}));
}
int Descriptors() { return Count("/proc/self/fd"); }
int Threads() { return Count("/proc/self/task"); }

/// A run through the whole of the library, with failures.
void UseEverything(const std::string& file) {
  Pool pool = MakePool("sqlite:" + file, {{"pool_size", "3"}, {"max_overflow", "1"}});
  const dbpool_conn conn = Borrow(pool);
  EXPECT_STATUS(Execute(conn, "create table if not exists t (x int)"), DBPOOL_OK);
  EXPECT_STATUS(Execute(conn, "select nonsense"), DBPOOL_ERR_SQL);
  for (const LeaseCall& call : LeaseCalls()) call.run(conn, nullptr);
  for (const PoolCall& call : PoolCalls()) call.run(pool.get(), nullptr);
  Result stream;
  const Pool other = MakePool("sqlite::memory:");
  const dbpool_conn reader = Borrow(other);
  EXPECT_STATUS(Stream(reader, Numbers(1000), &stream), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(reader), DBPOOL_OK);
  dbpool* none = nullptr;
  EXPECT_STATUS(dbpool_create("postgresql://u:p@127.0.0.1:1/d", nullptr, &none, nullptr),
                DBPOOL_ERR_CONNECT);
  EXPECT_STATUS(dbpool_create("sqlite:/no/such/directory/x.db", nullptr, &none, nullptr),
                DBPOOL_ERR_CONNECT);
  dbpool_server server = {.struct_size = sizeof server};
  EXPECT_STATUS(dbpool_probe("sqlite::memory:", nullptr, -1, &server, nullptr), DBPOOL_OK);
}

struct Surroundings {
  std::vector<struct sigaction> handlers;
  sigset_t mask = {};
  std::vector<std::string> environment;
  std::string locale, directory;
  mode_t creation = 0;

  static Surroundings Now() {
    Surroundings now;
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action;
      std::memset(&action, 0, sizeof action);
      if (sigaction(signal, nullptr, &action) == 0) now.handlers.push_back(action);
    }
    sigprocmask(SIG_SETMASK, nullptr, &now.mask);
    for (char** entry = environ; *entry; ++entry) now.environment.push_back(*entry);
    now.locale = setlocale(LC_ALL, nullptr);
    now.directory = std::filesystem::current_path().string();
    now.creation = umask(0);
    umask(now.creation);
    return now;
  }
};

TEST(Process, KeepsItsSignalsLocaleEnvironmentAndUmask) {
  const TempDir dir;
  const Surroundings before = Surroundings::Now();
  UseEverything(dir.File("x.db"));
  const Surroundings after = Surroundings::Now();
  ASSERT_EQ(before.handlers.size(), after.handlers.size());
  for (size_t i = 0; i < before.handlers.size(); ++i) {
    EXPECT_EQ(before.handlers[i].sa_handler, after.handlers[i].sa_handler) << i;
    EXPECT_EQ(before.handlers[i].sa_flags, after.handlers[i].sa_flags) << i;
  }
  EXPECT_EQ(std::memcmp(&before.mask, &after.mask, sizeof before.mask), 0);
  EXPECT_EQ(before.environment, after.environment);
  EXPECT_EQ(before.locale, after.locale);
  EXPECT_EQ(before.directory, after.directory);
  EXPECT_EQ(before.creation, after.creation);
}

/// A standard stream, into a file for a while.
class Captured {
 public:
  Captured(int fd, const std::string& file) : fd_(fd), file_(file), saved_(dup(fd)) {
    const int to = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(to, fd_);
    close(to);
  }
  ~Captured() { Restore(); }
  std::string Restore() {
    if (saved_ >= 0) {
      dup2(saved_, fd_);
      close(saved_);
      saved_ = -1;
    }
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  int fd_;
  std::string file_;
  int saved_;
};

TEST(Process, HearsNothingOnItsStandardStreams) {
  const TempDir dir;
  fflush(nullptr);
  Captured out(1, dir.File("out")), err(2, dir.File("err"));
  UseEverything(dir.File("x.db"));
  EXPECT_EQ(err.Restore(), "");
  EXPECT_EQ(out.Restore(), "");
}

TEST(Process, WorksWithItsStandardStreamsClosed) {
  const TempDir dir;
  EXPECT_EQ(InChild([&] {
              for (int fd : {0, 1, 2}) close(fd);
              const Pool pool = MakePool("sqlite:" + dir.File("x.db"));
              return Ask(pool, "select 1") == "1" ? 0 : 1;
            }),
            0);
}

TEST(Process, MakesAndClosesHundredsOfPoolsAtOnceWithoutAThreadForEach) {
  constexpr int kPools = 300;  // more than there are workers
  const Loop loop = MakeLoop(DBPOOL_LOOP_THREAD);
  std::vector<Answer> made(kPools), closed(kPools);
  for (Answer& answer : made) {
    ASSERT_STATUS(dbpool_create_async("sqlite::memory:", nullptr, loop.get(), Answer::OnCreated, &answer, nullptr,
                                      nullptr),
                  DBPOOL_PENDING);
  }
  std::vector<dbpool_conn> leases(kPools);
  for (int i = 0; i < kPools; ++i) {
    ASSERT_TRUE(Await([&] { return made[i].calls() > 0; }));
    ASSERT_STATUS(made[i].status, DBPOOL_OK) << made[i].message;
    ASSERT_STATUS(dbpool_acquire(made[i].pool, -1, &leases[i], nullptr), DBPOOL_OK);
  }
  for (int i = 0; i < kPools; ++i) {
    ASSERT_STATUS(dbpool_close_async(made[i].pool, loop.get(), INT64_MAX, Answer::OnDone, &closed[i], nullptr, nullptr),
                  DBPOOL_PENDING);
  }
  EXPECT_EQ(Ask(MakePool("sqlite::memory:"), "select 1"), "1") << "others find a thread";
  EXPECT_TRUE(Await([] { return Threads() <= 3; })) << Threads() << ": this one, the loop's, the keeper's";
  for (const Answer& answer : closed) EXPECT_EQ(answer.calls(), 0);
  for (dbpool_conn conn : leases) EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  for (const Answer& answer : closed) {
    ASSERT_TRUE(Await([&] { return answer.calls() > 0; }));
    EXPECT_STATUS(answer.status, DBPOOL_OK);
  }
}

TEST(Process, HasItsDescriptorsAndThreadsBackAfterAThousandPools) {
  const TempDir dir;
  const std::string uri = "sqlite:" + dir.File("x.db");
  { const Pool warm = MakePool(uri); }
  ASSERT_TRUE(Await([] { return Threads() == 1; })) << "idle workers end";
  const int before = Descriptors();
  for (int i = 0; i < 1000; ++i) {
    const Pool pool = MakePool(i % 2 ? uri : "sqlite::memory:", {{"pool_size", "2"}});
    if (i % 10 == 0) {
      EXPECT_STATUS(dbpool_close(pool.get(), -1, nullptr), DBPOOL_OK);
    }
  }
  EXPECT_TRUE(Await([&] { return Descriptors() <= before; })) << Descriptors() << " of " << before;
  EXPECT_TRUE(Await([] { return Threads() == 1; })) << Threads();
}

TEST(Process, LosesNoDescriptorToTenThousandFailedConnects) {
  const TempDir dir;
  dbpool* none = nullptr;
  const auto fail = [&](const std::string& uri) {
    ASSERT_STATUS(dbpool_create(uri.c_str(), nullptr, &none, nullptr), DBPOOL_ERR_CONNECT);
    ASSERT_EQ(none, nullptr);
  };
  const std::string sqlite = "sqlite:" + dir.File("no/such.db") + "?pool_size=1";
  const std::string refused = "postgresql://u@127.0.0.1:1/d?pool_size=1";
  const std::string no_socket = "postgresql://u@/d?pool_size=1&host=" + dir.path();
  for (const std::string& uri : {sqlite, refused, no_socket}) fail(uri);
  ASSERT_TRUE(Await([] { return Threads() == 1; }));
  const int before = Descriptors();
  for (int i = 0; i < 3334; ++i) {
    for (const std::string& uri : {sqlite, refused, no_socket}) fail(uri);
    if (HasFatalFailure()) return;
  }
  EXPECT_TRUE(Await([&] { return Descriptors() <= before; })) << Descriptors() << " of " << before;
}

}  // namespace
}  // namespace dbp::capi
