#ifndef DBP_POOL_EVENT_WATCH_H_
#define DBP_POOL_EVENT_WATCH_H_

#include <dbpool/events.h>

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "loop/loop.h"

namespace dbp {

/// Whom to tell, and what to call last.
struct EventTarget {
  dbpool_event_fn callback = nullptr;
  void* user_data = nullptr;
  void (*destroy)(void* user_data) = nullptr;
};

/// One that hears of a pool's connections, on a loop. Events wait in a ring that is made in advance, so telling never
/// fails and never waits; a full ring forgets its oldest.
///
/// From Begin() to its last call it keeps itself, and all the while its loop's memory: who announces may be a moment
/// late.
class EventWatch final : private Task, private Pending {
 public:
  static constexpr size_t kMost = 1024;

  EventWatch(uint64_t id, Loop& loop, EventTarget target);
  ~EventWatch() { loop_.Unref(); }

  /// Fails as Loop::Enroll(); destroy() is not called then.
  Status Begin(std::shared_ptr<EventWatch> self);
  void Announce(const dbpool_event& event) DBP_EXCLUDES(mu_);
  /// No more will come: what waits is delivered, then it is over.
  void End() DBP_EXCLUDES(mu_);
  /// Drops what waits, and waits for a callback under way on another thread. False if it has ended already.
  bool Drop() DBP_EXCLUDES(mu_);

  uint64_t id() const { return id_; }
  bool ended() DBP_EXCLUDES(mu_);

 private:
  enum class State : uint8_t { kOn, kEnding, kDropped, kOver };
  enum class Turn : uint8_t { kCall, kRest, kLast };

  void Run() override;
  void OnLoopFree() override { (void)Drop(); }
  Turn Take(dbpool_event* event) DBP_EXCLUDES(mu_);
  void Called() DBP_EXCLUDES(mu_);
  void Over();
  bool WantsTurn() DBP_REQUIRES(mu_);

  // Constant after construction.
  const uint64_t id_;
  Loop& loop_;
  const EventTarget target_;

  std::shared_ptr<EventWatch> self_;  ///< the loop thread's, after Begin()

  Mutex mu_;
  CondVar called_;
  std::vector<dbpool_event> ring_ DBP_GUARDED_BY(mu_);
  size_t first_ DBP_GUARDED_BY(mu_) = 0, waiting_ DBP_GUARDED_BY(mu_) = 0;
  uint64_t missed_ DBP_GUARDED_BY(mu_) = 0;
  State state_ DBP_GUARDED_BY(mu_) = State::kOn;
  bool posted_ DBP_GUARDED_BY(mu_) = false;   ///< a Run() is certain to come
  bool calling_ DBP_GUARDED_BY(mu_) = false;  ///< the callback
};

/// All that watch one pool.
class EventHub {
 public:
  /// DBPOOL_ERR_CLOSED after EndAll(); otherwise as Loop::Enroll().
  Status Watch(Loop& loop, const EventTarget& target, uint64_t* out_id) DBP_EXCLUDES(mu_);
  /// As dbpool_unwatch().
  Status Unwatch(uint64_t id) DBP_EXCLUDES(mu_);
  /// Cannot fail. Not under a lock.
  void Announce(uint32_t kind, uint64_t connection, uint32_t reason = 0) DBP_EXCLUDES(mu_);
  /// The last connection is gone.
  void EndAll() DBP_EXCLUDES(mu_);

 private:
  using List = std::vector<std::shared_ptr<EventWatch>>;
  std::shared_ptr<const List> Current() DBP_EXCLUDES(mu_);
  std::shared_ptr<List> CopyLocked(size_t room) DBP_REQUIRES(mu_);

  Mutex mu_;
  std::shared_ptr<const List> watches_ DBP_GUARDED_BY(mu_);  ///< never changed, only replaced; NULL: none
  bool ended_ DBP_GUARDED_BY(mu_) = false;
};

}  // namespace dbp

#endif  // DBP_POOL_EVENT_WATCH_H_
