#ifndef DBP_TESTS_UNIT_LOOP_LOOP_FIXTURE_H_
#define DBP_TESTS_UNIT_LOOP_LOOP_FIXTURE_H_

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "loop/reactor.h"
#include "tests/support/testing.h"

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

class ReactorTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(Reactor::Create(&reactor_)); }
  /// What is ready now, and what becomes so by it.
  void Drain() {
    while (reactor_->Drain(Deadline::At(0), 8)) {}
  }
  bool Readable() {
    pollfd poll_fd = {.fd = reactor_->fd(), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
  }

  std::unique_ptr<Reactor> reactor_;
};

/// Runs the reactor on a thread until the end of the test.
class Runner {
 public:
  explicit Runner(Reactor& reactor) : reactor_(reactor) {
    thread_ = std::thread([this] {
      while (!over_) reactor_.RunOnce(Deadline::Never());
    });
  }
  ~Runner() {
    reactor_.Post(end_);
    thread_.join();
  }
  std::thread::id id() const { return thread_.get_id(); }

 private:
  Reactor& reactor_;
  bool over_ = false;  // the thread's
  TaskFor end_{[this] { over_ = true; }};
  std::thread thread_;
};

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_LOOP_LOOP_FIXTURE_H_
