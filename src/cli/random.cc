#include "cli/random.h"

namespace dbp::cli {

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

int64_t Random::Between(int64_t first, int64_t last) {
  const uint64_t span = static_cast<uint64_t>(last - first) + 1;
  return first + static_cast<int64_t>(span == 0 ? Next() : Next() % span);
}

}  // namespace dbp::cli
