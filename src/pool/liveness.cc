#include "pool/liveness.h"

#include "pool/pool.h"
#include "pool/slot.h"

namespace dbp {

Status LivenessWatch::Begin(int fd) {
  return fd < 0 ? Status::Ok() : KeeperWatch(*this, fd, EPOLLRDHUP | EPOLLET);
}

/// On the keeper's thread. The kernel adds EPOLLHUP and EPOLLERR unasked.
void LivenessWatch::OnReady(uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) slot_.pool.load(std::memory_order_relaxed)->OnHangUp(slot_);
}

}  // namespace dbp
