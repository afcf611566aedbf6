#ifndef DBP_CLI_LOAD_H_
#define DBP_CLI_LOAD_H_

// Threads that send requests for a time, and what came of it.

#include <dbpool/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "cli/arrivals.h"
#include "cli/histogram.h"
#include "cli/random.h"

namespace dbp::cli {

/// One request. Returns the nanoseconds it waited for a connection; throws Failure.
using Work = std::function<int64_t(Random&)>;

struct Progress {
  int64_t elapsed = 0;  ///< ns since the start
  uint64_t done = 0;    ///< requests answered
  uint64_t failed = 0;
};

struct LoadPlan {
  uint32_t threads = 1;
  int64_t duration = 0;        ///< ns
  int64_t tick = 100'000'000;  ///< ns between two calls of on_tick
  std::function<void(const Progress&)> on_tick = [](const Progress&) {};
};

struct ErrorCount {
  uint64_t count = 0;
  std::string first;  ///< the first message
};

struct LoadResult {
  Histogram latency;  ///< from due to answered, of requests that succeeded
  Histogram wait;     ///< of that, the time to get a connection
  std::map<dbpool_status, ErrorCount> errors;
  int64_t elapsed = 0;   ///< ns
  uint64_t overdue = 0;  ///< requests that were due but not begun when the time was over

  uint64_t failed() const;
  double per_second() const;
};

/// Runs until the duration is over or an interrupt was asked for; requests that run then are
/// finished. However short the time, each thread sends one if any is due. After a failed request a thread pauses for 10 ms, so that an outage is counted and not
/// amplified.
LoadResult RunLoad(const LoadPlan& plan, Arrivals& arrivals, const Work& work);

}  // namespace dbp::cli

#endif  // DBP_CLI_LOAD_H_
