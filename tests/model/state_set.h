#ifndef DBP_TESTS_MODEL_STATE_SET_H_
#define DBP_TESTS_MODEL_STATE_SET_H_

#include <cstdint>
#include <vector>

#include "tests/model/fast_path_model.h"

namespace dbp::model {

/// The states a search has seen: open addressing, 16 bytes each, grows by doubling.
class StateSet {
 public:
  StateSet() : table_(1 << 12) {}

  /// False if it was there already. REQUIRES: not all zero, which no state is (an empty queue is
  /// not 0).
  bool Insert(const Packed& key) {
    if (size_ * 4 >= table_.size() * 3) Grow();
    Packed& place = Find(key);
    if (place == key) return false;
    place = key;
    ++size_;
    return true;
  }
  uint64_t size() const { return size_; }

 private:
  Packed& Find(const Packed& key) {
    uint64_t hash = (key.high ^ key.low * 0x9E3779B97F4A7C15ULL) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32;
    for (uint64_t at = hash;; ++at) {
      Packed& place = table_[at & (table_.size() - 1)];
      if (place == key || place == Packed{}) return place;
    }
  }
  void Grow() {
    std::vector<Packed> old(table_.size() * 2);
    old.swap(table_);
    for (const Packed& key : old) {
      if (key != Packed{}) Find(key) = key;
    }
  }

  std::vector<Packed> table_;
  uint64_t size_ = 0;
};

}  // namespace dbp::model

#endif  // DBP_TESTS_MODEL_STATE_SET_H_
