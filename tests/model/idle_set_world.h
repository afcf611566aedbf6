#ifndef DBP_TESTS_MODEL_IDLE_SET_WORLD_H_
#define DBP_TESTS_MODEL_IDLE_SET_WORLD_H_

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <dbpool/options.h>

#include "pool/idle_set.h"
#include "tests/model/simulated_atomic.h"

// A small pool around the real BasicIdleSet, for fibers of a Simulation: the scheduler's part is as
// short as it can be, and acquire, release and the rest call the idle set as src/pool does. Checks
// what only its surroundings can see; what has gone wrong first is in `broken`.

namespace dbp::model {

/// As boost::lockfree's containers appear to their users: each operation at one moment, and it may
/// find nothing, or no room, for no good reason.
template <class Head>
class SimulatedHints {
 public:
  bool Push(Head* head) {
    if (!At()) return false;
    heads_.push_back(head);
    return true;
  }
  bool Pop(Head** head) {
    if (!At() || heads_.empty()) return false;
    const bool oldest = Simulation::Current() && Simulation::Current()->Random() % 2 == 0;
    *head = oldest ? heads_.front() : heads_.back();
    oldest ? heads_.pop_front() : heads_.pop_back();
    return true;
  }

 private:
  static bool At() {
    Simulation* simulation = Simulation::Current();
    if (!simulation) return true;
    simulation->Step();
    return simulation->Random() % 16 != 0;
  }
  std::deque<Head*> heads_;
};

template <template <class> class Atomic>
class IdleSetWorld {
 public:
  static constexpr int kThreads = 3;
  static constexpr int kSlots = 2;
  using Head = BasicSlotHead<Atomic>;
  using Set = BasicIdleSet<Atomic, SimulatedHints<Head>>;

  explicit IdleSetWorld(Simulation& simulation) : simulation_(simulation) {
    for (int i = 0; i < kSlots; ++i) {
      heads_[i].index = heads_[i].number = static_cast<uint32_t>(i);
      heads_[i].gate.store(&gate_);
    }
  }

  /// What one thread does: some operations, and at the end it gives back what it holds.
  void Live(int t, int operations) {
    for (int i = 0; i < operations; ++i) {
      switch (Pick(16)) {
        case 0:
          Invalidate();
          break;
        case 1:
          Resize(1 + static_cast<int>(Pick(kSlots)));
          break;
        default:
          if (threads_[t].head) {
            Release(t);
          } else {
            Acquire(t);
          }
      }
    }
    if (threads_[t].head) Release(t);
  }

  /// Everybody has gone home.
  void CheckEnd() {
    if (!queue_.empty()) Break("somebody is still in the queue");
    if (gate_.reasons.Peek() != 0) Break("the gate is not open");
    int live = 0;
    for (int i = 0; i < kSlots; ++i) {
      if (life_[i] == Life::kFree) continue;
      ++live;
      if ((heads_[i].word.Peek() & Head::kFlags) != Head::kIdle) Break("a connection is lost");
      if (heads_[i].recalled.Peek() != 0) Break("a recalled connection stays idle");
    }
    if (live > limit_) Break("more connections than the limit");
  }

  std::string broken;

 private:
  enum class Life : uint8_t { kFree, kOpening, kLive, kClosing };
  struct Thread {
    Head* head = nullptr;  ///< what it holds
    bool answered = false;
    Simulation::Mark answer;  ///< what was stored before it
    Head* remembered = nullptr;
    uint32_t ahead = 0;  ///< who waited when its acquire began, and still does
    uint32_t stale = 0;  ///< slots recalled when its acquire began, and not opened since
  };

  uint64_t Pick(uint64_t below) { return simulation_.Random() % below; }
  void Break(const char* what) {
    if (broken.empty()) broken = what;
  }

  // ---- acquire

  void Acquire(int t) {
    Thread& me = threads_[t];
    me.ahead = me.stale = 0;
    for (int who : queue_) me.ahead |= gate_.reasons.Peek() != 0 ? 1u << who : 0;
    for (int i = 0; i < kSlots; ++i) {
      if (recalled_[i] && heads_[i].recalled.Peek() != 0) me.stale |= 1u << i;
    }
    Head* useless = nullptr;
    if (set_.open()) {
      Head* head = Remembered(me);
      if (!head) head = set_.TakeAny(Head::kLent);
      if (head && head->recalled.load(std::memory_order_seq_cst) == 0) return Lease(t, *head);
      useless = head;
    }
    if (useless) {  // from a borrower's to the caller's own
      Own(*useless);
      Begin(t, *useless);
      owner_[useless->index] = -1;
    }
    mutex_.Lock();
    if (useless) Retire(*useless);
    Head* head = useless || !queue_.empty() ? nullptr : TakeFit();
    if (head) {
      LendTo(t, *head);
    } else {
      Enqueue(t);
    }
    FinishEvent();
    if (!head) Wait(t);
  }

