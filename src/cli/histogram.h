#ifndef DBP_CLI_HISTOGRAM_H_
#define DBP_CLI_HISTOGRAM_H_

#include <cstdint>
#include <vector>

namespace dbp::cli {

/// Times in nanoseconds, counted in buckets that are at most 1/64 of their value wide: a quantile
/// is right within 1.6 %, whatever the number of values, in 30 kB. One thread at a time; merge at
/// the end.
class Histogram {
 public:
  Histogram();

  void Add(int64_t nanos);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  double mean() const { return count_ ? sum_ / static_cast<double>(count_) : 0; }
  /// The smallest value that at least `fraction` (0 to 1) of all do not exceed; 0 without values.
  int64_t Quantile(double fraction) const;
  /// How many values are in [from, to), to a bucket's width.
  uint64_t CountBetween(int64_t from, int64_t to) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace dbp::cli

#endif  // DBP_CLI_HISTOGRAM_H_
