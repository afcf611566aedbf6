#ifndef DBP_CLI_RANDOM_H_
#define DBP_CLI_RANDOM_H_

#include <cstdint>

namespace dbp::cli {

/// Small, fast and good enough to pick rows (SplitMix64). One per thread.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next();
  /// From first to last, both included. REQUIRES: first <= last.
  int64_t Between(int64_t first, int64_t last);

 private:
  uint64_t state_;
};

}  // namespace dbp::cli

#endif  // DBP_CLI_RANDOM_H_
