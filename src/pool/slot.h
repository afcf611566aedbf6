#ifndef DBP_POOL_SLOT_H_
#define DBP_POOL_SLOT_H_

#include <dbpool/types.h>

#include <atomic>
#include <memory>

#include "base/time.h"
#include "driver/driver.h"
#include "pool/cancel_service.h"
#include "pool/workers.h"
#include "pool/writer_lane.h"

// A slot is the place of one connection. Slots come from a table of the process that is never freed
// (type-stable), so that any 64-bit number can be looked at as a lease: it names a slot (24 bits) and a
// generation (40 bits), and is good only while the slot's word says so.
//
// The word: generation << 8 | flags. The generation grows with every lease that ends; a wrap takes 10^12
// leases of one slot. Who may touch a slot's other members:
//   no flag        the pool: the one thread that carries out an action, grants or releases
//   kLent          nobody
//   kLent | kBusy  the thread that pinned it (lease.h)
// A cancel, and the cutting off at close, look at a slot that another thread uses: they announce
// themselves in `visitors` first, and a release waits for them before it goes on (they do not block).

namespace dbp {

class Pool;

struct alignas(64) Slot : Job {
  enum Flag : uint64_t { kLent = 1, kBusy = 2, kHook = 4 };
  static constexpr uint64_t kFlags = 0xff;
  static constexpr int kNumberBits = 24;
  static constexpr uint64_t kGenerations = uint64_t{1} << 40;

  std::atomic<uint64_t> word{uint64_t{1} << 8};
  std::atomic<uint32_t> visitors{0};
  std::atomic<uint32_t> fork_stamp{0};
  uint32_t number = 0;  ///< in the table
  uint32_t index = 0;   ///< in the scheduler
  Pool* pool = nullptr;
  std::unique_ptr<Connection> connection;
  std::shared_ptr<CancelLine> cancels;
  LaneGate gate;
  Nanos reset_by = kForever;  ///< a reset is under way, to be finished by then; kForever: none
  uint32_t close_reason = 0;
  bool read_only = false;     ///< lent for reading
  bool read_only_tx = false;  ///< in a read-only transaction, which ends it

  void (Pool::*todo)(Slot&) = nullptr;  ///< the job under way

  /// REQUIRES: not lent. The token of a new lease.
  dbpool_conn Lend(uint64_t flags = kLent);
  /// Ends the lease: kMine once for each token, and the slot is then the caller's alone.
  enum class Claim : uint8_t { kMine, kInUse, kStale };
  Claim TakeBack(dbpool_conn token);
  /// The same for the token a hook had; waits while another thread, against the rules, still uses it.
  void TakeBackFromHook(dbpool_conn token);

  /// For one thread to use the lease: its word must be `lent`. False if that has changed.
  bool Pin(uint64_t& lent);
  void Unpin(uint64_t lent) { word.store(lent, std::memory_order_release); }

  /// Calls visit() if the slot is lent with this generation (0: any), while its user may be at work.
  /// visit() must not block.
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

  static uint64_t GenerationOf(dbpool_conn token) { return token >> kNumberBits; }

 private:
  Claim TakeBack(dbpool_conn token, uint64_t flags);
};

/// The slot a token names, whether or not the token is good; NULL if there is no such slot.
Slot* FindSlot(dbpool_conn token);
/// A slot out of the table; throws std::bad_alloc.
Slot& AllocateSlot();
/// Back into the table. REQUIRES: not lent, no connection.
void FreeSlot(Slot& slot);

}  // namespace dbp

#endif  // DBP_POOL_SLOT_H_
