#ifndef DBP_POOL_WRITER_LANE_H_
#define DBP_POOL_WRITER_LANE_H_

#include <cstdint>

#include "base/mutex.h"
#include "base/status.h"
#include "driver/driver.h"

// A database with one writer (SQLite): whoever writes takes the pool's single lane first, in the order of
// arrival and under the deadline of the call, instead of colliding in the file's lock. A connection takes
// the lane after it has been lent, never before, so whoever is in the lane can always go on.
//
// Nothing here waits but Await(): a gate stands in the queue by itself, and whoever uses its connection has
// himself told when there is something to go on with.

namespace dbp {

class LaneGate;

/// Somebody who waits at a gate without blocking.
class TurnWatcher {
 public:
  /// It is inside, or was interrupted: the connection is to be stepped. From any thread, without a lock; the
  /// watcher may be gone before this returns.
  virtual void OnTurn() = 0;

 protected:
  ~TurnWatcher() = default;

 private:
  friend class WriterLane;
  TurnWatcher* next_ = nullptr;  ///< of those who are being told
};

class WriterLane {
 public:
  uint32_t waiting() const DBP_EXCLUDES(mu_);
  /// LaneGate::Interrupt() for all that are in the queue.
  void InterruptAll() DBP_EXCLUDES(mu_);

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

  bool Enter() override;
  /// Without effect while the lease itself holds the lane (EnterForLease).
  void Leave() override;
  /// Enter(), and once inside it stays there until LeaveForLease().
  bool EnterForLease();
  /// The lease ends: out of the lane and its queue, whatever it was entered for.
  void LeaveForLease();

  /// While it stands in the queue: has the watcher told, once. False: there is something to go on with already.
  bool Watch(TurnWatcher& watcher);
  /// False: it has been told already, or is being told now.
  bool Unwatch();
  /// The same for a thread that has nothing else to do: until told, or the deadline.
  void Await(Deadline deadline);
  /// Whoever waits in the queue, or is about to, looks again whether he still wants to. He keeps his place.
  void Interrupt();

 private:
  friend class WriterLane;
  enum class Place : uint8_t { kOutside, kQueued, kInside };
  TurnWatcher* PassOn() DBP_REQUIRES(lane_->mu_);
  TurnWatcher* InterruptLocked();  ///< REQUIRES: the mutex of its lane

  WriterLane* lane_ = nullptr;
  // As the connection's thread knows it, which needs no lock for that.
  bool asked_ = false;  ///< in the queue, or inside
  bool inside_ = false;
  bool for_lease_ = false;
  // Guarded by the lane's mutex.
  Place place_ = Place::kOutside;
  bool interrupted_ = false;  ///< in the queue, and nobody was told of it yet
  TurnWatcher* watcher_ = nullptr;
  LaneGate* prev_ = nullptr;
  LaneGate* next_ = nullptr;
};

/// What a call answers whose deadline passed in the queue; `flags` besides.
Status TurnIsLate(uint32_t flags);

}  // namespace dbp

#endif  // DBP_POOL_WRITER_LANE_H_
