#ifndef DBP_POOL_SLOT_H_
#define DBP_POOL_SLOT_H_

#include <dbpool/types.h>

#include <atomic>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/time.h"
#include "driver/driver.h"
#include "pool/cancel_service.h"
#include "pool/liveness.h"
#include "pool/slot_head.h"
#include "pool/workers.h"
#include "pool/writer_lane.h"

// A slot is the place of one connection. Slots come from a table of the process that is never freed
// (type-stable), so that any 64-bit number can be looked at as a lease: it names a slot (24 bits) and a
// generation (40 bits), and is good only while the slot's word says so.
//
// The word, in the head, says whose the slot is; its owner alone touches the other members.
// A cancel, and the cutting off at close, look at a slot that another thread uses: they announce
// themselves in `visitors` first, and a release waits for them before it goes on. They wait for nobody; the one that
// cuts off closes the connection meanwhile, which takes SQLite as long as its last checkpoint.

namespace dbp {

class Pool;

/// What a host keeps with a connection, and how it ends.
struct HostData {
  void* data = nullptr;
  void (*destroy)(void*) = nullptr;

  /// Not under a lock: it calls the host.
  void End() const {
    if (destroy) destroy(data);
  }
};

/// Where it is kept. The borrower, who may have a call under way, and who cuts off at close come to it at once.
class HostDataPlace {
 public:
  HostData Put(HostData data) DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return std::exchange(kept_, data);
  }
  void* data() DBP_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return kept_.data;
  }

 private:
  Mutex mu_;
  HostData kept_ DBP_GUARDED_BY(mu_);
};

struct Slot : SlotHead, Job {
  std::atomic<uint32_t> visitors{0};
  std::unique_ptr<Connection> connection;
  LivenessWatch liveness{*this};
  uint64_t connection_id = 0;  ///< of all connections of the process
  bool told_broken = false;    ///< DBPOOL_EVENT_BROKEN was announced
  HostDataPlace host_data;
  std::shared_ptr<CancelLine> cancels;
  LaneGate lane;
  Nanos reset_by = kForever;  ///< a reset is under way, to be finished by then; kForever: none
  uint32_t close_reason = 0;
  bool read_only = false;     ///< lent for reading
  bool read_only_tx = false;  ///< in a read-only transaction, which ends it

  void (Pool::*todo)(Slot&) = nullptr;  ///< the job under way

  /// Closes the connection, without waiting for the peer. Not under a lock.
  void DropConnection() {
    liveness.End();
    host_data.Put({}).End();  // before the descriptor that it may know is a stranger's
    connection.reset();
  }

  /// REQUIRES: the caller owns it. The token of a new lease.
  dbpool_conn Lend(uint64_t flags = kLent);
  /// Ends the lease: kMine once for each token, and the slot is then the caller's alone.
  enum class Claim : uint8_t { kMine, kInUse, kStale };
  Claim TakeBack(dbpool_conn token);
  /// The same for the token a hook had; waits while another thread, against the rules, still uses it.
  void TakeBackFromHook(dbpool_conn token);

  /// For who owns it and is about to close it, or to hand it on.
  void AwaitVisitors() const;

  /// For one thread to use the lease: its word must be `lent`. False if that has changed.
  bool Pin(uint64_t& lent);
  void Unpin(uint64_t lent) { word.store(lent | kUsed, std::memory_order_release); }

  /// Calls visit() if the slot is lent with this generation (0: any), while its user may be at work.
  /// visit() must not wait for anybody.
  template <class Function>
  bool Visit(uint64_t generation, Function visit) {
    struct Announced {
      explicit Announced(std::atomic<uint32_t>& c) : count(c) { count.fetch_add(1); }
      ~Announced() { count.fetch_sub(1); }
      std::atomic<uint32_t>& count;
    } announced(visitors);
    const uint64_t now = word.load();  // after the announcement; TakeBack() does the opposite
    if (!(now & kLent) || (generation != 0 && now >> 8 != generation)) return false;
    visit(now);
    return true;
  }

 private:
  Claim TakeBack(dbpool_conn token, uint64_t flags);
};

/// The slot a token names, whether or not the token is good; NULL if there is no such slot.
Slot* FindSlot(dbpool_conn token);
/// A slot out of the table; throws std::bad_alloc.
Slot& AllocateSlot();
/// Back into the table. REQUIRES: not lent, no connection.
void FreeSlot(Slot& slot);

/// A gate, and back; throws std::bad_alloc. As many exist as there were pools at a time.
Gate& AllocateGate();
void FreeGate(Gate& gate);

}  // namespace dbp

#endif  // DBP_POOL_SLOT_H_
