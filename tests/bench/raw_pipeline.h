#ifndef DBP_TESTS_BENCH_RAW_PIPELINE_H_
#define DBP_TESTS_BENCH_RAW_PIPELINE_H_

#include <cstdint>
#include <string>

// What libpq itself reaches in pipeline mode, by hand, with nothing around it.

namespace dbp::bench {

inline constexpr int kRows = 100'000;
inline constexpr char kPoint[] = "select id, name from bench_items where id = $1";

/// Keys in no order, cheaply and alike in each run.
class Keys {
 public:
  int64_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state_ >> 33) % kRows) + 1;
  }

 private:
  uint64_t state_ = 1;
};

/// Statements a second of two connections on one thread, each with a batch of `depth` statements in
/// flight: all are sent, then all answers read, while the server works on the other's. one_sync:
/// one Sync a batch, else one a statement.
double RawPipeline(const std::string& uri, int depth, bool one_sync, double seconds);

}  // namespace dbp::bench

#endif  // DBP_TESTS_BENCH_RAW_PIPELINE_H_
