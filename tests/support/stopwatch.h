#ifndef DBP_TESTS_SUPPORT_STOPWATCH_H_
#define DBP_TESTS_SUPPORT_STOPWATCH_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "base/time.h"

namespace dbp {

/// Ticks once a millisecond, on a thread that does nothing else, and makes up for none that it missed: on a machine
/// that stands still or has no time for this process it stands still, too.
class Metronome {
 public:
  static int64_t ticks() {
    static Metronome& one = *new Metronome;  // as long as the process
    return one.ticks_;
  }

 private:
  Metronome() {
    std::thread([this] {
      for (;; ++ticks_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }).detach();
  }

  std::atomic<int64_t> ticks_{0};
};

/// What has passed since it was made.
class Stopwatch {
 public:
  /// By the clock: for what must not come too early.
  int64_t millis() const { return (Now() - began_) / kMillisecond; }
  /// By the metronome: for what must not come too late.
  int64_t ticks() const { return Metronome::ticks() - first_; }

 private:
  const int64_t first_ = Metronome::ticks();
  const Nanos began_ = Now();
};

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_STOPWATCH_H_
