#ifndef DBP_TESTS_SUPPORT_TCP_PROXY_H_
#define DBP_TESTS_SUPPORT_TCP_PROXY_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

// A TCP relay in this process that misbehaves as it is told: between a client and a server under
// test. It listens on 127.0.0.1, on a port of its own; each connection has one thread.

namespace dbp {

class TcpProxy {
 public:
  enum class Mode : int {
    kPass,
    kStall,   ///< takes bytes in and keeps them to itself until the mode changes
    kSlices,  ///< passes one byte per write
    kClose,   ///< ends the connection in an orderly way (FIN) as soon as bytes come
    kDrop,    ///< ends it with a reset (RST) as soon as bytes come
  };
  struct Direction {
    std::atomic<Mode> mode{Mode::kPass};
    /// Passes so many bytes more, then closes both sides. Negative: no limit.
    std::atomic<int64_t> cut_after{-1};
    /// Holds what came for so long before it passes it on: what each way of a distant server takes.
    std::atomic<int> delay_millis{0};
    std::atomic<int64_t> bytes{0};
    /// Times the direction of the traffic turned to this one: a request and its answer, in whatever
    /// number of pieces, are one burst each way. bursts of to_server are round trips.
    std::atomic<int64_t> bursts{0};
  };

  /// To a unix socket if host begins with '/', else to an IPv4 address.
  TcpProxy(std::string host, int port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }
  int connections() const { return accepted_; }
  Direction& to_server() { return to_server_; }
  Direction& to_client() { return to_client_; }

 private:
  struct Link;
  void Accept();
  void Relay(Link* link);
  bool Move(Link* link, int from, int to, Direction* direction);
  bool Write(int to, const char* data, size_t size, Direction* direction);
  int ConnectToServer() const;

  const std::string host_;
  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  Direction to_server_, to_client_;
  std::mutex mu_;
  std::list<std::unique_ptr<Link>> links_;  // by mu_
  std::thread acceptor_;
};

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_TCP_PROXY_H_
