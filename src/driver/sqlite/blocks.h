#ifndef DBP_DRIVER_SQLITE_BLOCKS_H_
#define DBP_DRIVER_SQLITE_BLOCKS_H_

#include <array>
#include <cstddef>

#include "base/mutex.h"

namespace dbp::sqlite {

/// Large blocks of memory, kept for the next large result instead of given back: the page faults of
/// new memory cost such a result a quarter of its time. Keeps kSpare of them at most, 8 MiB per
/// database. Used by any thread: a result may be freed far from its connection.
class BlockPool {
 public:
  static constexpr size_t kBlock = 256 * 1024;

  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// kBlock bytes. Throws std::bad_alloc.
  void* Take();
  void Give(void* block);

 private:
  static constexpr size_t kSpare = 32;

  Mutex mu_;
  std::array<void*, kSpare> spare_ DBP_GUARDED_BY(mu_) = {};
  size_t count_ DBP_GUARDED_BY(mu_) = 0;
};

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_BLOCKS_H_
