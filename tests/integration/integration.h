#ifndef DBP_TESTS_INTEGRATION_INTEGRATION_H_
#define DBP_TESTS_INTEGRATION_INTEGRATION_H_

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/abi.h"
#include "tests/support/stopwatch.h"
#include "tests/support/testing.h"

// What the suites against real databases share.

namespace dbp {

using namespace abi;

inline std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << " is not set: run by tests/support/with_postgres";
  return value ? value : "";
}

/// The superuser, over the unix socket.
inline std::string PostgresUrl() {
  return FromEnvironment("DBPOOL_TEST_POSTGRES_URL");
}
/// The role dbpool with its password, over TCP.
inline std::string PostgresTcpUrl() {
  return FromEnvironment("DBPOOL_TEST_POSTGRES_TCP_URL");
}
inline std::string SqliteUrl(const std::string& path) {
  return "sqlite://" + path;
}

inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// The URL with 127.0.0.1:port instead of its own.
inline std::string AtPort(const std::string& tcp_url, int port) {
  const size_t at = tcp_url.find("127.0.0.1:"), end = tcp_url.find('/', at);
  return tcp_url.substr(0, at + 10) + std::to_string(port) + tcp_url.substr(end);
}
inline int PortOf(const std::string& tcp_url) {
  return std::atoi(tcp_url.c_str() + tcp_url.find("127.0.0.1:") + 10);
}

/// Runs work(0 ... n-1), each on a thread.
inline void OnThreads(int n, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

/// Resident memory of this process.
inline int64_t ResidentKb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atoll(line.c_str() + 6);
  }
  return 0;
}

/// A statement that runs on a thread of its own; constructed, it runs.
class Running {
 public:
  Running(const abi::Lease& lease, const std::string& sql, int64_t timeout_ms) {
    thread_ = std::thread([this, &lease, sql, timeout_ms] {
      do {  // our own look may be in the way
        error_ = lease.Run(sql, {}, {.timeout_ms = timeout_ms});
      } while (error_.code == DBPOOL_ERR_BUSY);
    });
    // Refused without a word to the server, for want of a transaction, or because the lease is in
    // use.
    EXPECT_TRUE(Await(
        [&] { return dbpool_conn_savepoint(lease.token(), "none", nullptr) == DBPOOL_ERR_BUSY; }));
  }
  ~Running() {
    if (thread_.joinable()) thread_.join();
  }
  const abi::Error& Join() {
    thread_.join();
    return error_;
  }

 private:
  abi::Error error_;
  std::thread thread_;
};

inline std::string NameOfLoop(const testing::TestParamInfo<uint32_t>& tested) {
  const char* const names[] = {"Thread", "External", "Polled"};
  return names[tested.param];
}
/// A suite with a loop's kind as its parameter.
#define DBP_ON_EVERY_LOOP(suite)                                                                          \
  INSTANTIATE_TEST_SUITE_P(Kind, suite,                                                                   \
                           testing::Values(DBPOOL_LOOP_THREAD, DBPOOL_LOOP_EXTERNAL, DBPOOL_LOOP_POLLED), \
                           NameOfLoop)

}  // namespace dbp

#endif  // DBP_TESTS_INTEGRATION_INTEGRATION_H_
