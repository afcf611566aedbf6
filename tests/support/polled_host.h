#ifndef DBP_TESTS_SUPPORT_POLLED_HOST_H_
#define DBP_TESTS_SUPPORT_POLLED_HOST_H_

#include <dbpool/dbpool.h>
#include <poll.h>

#include <map>
#include <vector>

namespace dbp {

/// What drives a loop that has no thread: its descriptor, and the sockets of one that is polled, by poll(2).
class PolledHost {
 public:
  /// Runs what is ready, until nothing is.
  void Turn(dbpool_loop* loop) {
    for (bool ran = true; ran;) {
      Look(loop);
      std::vector<uint64_t> ready;
      for (const auto& [number, socket] : sockets_) {
        if (Ready(socket.fd, static_cast<short>(socket.events))) ready.push_back(number);
      }
      ran = !ready.empty() || Ready(dbpool_loop_fd(loop), POLLIN);
      for (const uint64_t number : ready) {
        sockets_.erase(number);
        while (dbpool_loop_ready(loop, number) == DBPOOL_PENDING) continue;
      }
      if (ran) dbpool_loop_dispatch(loop, 0);
    }
  }
  /// How many waits it was told of.
  int told() const { return told_; }

 private:
  void Look(dbpool_loop* loop) {
    dbpool_socket socket = {.struct_size = sizeof socket};
    for (; dbpool_loop_wanted(loop, &socket) == DBPOOL_OK; ++told_) sockets_[socket.number] = socket;
  }
  /// A closed one counts: its wait is over.
  static bool Ready(int fd, short events) {
    pollfd polled = {.fd = fd, .events = events};
    return poll(&polled, 1, 0) == 1;
  }

  std::map<uint64_t, dbpool_socket> sockets_;
  int told_ = 0;
};

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_POLLED_HOST_H_