  Head* Remembered(Thread& me) {
    if (!me.remembered) return nullptr;
    const uint64_t word = me.remembered->word.load(std::memory_order_acquire);
    return Set::Take(*me.remembered, word, Head::kLent) ? me.remembered : nullptr;
  }

  void Enqueue(int t) {
    const bool first = queue_.empty();
    threads_[t].answered = false;
    queue_.push_back(t);
    UpdateGate();
    if (Head* head = first ? TakeFit() : nullptr) ServeFirst(*head);
  }

  void Wait(int t) {
    Thread& me = threads_[t];
    if (Pick(4) != 0) {
      simulation_.Await([&me] { return me.answered; });
      return simulation_.Acquire(me.answer);
    }
    for (uint64_t patience = Pick(60); patience > 0 && !me.answered; --patience) simulation_.Step();
    mutex_.Lock();
    const auto place = std::find(queue_.begin(), queue_.end(), t);
    if (place != queue_.end()) {
      queue_.erase(place);
      Gone(t);
      UpdateGate();
    }
    mutex_.Unlock();
  }

  // ---- release

  void Release(int t) {
    Thread& me = threads_[t];
    Head& head = *std::exchange(me.head, nullptr);
    if (owner_[head.index] != t) Break("a connection has two owners");
    uint64_t lent = head.word.load(std::memory_order_relaxed);
    me.remembered = &head;
    if (Pick(2) == 0) {
      owner_[head.index] = -1;
      switch (Set::ReleaseUnused(head, lent)) {
        case Set::Released::kIdle:
          return;
        case Set::Released::kMine:
          return HandOver(head);
        case Set::Released::kNot:
          owner_[head.index] = t;
      }
    } else {
      Use(head, lent);
    }
    Own(head);
    owner_[head.index] = -1;
    const bool wanted = !set_.open() || head.recalled.load(std::memory_order_relaxed) != 0;
    if (!wanted && set_.Publish(head)) return;
    HandOver(head);
  }

  /// As Slot::Pin and Unpin do.
  void Use(Head& head, uint64_t& lent) {
    if (!head.word.compare_exchange_strong(lent, lent | Head::kBusy | Head::kUsed,
                                           std::memory_order_acquire)) {
      Break("a lease was changed by somebody else");
    }
    const uint32_t i = head.index;
    if (data_[i].load(std::memory_order_relaxed) != written_[i]) {
      Break("a borrower does not see what the one before it wrote");
    }
    data_[i].store(++written_[i], std::memory_order_relaxed);
    lent |= Head::kUsed;
    head.word.store(lent, std::memory_order_release);
  }

  /// As Slot::TakeBack does.
  void Own(Head& head) {
    uint64_t word = head.word.load(std::memory_order_relaxed);
    const uint64_t next = Head::After(word >> 8) << 8;
    if (!head.word.compare_exchange_strong(word, next)) Break("a lease ended twice");
  }

  /// A clean connection, its owner's, back to the scheduler.
  void HandOver(Head& head) {
    mutex_.Lock();
    if (head.recalled.load(std::memory_order_relaxed) != 0 || Used() > limit_) {
      Retire(head);
    } else {
      Offer(head);
    }
    FinishEvent();
  }

  // ---- others

  void Invalidate() {
    mutex_.Lock();
    for (int i = 0; i < kSlots; ++i) {
      if (life_[i] != Life::kLive) continue;
      uint8_t none = 0;
      heads_[i].recalled.compare_exchange_strong(none, uint8_t{DBPOOL_CLOSED_INVALIDATED});
      recalled_[i] = true;
    }
    while (Head* head = TakeIdle()) Retire(*head);
    FinishEvent();
  }

  void Resize(int limit) {
    mutex_.Lock();
    limit_ = limit;
    UpdateGate();
    while (Count(Life::kLive) > limit_) {
      Head* head = TakeIdle();
      if (!head) break;
      Retire(*head);
    }
    FinishEvent();
  }

  // ---- the scheduler; the mutex is held

