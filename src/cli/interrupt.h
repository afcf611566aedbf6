#ifndef DBP_CLI_INTERRUPT_H_
#define DBP_CLI_INTERRUPT_H_

#include <functional>
#include <thread>

namespace dbp::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP arrive on a thread of their own instead of killing
/// the process, so that what a command has made (a temporary folder, a table, a hidden cursor) is
/// taken away again.
///
/// The first one sets Requested() and calls on_first once; whoever runs looks at it and comes to an
/// end by the normal way. A second one does not wait any longer: the terminal and the temporary
/// folder are put in order and the process exits with 130.
///
/// REQUIRES: made before any other thread, one at a time. SIGUSR1 is used to end the thread.
class InterruptGuard {
 public:
  explicit InterruptGuard(std::function<void()> on_first = [] {});
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool Requested();

 private:
  std::function<void()> on_first_;
  std::thread thread_;
};

}  // namespace dbp::cli

#endif  // DBP_CLI_INTERRUPT_H_
