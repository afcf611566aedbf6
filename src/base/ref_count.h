#ifndef DBP_BASE_REF_COUNT_H_
#define DBP_BASE_REF_COUNT_H_

#include <atomic>
#include <cstdint>

namespace dbp {

/// How many hold an object. Starts at one.
class RefCount {
 public:
  void Add() { count_.fetch_add(1, std::memory_order_relaxed); }
  /// True for the last one: what all others did to the object is then visible.
  bool Drop() { return count_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  /// Nobody but the caller holds it.
  bool Last() const { return count_.load(std::memory_order_acquire) == 1; }

 private:
  std::atomic<uint32_t> count_{1};
};

}  // namespace dbp

#endif  // DBP_BASE_REF_COUNT_H_
