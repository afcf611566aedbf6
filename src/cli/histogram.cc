#include "cli/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dbp::cli {

namespace {

// Values below 128 have a bucket each; above, every power of two is cut into 64.
constexpr int kBits = 6;
constexpr size_t kBuckets = (64 - kBits) << kBits;

size_t BucketOf(uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - (kBits + 1));
  return (static_cast<size_t>(shift) << kBits) + static_cast<size_t>(value >> shift);
}

// The smallest value of a bucket.
int64_t Floor(size_t bucket) {
  if (bucket < (2u << kBits)) return static_cast<int64_t>(bucket);
  const size_t shift = (bucket >> kBits) - 1;
  return static_cast<int64_t>((bucket - (shift << kBits)) << shift);
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::Add(int64_t nanos) {
  nanos = std::max<int64_t>(nanos, 0);
  ++buckets_[BucketOf(static_cast<uint64_t>(nanos))];
  ++count_;
  max_ = std::max(max_, nanos);
  sum_ += static_cast<double>(nanos);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

int64_t Histogram::Quantile(double fraction) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= std::max<uint64_t>(wanted, 1)) return std::min(Floor(i + 1) - 1, max_);
  }
  return max_;
}

uint64_t Histogram::CountBetween(int64_t from, int64_t to) const {
  uint64_t count = 0;
  for (size_t i = 0; i < kBuckets && Floor(i) < to; ++i) {
    if (Floor(i) >= from) count += buckets_[i];
  }
  return count;
}

}  // namespace dbp::cli
