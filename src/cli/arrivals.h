#ifndef DBP_CLI_ARRIVALS_H_
#define DBP_CLI_ARRIVALS_H_

// When the next request is due. A request's time counts from then, not from when a thread got round
// to it: a system that stalls must not hide the requests it kept waiting (coordinated omission).

#include <cstdint>
#include <memory>

#include "cli/random.h"

namespace dbp::cli {

/// Nanoseconds on CLOCK_MONOTONIC.
int64_t Now();

struct Request {
  int64_t due = 0;
  uint32_t user = 0;
};

/// Used by all threads of a load at once.
class Arrivals {
 public:
  virtual ~Arrivals() = default;
  /// The load begins at `start`. Called once, before all else.
  virtual void Start(int64_t start) = 0;
  /// The next request, which may be due in the future; the caller waits until then.
  virtual Request Next() = 0;
  /// That request has been answered.
  virtual void Done(const Request& request, Random& random) = 0;
  /// Requests due before `end` that nobody has taken. Asked when the threads have ended.
  virtual uint64_t Overdue(int64_t end) = 0;
};

/// Each thread sends its next request as soon as the last one is answered.
std::unique_ptr<Arrivals> BackToBack();

/// per_second requests, evenly spaced, whether or not earlier ones have been answered.
std::unique_ptr<Arrivals> AtRate(double per_second);

/// `users`, each of whom thinks for a time between think_min and think_max (ns), sends a request,
/// and thinks again when it is answered. They begin spread over one think time.
std::unique_ptr<Arrivals> Users(uint32_t users, int64_t think_min, int64_t think_max);

}  // namespace dbp::cli

#endif  // DBP_CLI_ARRIVALS_H_
