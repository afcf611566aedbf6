#ifndef DBP_POOL_LIVENESS_H_
#define DBP_POOL_LIVENESS_H_

#include "pool/keeper.h"

namespace dbp {

struct Slot;

/// Tells the pool when the peer of a slot's connection hangs up, while the connection is idle and while it is
/// lent. It sits in the keeper's epoll with EPOLLRDHUP | EPOLLET and nothing else: traffic wakes nobody, the
/// user of the connection polls its socket undisturbed, and neither an acquire nor a query pays for it.
///
/// Part of the slot, one connection after the other. End() comes before the connection goes, and after it no
/// hang-up is reported; so a report is always about the connection that the slot has, and its pool is there.
class LivenessWatch final : public Watch {
 public:
  explicit LivenessWatch(Slot& slot) : slot_(slot) {}

  /// REQUIRES: fd stays open, and the connection's, until End(). A driver without a socket (-1) is not watched.
  Status Begin(int fd);
  /// Harmless twice. Waits for a report under way, so not under a lock.
  void End() { KeeperUnwatch(*this); }

 private:
  void OnReady(uint32_t events) override;

  Slot& slot_;
};

}  // namespace dbp

#endif  // DBP_POOL_LIVENESS_H_
