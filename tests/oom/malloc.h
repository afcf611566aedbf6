#ifndef DBP_TESTS_OOM_MALLOC_H_
#define DBP_TESTS_OOM_MALLOC_H_

#include <cstdint>

// A malloc that fails when told to. It stands before libc's by the order of linking, so that libdbpool,
// SQLite, libstdc++ and libc itself all ask it, on every thread.

namespace dbp::oom {

enum class Fail : uint8_t {
  kOnce,   ///< the n-th allocation, and no other
  kAlways  ///< it and all after it
};

/// From now on allocations are counted, from 0; the n-th fails. On whatever thread.
void Arm(uint64_t n, Fail how);
/// Stops counting. Returns how many allocations there were.
uint64_t Disarm();
/// Whether an allocation has failed since Arm().
bool HasFailed();

}  // namespace dbp::oom

#endif  // DBP_TESTS_OOM_MALLOC_H_
