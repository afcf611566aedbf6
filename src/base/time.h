#ifndef DBP_BASE_TIME_H_
#define DBP_BASE_TIME_H_

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <limits>

// Time is CLOCK_MONOTONIC in nanoseconds, everywhere: as a point and as a span. The wall clock is
// never asked. kForever as a point is never reached, as a span never over.

namespace dbp {

using Nanos = int64_t;

inline constexpr Nanos kForever = std::numeric_limits<Nanos>::max();
inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

/// a + b without overflow; kForever stays kForever.
inline Nanos AddSaturated(Nanos a, Nanos b) {
  Nanos sum;
  return __builtin_add_overflow(a, b, &sum) ? kForever : sum;
}

inline Nanos ReadClock(clockid_t id) {
  timespec ts;
  clock_gettime(id, &ts);
  return Nanos{ts.tv_sec} * kSecond + ts.tv_nsec;
}

/// Exact, about 21 ns.
inline Nanos Now() { return ReadClock(CLOCK_MONOTONIC); }

/// Behind by up to one kernel tick (4 ms), about 5 ns.
inline Nanos CoarseNow() { return ReadClock(CLOCK_MONOTONIC_COARSE); }

/// The ABI's milliseconds as a span. REQUIRES: ms >= 0; INT64_MAX is kForever.
inline Nanos FromMillis(int64_t ms) {
  return ms > kForever / kMillisecond ? kForever : ms * kMillisecond;
}

/// The one absolute deadline of a call. It is passed down and never re-armed.
class Deadline {
 public:
  static Deadline Never() { return Deadline(kForever); }
  static Deadline At(Nanos point) { return Deadline(point); }
  static Deadline After(Nanos span) { return After(span, Now()); }
  static Deadline After(Nanos span, Nanos now) { return Deadline(AddSaturated(now, span)); }

  Nanos point() const { return point_; }
  bool never() const { return point_ == kForever; }
  bool Passed(Nanos now = Now()) const { return now >= point_; }
  /// Never negative.
  Nanos Left(Nanos now = Now()) const { return never() ? kForever : std::max<Nanos>(0, point_ - now); }
  Deadline Earlier(Deadline other) const { return Deadline(std::min(point_, other.point_)); }

  /// What poll(2) wants: milliseconds rounded up, -1 for ever.
  int PollMillis(Nanos now = Now()) const {
    if (never()) return -1;
    const Nanos ms = (Left(now) + kMillisecond - 1) / kMillisecond;
    return static_cast<int>(std::min<Nanos>(ms, std::numeric_limits<int>::max()));
  }

 private:
  explicit Deadline(Nanos point) : point_(point) {}
  Nanos point_;
};

}  // namespace dbp

#endif  // DBP_BASE_TIME_H_
