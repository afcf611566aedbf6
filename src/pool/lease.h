#ifndef DBP_POOL_LEASE_H_
#define DBP_POOL_LEASE_H_

#include "base/status.h"
#include "pool/slot.h"

namespace dbp {

/// The use of a lease by one thread during one call: while a Lease holds a token's slot, nobody else can
/// use, release or close it.
class Lease {
 public:
  Lease() = default;
  ~Lease() { Unpin(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// DBPOOL_ERR_STALE, _BUSY or _FORKED; _BROKEN if the connection is gone. REQUIRES: not pinned.
  Status Pin(dbpool_conn token);
  /// Pin(), which waits for another thread's call that does not wait for the server itself.
  Status PinSoon(dbpool_conn token, Deadline deadline);
  void Unpin();

  /// REQUIRES: pinned, as all below.
  dbpool_conn token() const { return (lent_ >> 8) << Slot::kNumberBits | slot_->number; }
  Slot& slot() const { return *slot_; }
  Pool& pool() const { return *slot_->pool.load(std::memory_order_relaxed); }
  Connection& connection() const { return *slot_->connection; }

 private:
  Slot* slot_ = nullptr;
  uint64_t lent_ = 0;  ///< the word to put back
};

/// Asks that the statement running on the lease end; never waits for it.
Status RequestCancel(dbpool_conn token);
/// The same, by whoever has the lease pinned.
void RequestCancel(Slot& slot);
/// The number of its connection, while another thread may use the lease; 0 for none.
uint64_t ConnectionId(dbpool_conn token);
/// What the host keeps with its connection, for the borrower, also while a call of his is under way.
Status PutHostData(dbpool_conn token, HostData data);
void* FindHostData(dbpool_conn token);

Status StaleLease();
Status BusyLease();
Status Forked();

}  // namespace dbp

#endif  // DBP_POOL_LEASE_H_
