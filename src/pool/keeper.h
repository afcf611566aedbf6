#ifndef DBP_POOL_KEEPER_H_
#define DBP_POOL_KEEPER_H_

#include <cstdint>

#include "base/status.h"
#include "base/time.h"
#include "loop/reactor.h"

namespace dbp {

/// Something the keeper looks after.
class Kept : private Timer {
 public:
  virtual ~Kept() = default;
  /// It is due, and will not be again before KeeperSchedule(), which may be called in here. On the keeper's
  /// thread, without a lock; must not wait for a peer. May destroy it.
  virtual void Tick() = 0;

 private:
  friend class Keeper;
  void OnDue() override { Tick(); }
  uint32_t kept_in_ = 0;  ///< the process, as ForkGeneration() counts; 0: not kept
};

// One background thread for the process, whatever the number of pools: a reactor with a timer for each pool and
// a watch for each socket. Started with the first, gone with the last. It sleeps until something is due
// or a peer hangs up, and not at all while nothing is.

/// Never due until KeeperSchedule(). Fails if there is no thread or no memory.
Status KeeperAdd(Kept& kept);
/// After it no Tick() runs or begins, unless called from that very Tick(). Harmless twice.
void KeeperRemove(Kept& kept);
/// Due at `when`, if that is earlier than it was. Nothing if it is not kept (any more).
void KeeperSchedule(Kept& kept, Nanos when);

/// As Reactor::Add(), on the keeper's. The keeper stays as long as something is watched.
Status KeeperWatch(Watch& watch, int fd, uint32_t events);
/// As Reactor::Remove(): waits for a call under way. Harmless twice.
void KeeperUnwatch(Watch& watch);

/// How often it woke up because something was ready, since the process began to have one.
uint64_t KeeperWakeups();

}  // namespace dbp

#endif  // DBP_POOL_KEEPER_H_
