#ifndef DBP_TESTS_MODEL_WORLD_H_
#define DBP_TESTS_MODEL_WORLD_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "pool/scheduler.h"

// Everything around a scheduler: callers, borrowers, the server, the keeper, the clock. Whoever
// drives it says what happens next and to whom; after each event come Drain() and Check(). Beside
// the scheduler's own invariants, Check() holds those that only its surroundings can see: a lease
// has one owner, a waiter is answered once and in turn, the limit holds. Connections also pass
// beside the scheduler, as Pool::AcquireIdle() and Pool::ReturnClean() have it, and between the
// steps of a release anything may happen.

namespace dbp {

class ModelWaiter final : public Waiter {
 public:
  explicit ModelWaiter(uint64_t n) : number(n) {}  ///< 0: it came by the fast path
  void Wake() override { ++woken; }
  uint64_t number;
  int woken = 0;
};

class World {
 public:
  World(const Config& config, bool first_alone, uint64_t seed)
      : config_(config),
        idle_set_(gate_, IdleHints(config.idle_order, config.pool_size + config.max_overflow)),
        scheduler_(config_, {"model", first_alone, false}, idle_set_, seed) {
    scheduler_.Start(now_);
    Drain();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Everybody goes home: nothing may be left behind.
  void Finish() {
    if (!scheduler_.closed()) scheduler_.Close(now_);
    Drain();
    while (!leased_.empty() || !publishing_.empty() || !published_.empty() || !opening_.empty() ||
           !closing_.empty() || !checking_.empty()) {
      if (!publishing_.empty()) Publish(0);
      if (!published_.empty()) LookAgain(0);
      if (!leased_.empty()) Release(0, kKeep, kForever);
      if (!opening_.empty()) Opened(0);
      if (!closing_.empty()) Closed(0);
      if (!checking_.empty()) Checked(0, kKeep);
      Drain();
      Check();
    }
    EXPECT_TRUE(waiting_.empty()) << "a waiter was never answered";
    EXPECT_EQ(scheduler_.used(), 0u);
  }

 protected:
  struct Lease {
    uint32_t index;
    std::unique_ptr<ModelWaiter> waiter;
  };

  // Events. `which` is a place in the list the event is about.

  void Acquire(bool may_wait) {
    auto waiter = std::make_unique<ModelWaiter>(++arrivals_);
    const bool others_wait = scheduler_.waiting() > 0;
    const dbpool_status status = scheduler_.Acquire(*waiter, now_, may_wait);
    if (status == DBPOOL_OK) {
      EXPECT_FALSE(others_wait) << "I5: a newcomer overtook a waiter";
      const uint32_t index = waiter->index;
      CheckFit(index);
      Lend(index, std::move(waiter));
    } else if (status == DBPOOL_PENDING) {
      waiting_.push_back(std::move(waiter));
    }
  }
  void Release(size_t which, CloseReason verdict, Nanos check_by) {
    scheduler_.Release(Take(leased_, which).index, verdict, check_by, now_);
  }
  /// Its borrower found it dead: back to the old place in the queue. Who came by the fast path has it already.
  void Retry(size_t which, CloseReason reason = DBPOOL_CLOSED_PING) {
    if (leased_[which].waiter->number == 0) return Release(which, DBPOOL_CLOSED_BROKEN, kForever);
    Lease lease = Take(leased_, which);
    if (scheduler_.Retry(*lease.waiter, reason, now_) != DBPOOL_PENDING) return;
    lease.waiter->woken = 0;
    auto place = waiting_.begin();
    while (place != waiting_.end() && (*place)->number < lease.waiter->number) ++place;
    waiting_.insert(place, std::move(lease.waiter));
  }
  void Reject(size_t which) {
    const Lease lease = Take(leased_, which);
    scheduler_.Reject(*lease.waiter, DBPOOL_CLOSED_RESET, kForever, true, now_);
  }
  void Opened(size_t which) { scheduler_.Opened(Take(opening_, which), now_); }
  void OpenFailed(size_t which, dbpool_status code, bool permanent) {
    scheduler_.OpenFailed(Take(opening_, which), code, permanent, now_);
  }
  void Closed(size_t which) { scheduler_.Closed(Take(closing_, which), DBPOOL_CLOSED_IDLE, now_); }
  void Checked(size_t which, CloseReason verdict) {
    scheduler_.Checked(Take(checking_, which), verdict, now_);
  }
  void GiveUp(size_t which, bool timed_out = true) {
    const auto place = waiting_.begin() + static_cast<std::ptrdiff_t>(which);
    ASSERT_TRUE(scheduler_.Withdraw(**place, timed_out)) << "a queued waiter can always leave";
    waiting_.erase(place);
  }
  void Resize(uint32_t pool_size, uint32_t max_overflow) {
    scheduler_.Resize(pool_size, max_overflow, now_);
    shrunk_ = true;
  }

  void HungUp(uint32_t index) { scheduler_.HungUp(index, now_); }

  // Beside the scheduler. A release has three steps: it looks whether anybody wants the connection,
  // publishes it, and looks again.

  /// The connection `remembered` if it is idle, else one of the hints.
  void AcquireFast(size_t remembered) {
    if (!idle_set_.open()) return;
    ASSERT_TRUE(waiting_.empty()) << "I5: the gate is open while somebody waits";
    SlotHead* head = nullptr;
    if (remembered < heads_.size() && IdleSet::Take(heads_[remembered], 0)) {
      head = &heads_[remembered];
    } else {
      head = idle_set_.TakeAny(0);
    }
    if (!head) return;
    if (head->recalled.load() != 0) {  // unfit: given back, and the scheduler is told
      scheduler_.Release(head->index, kKeep, kForever, now_);
      return;
    }
    NoteLease(*head, now_, config_.max_uses);
    auto waiter = std::make_unique<ModelWaiter>(0);
    waiter->index = head->index;
    Lend(head->index, std::move(waiter));
  }
  void ReleaseFast(size_t which) {
    const uint32_t index = leased_[which].index;
    if (!idle_set_.open() || heads_[index].recalled.load() != 0)
      return Release(which, kKeep, kForever);
    Take(leased_, which);
    publishing_.push_back(index);
  }
  void Publish(size_t which) {
    SlotHead& head = heads_[Take(publishing_, which)];
    idle_set_.PublishScheduled(head);
    published_.push_back({head.index, head.word.load()});
  }
  void LookAgain(size_t which) {
    const Published last = Take(published_, which);
    SlotHead& head = heads_[last.index];
    const bool wanted = !idle_set_.open() || head.recalled.load() != 0;
    if (wanted && IdleSet::Take(head, last.word, 0)) {
      scheduler_.Release(last.index, kKeep, kForever, now_);
    }
  }

  /// Takes the actions over; answers reach their waiters.
  void Drain() {
    Action action;
    while (scheduler_.Next(&action)) {
      switch (action.kind) {
        case Action::kOpen:
          Open(action.index);
          break;
        case Action::kClose:
          closing_.push_back(action.index);
          break;
        case Action::kCheck:
          checking_.push_back(action.index);
          break;
        case Action::kAnswer:
          Answered(*action.waiter);
          break;
      }
    }
  }

  void Tick() {
    scheduler_.Tick(now_);
    ASSERT_GT(scheduler_.next_tick(), now_) << "the keeper would be called again at once, for ever";
  }

  void Check() {
    scheduler_.CheckInvariants();
    ASSERT_EQ(scheduler_.waiting(), waiting_.size());
    ASSERT_EQ(scheduler_.leased(), leased_.size() + publishing_.size());
    ASSERT_TRUE(waiting_.empty() || scheduler_.idle() == JustPublished())
        << "I4: idle beside a waiter";
    ASSERT_EQ(scheduler_.count(SlotState::kOpening), opening_.size());
    if (scheduler_.used() <= scheduler_.limit()) shrunk_ = false;
    ASSERT_TRUE(shrunk_ || scheduler_.used() <= scheduler_.limit()) << "I2: more than the limit";
    if (!waiting_.empty() && !scheduler_.closed() && scheduler_.failures() == 0) {
      ASSERT_GT(scheduler_.used(), 0u) << "I6: waiters, but nothing lent, opening or closing";
    }
  }

  const Config config_;
  Gate gate_;
  IdleSet idle_set_;
  std::deque<SlotHead> heads_;
  Scheduler scheduler_;
  Nanos now_ = 1;
  std::vector<Lease> leased_;
  struct Published {
    uint32_t index;
    uint64_t word;
  };
  std::vector<uint32_t> publishing_;  ///< released; not wanted when somebody looked
  std::vector<Published> published_;  ///< whoever released it has not looked again
  std::vector<uint32_t> opening_, closing_, checking_;
  std::deque<std::unique_ptr<ModelWaiter>> waiting_;

 private:
  template <class T>
  static T Take(std::vector<T>& from, size_t which) {
    std::swap(from[which], from.back());
    T taken = std::move(from.back());
    from.pop_back();
    return taken;
  }

  /// What whoever released it will take back.
  uint32_t JustPublished() const {
    uint32_t count = 0;
    for (const Published& last : published_) count += heads_[last.index].word.load() == last.word;
    return count;
  }

  void Open(uint32_t index) {
    while (heads_.size() <= index) {
      const auto next = static_cast<uint32_t>(heads_.size());
      scheduler_.Bind(next, nullptr, heads_.emplace_back());
    }
    opening_.push_back(index);
  }

  /// Of what the scheduler grants.
  void CheckFit(uint32_t index) const {
    const CloseReason reason = heads_[index].recalled.load();
    ASSERT_TRUE(reason == kKeep || reason == DBPOOL_CLOSED_USES) << "lends what was recalled";
  }

  void Lend(uint32_t index, std::unique_ptr<ModelWaiter> waiter) {
    for (const Lease& lease : leased_) ASSERT_NE(lease.index, index) << "I3: two owners";
    for (uint32_t other : publishing_) ASSERT_NE(other, index) << "I3: two owners";
    leased_.push_back({index, std::move(waiter)});
  }

  void Answered(Waiter& answered) {
    answered.Wake();
    ASSERT_FALSE(waiting_.empty());
    ASSERT_EQ(waiting_.front().get(), &answered) << "I5: not the oldest waiter";
    auto waiter = std::move(waiting_.front());
    waiting_.pop_front();
    ASSERT_EQ(waiter->woken, 1) << "I5: answered twice";
    const uint32_t index = waiter->index;
    if (waiter->status != DBPOOL_OK) return;
    CheckFit(index);
    Lend(index, std::move(waiter));
  }

  uint64_t arrivals_ = 0;
  bool shrunk_ = false;
};

}  // namespace dbp

#endif  // DBP_TESTS_MODEL_WORLD_H_
