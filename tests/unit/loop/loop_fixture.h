#ifndef DBP_TESTS_UNIT_LOOP_LOOP_FIXTURE_H_
#define DBP_TESTS_UNIT_LOOP_LOOP_FIXTURE_H_

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "loop/reactor.h"

namespace dbp {

/// A watch, timer and task each with a function to call.
struct WatchFor final : Watch {
  explicit WatchFor(std::function<void(uint32_t)> f) : call(std::move(f)) {}
  void OnReady(uint32_t events) override { call(events); }
  std::function<void(uint32_t)> call;
};
struct TimerFor final : Timer {
  explicit TimerFor(std::function<void()> f) : call(std::move(f)) {}
  void OnDue() override { call(); }
  std::function<void()> call;
};
struct TaskFor final : Task {
  explicit TaskFor(std::function<void()> f) : call(std::move(f)) {}
  void Run() override { call(); }
  std::function<void()> call;
};

/// Two sockets that are each other's peer.
class SocketPair {
 public:
  SocketPair() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_) != 0) std::abort();
  }
  ~SocketPair() {
    Close(0);
    Close(1);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  int ours() const { return ends_[0]; }
  void PeerWrites() {
    if (write(ends_[1], "x", 1) != 1) std::abort();
  }
  void PeerCloses() { Close(1); }
  void Read() {
    char byte;
    if (read(ends_[0], &byte, 1) != 1) std::abort();
  }

 private:
  void Close(int end) {
    if (ends_[end] >= 0) close(std::exchange(ends_[end], -1));
  }
  int ends_[2];
};

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_LOOP_LOOP_FIXTURE_H_
