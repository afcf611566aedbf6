#ifndef DBP_POOL_WRITER_LANE_H_
#define DBP_POOL_WRITER_LANE_H_

#include <cstdint>

#include "base/event.h"
#include "base/mutex.h"
#include "driver/driver.h"

// A database with one writer (SQLite): whoever writes takes the pool's single lane first, in the order of
// arrival and under the deadline of the call, instead of colliding in the file's lock. A connection takes
// the lane after it has been lent, never before, so whoever is in the lane can always go on.

namespace dbp {

class LaneGate;

class WriterLane {
 public:
  uint32_t waiting() const DBP_EXCLUDES(mu_);

 private:
  friend class LaneGate;
  mutable Mutex mu_;
  LaneGate* holder_ DBP_GUARDED_BY(mu_) = nullptr;
  LaneGate* head_ DBP_GUARDED_BY(mu_) = nullptr;  ///< the queue, first come first
  LaneGate* tail_ DBP_GUARDED_BY(mu_) = nullptr;
  uint32_t waiting_ DBP_GUARDED_BY(mu_) = 0;
};

/// The way of one connection into the lane. Used by the thread that uses the connection, but for
/// Interrupt(), which is for any.
class LaneGate final : public WriteGate {
 public:
  void Bind(WriterLane* lane) { lane_ = lane; }

  Status Enter(Deadline deadline) override;
  /// Without effect while the lease itself holds the lane (EnterForLease).
  void Leave() override;
  Status EnterForLease(Deadline deadline);
  /// The lease ends: out of the lane, whatever it was entered for.
  void LeaveForLease();
  /// A wait in Enter() ends with DBPOOL_ERR_CANCELLED.
  void Interrupt();

 private:
  enum class Place : uint8_t { kOutside, kQueued, kInside, kInterrupted };
  Status EnterOrWait(Deadline deadline);
  void PassOn() DBP_REQUIRES(lane_->mu_);

  WriterLane* lane_ = nullptr;
  bool inside_ = false;  ///< as the connection's thread knows it, which needs no lock for that
  bool for_lease_ = false;
  // Guarded by the lane's mutex.
  Place place_ = Place::kOutside;
  LaneGate* prev_ = nullptr;
  LaneGate* next_ = nullptr;
  Event answered_;
};

}  // namespace dbp

#endif  // DBP_POOL_WRITER_LANE_H_
