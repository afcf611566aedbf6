#include "tests/oom/malloc.h"

#include <cerrno>
#include <cstddef>

#include <atomic>

// glibc's own, under the names that survive a replaced malloc.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace dbp::oom {
namespace {

std::atomic<bool> armed{false};
std::atomic<bool> failed{false};
std::atomic<uint64_t> count{0};
std::atomic<uint64_t> target{0};
std::atomic<bool> always{false};

/// Whether this allocation is to fail.
bool Refuse() {
  if (!armed.load(std::memory_order_relaxed)) return false;
  const uint64_t mine = count.fetch_add(1);
  if (always ? mine < target : mine != target) return false;
  failed = true;
  errno = ENOMEM;
  return true;
}

}  // namespace

void Arm(uint64_t n, Fail how) {
  count = 0;
  target = n;
  always = how == Fail::kAlways;
  failed = false;
  armed = true;
}

uint64_t Disarm() {
  armed = false;
  return count;
}

bool HasFailed() { return failed; }

}  // namespace dbp::oom

extern "C" {

void* malloc(size_t size) { return dbp::oom::Refuse() ? nullptr : __libc_malloc(size); }

void* calloc(size_t n, size_t size) { return dbp::oom::Refuse() ? nullptr : __libc_calloc(n, size); }

void* realloc(void* old, size_t size) {
  return dbp::oom::Refuse() ? nullptr : __libc_realloc(old, size);
}

void* memalign(size_t alignment, size_t size) {
  return dbp::oom::Refuse() ? nullptr : __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** out, size_t alignment, size_t size) {
  void* memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *out = memory;
  return 0;
}

}  // extern "C"
