#include "driver/sqlite/blocks.h"

#include <new>

namespace dbp::sqlite {

BlockPool::~BlockPool() {
  for (size_t i = 0; i < count_; ++i) ::operator delete(spare_[i]);
}

void* BlockPool::Take() {
  {
    const MutexLock lock(mu_);
    if (count_ > 0) return spare_[--count_];
  }
  return ::operator new(kBlock);
}

void BlockPool::Give(void* block) {
  {
    const MutexLock lock(mu_);
    if (count_ < kSpare) {
      spare_[count_++] = block;
      return;
    }
  }
  ::operator delete(block);
}

}  // namespace dbp::sqlite
