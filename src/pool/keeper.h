#ifndef DBP_POOL_KEEPER_H_
#define DBP_POOL_KEEPER_H_

#include <cstddef>

#include "base/status.h"
#include "base/time.h"

namespace dbp {

/// Something the keeper looks after.
class Kept {
 public:
  virtual ~Kept() = default;
  /// On the keeper's thread; must not wait for a peer. Returns when it is due again, kForever for never.
  virtual Nanos Tick() = 0;

 private:
  friend class Keeper;
  static constexpr size_t kNotKept = static_cast<size_t>(-1);
  size_t place_ = kNotKept;  ///< in the keeper's heap
  Nanos due_ = kForever;
};

// One background thread for the process, whatever the number of pools; started with the first, gone with
// the last. It sleeps until the earliest is due, and not at all while none is.

/// Never due until KeeperSchedule(). Fails if there is no thread or no memory.
Status KeeperAdd(Kept& kept);
/// After it no Tick() runs, unless called from that very Tick(). Harmless twice.
void KeeperRemove(Kept& kept);
/// Due at `when`, if that is earlier than it was.
void KeeperSchedule(Kept& kept, Nanos when);

}  // namespace dbp

#endif  // DBP_POOL_KEEPER_H_