  Head* TakeIdle() {
    if (Head* head = set_.TakeAny(0)) return head;
    for (int i = 0; i < kSlots; ++i) {
      if (life_[i] == Life::kLive && Set::Take(heads_[i], 0)) return &heads_[i];
    }
    return nullptr;
  }
  Head* TakeFit() {
    for (;;) {
      Head* head = TakeIdle();
      if (!head || head->recalled.load(std::memory_order_seq_cst) == 0) return head;
      Retire(*head);
    }
  }
  void Offer(Head& head) {
    if (!queue_.empty()) return ServeFirst(head);
    set_.PublishScheduled(head);
  }
  void ServeFirst(Head& head) {
    const int t = queue_.front();
    queue_.pop_front();
    Gone(t);
    if (threads_[t].answered) Break("a waiter is answered twice");
    LendTo(t, head);
    threads_[t].answered = true;
    threads_[t].answer = simulation_.Release();
  }
  void Gone(int t) {
    for (Thread& thread : threads_) thread.ahead &= ~(1u << t);
  }
  void LendTo(int t, Head& head) {
    const uint64_t word = head.word.load(std::memory_order_relaxed);
    head.word.store((word & ~Head::kFlags) | Head::kLent, std::memory_order_release);
    head.plain.store(true, std::memory_order_relaxed);
    Lease(t, head);
  }
  void Lease(int t, Head& head) {
    Thread& me = threads_[t];
    Begin(t, head);
    if (me.ahead != 0) Break("a newcomer overtook a waiter");
    if ((me.stale >> head.index & 1) != 0) Break("lent what was recalled before");
    me.head = &head;
  }
  void Begin(int t, Head& head) {
    if (owner_[head.index] != -1) Break("a connection has two owners");
    if (life_[head.index] != Life::kLive) Break("lent what is not open");
    owner_[head.index] = t;
  }
  void Retire(Head& head) { life_[head.index] = Life::kClosing; }
  int Count(Life which) const { return static_cast<int>(std::count(life_, life_ + kSlots, which)); }
  int Used() const { return kSlots - Count(Life::kFree); }
  void UpdateGate() {
    using Reasons = BasicGate<Atomic>;
    uint32_t reasons = queue_.empty() ? 0 : uint32_t{Reasons::kWaiters};
    if (Used() > limit_) reasons |= Reasons::kScheduled;
    if (reasons != set_.gate()) set_.SetGate(reasons);
  }
  void Balance() {
    UpdateGate();
    for (int i = 0; i < kSlots; ++i) {
      const int waiting = static_cast<int>(queue_.size());
      if (Used() >= limit_ || Count(Life::kOpening) >= waiting) return;
      if (life_[i] == Life::kFree) life_[i] = Life::kOpening;
    }
  }

  /// Balances, unlocks, and does what is to be done: at once or a little later.
  void FinishEvent() {
    Balance();
    for (int i = 0; i < kSlots; ++i) {
      if (life_[i] != Life::kClosing && life_[i] != Life::kOpening) continue;
      if (taken_[i]) continue;
      taken_[i] = true;
      const bool opening = life_[i] == Life::kOpening;
      mutex_.Unlock();
      for (uint64_t time = Pick(20); time > 0; --time) simulation_.Step();
      mutex_.Lock();
      taken_[i] = false;
      if (opening) {
        Opened(heads_[i]);
      } else {
        life_[i] = Life::kFree;
      }
      Balance();
      i = -1;
    }
    mutex_.Unlock();
  }
  void Opened(Head& head) {
    life_[head.index] = Life::kLive;
    head.recalled.store(0, std::memory_order_relaxed);
    recalled_[head.index] = false;
    for (Thread& thread : threads_) thread.stale &= ~(1u << head.index);
    head.plain.store(true, std::memory_order_relaxed);
    if (Count(Life::kLive) > limit_) {
      Retire(head);
    } else {
      Offer(head);
    }
  }

  Simulation& simulation_;
  BasicGate<Atomic> gate_;
  Head heads_[kSlots];
  Set set_{gate_, SimulatedHints<Head>()};
  Atomic<uint64_t> data_[kSlots];  ///< plain memory of a connection
  SimulatedMutex mutex_;
  // Under the mutex.
  Life life_[kSlots] = {};
  bool taken_[kSlots] = {};  ///< somebody opens or closes it
  int limit_ = kSlots;
  std::deque<int> queue_;
  Thread threads_[kThreads];
  // Nowhere.
  int owner_[kSlots] = {-1, -1};
  bool recalled_[kSlots] = {};  ///< since it was opened
  uint64_t written_[kSlots] = {};
};

}  // namespace dbp::model

#endif  // DBP_TESTS_MODEL_IDLE_SET_WORLD_H_
