#include "cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <pthread.h>
#include <unistd.h>
#include <utility>

#include "cli/commands.h"
#include "cli/scratch.h"
#include "cli/terminal.h"

namespace dbp::cli {

namespace {

std::atomic<bool> requested = false;

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

}  // namespace

InterruptGuard::InterruptGuard(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  const sigset_t set = Signals();
  // Threads started from here on inherit the mask, the library's included.
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this, set] {
    int signal = 0;
    while (sigwait(&set, &signal) == 0 && signal != SIGUSR1) {
      if (requested.exchange(true)) {
        RestoreTerminal();
        TemporaryFolder::RemoveLeftover();
        _exit(kExitInterrupted);
      }
      on_first_();
    }
  });
}

InterruptGuard::~InterruptGuard() {
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

bool InterruptGuard::Requested() {
  return requested.load(std::memory_order_relaxed);
}

}  // namespace dbp::cli
