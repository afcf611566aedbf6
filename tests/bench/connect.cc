#include <libpq-fe.h>

#include <chrono>
#include <regex>
#include <thread>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"
#include "tests/support/tcp_proxy.h"

// An eager pool of 20 PostgreSQL connections: against as many by PQconnectdb() in as many threads
// as the pool connects at a time, and behind a proxy that holds everything for 50 ms, where what
// counts is what is not done one by one.

namespace dbp::bench {
namespace {

constexpr int kConnections = 20;
constexpr int kParallel = 4;  ///< connects a pool has under way at a time
constexpr int kRounds = 15;

template <typename F>
double Millis(const F& f) {
  const auto began = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
      .count();
}

PGconn* ConnectRaw(const std::string& uri) {
  PGconn* pg = PQconnectdb(uri.c_str());
  if (PQstatus(pg) == CONNECTION_OK) return pg;
  std::fprintf(stderr, "libpq: %s", PQerrorMessage(pg));
  std::exit(1);
}

double OpenRaw(const std::string& uri) {
  PGconn* connections[kConnections];
  const double took = Millis([&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < kParallel; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t; i < kConnections; i += kParallel) connections[i] = ConnectRaw(uri);
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  for (PGconn* pg : connections) PQfinish(pg);
  return took;
}

double OpenPool(const std::string& uri, uint32_t connections) {
  dbpool* pool = nullptr;
  const double took = Millis([&] {
    pool = MakePool(uri, {{"pool_size", std::to_string(connections)}});
  });
  if (Stats(pool).open != connections) {
    std::fprintf(stderr, "the pool is not full\n");
    std::exit(1);
  }
  dbpool_unref(pool);
  return took;
}

std::vector<Figure> NextDoor(const std::string& uri) {
  const Paired pair = InTurns(
      Rounds(kRounds), [&] { return OpenPool(uri, kConnections); }, [&] { return OpenRaw(uri); });
  return {{"eager_20", "ms", pair.ours, pair.raw, pair.ratio, AtMost(1.15)}};
}

std::vector<Figure> FarAway(const std::string& uri) {
  static const std::regex address("@([^:/]+):([0-9]+)/");
  std::smatch found;
  if (!std::regex_search(uri, found, address)) std::exit(1);
  TcpProxy proxy(found[1], std::stoi(found[2]));
  proxy.to_server().delay_millis = 25;
  proxy.to_client().delay_millis = 25;
  const std::string far =
      std::regex_replace(uri, address, "@127.0.0.1:" + std::to_string(proxy.port()) + "/");
  const Paired pair = InTurns(
      Rounds(5), [&] { return OpenPool(far, kConnections); },
      [&] { return Millis([&] { PQfinish(ConnectRaw(far)); }); });
  // What ours does beyond libpq's connect takes its own time there and back, in each of the rounds
  // of four.
  const Paired own = InTurns(
      Rounds(5), [&] { return OpenPool(far, kConnections); }, [&] { return OpenPool(far, 1); });
  return {{"eager_20_far_of_one_connect", "ms", pair.ours, pair.raw, pair.ratio, AtMost(6)},
          {"eager_20_far_of_a_pool_of_one", "ms", own.ours, own.raw, own.ratio, {}}};
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  const std::string uri = PostgresUri();
  Once("eager_20", [uri] { return NextDoor(uri); });
  if (const char* tcp = std::getenv("DBPOOL_TEST_POSTGRES_TCP_URL")) {
    Once("eager_20_far", [uri = std::string(tcp)] { return FarAway(uri); });
  }
  return Main(argc, argv);
}
