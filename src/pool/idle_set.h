#ifndef DBP_POOL_IDLE_SET_H_
#define DBP_POOL_IDLE_SET_H_

#include <atomic>

#include "pool/slot_head.h"

// How connections pass from thread to thread without a lock. Numbered invariants and the argument why no
// wake-up is lost are in README.md beside this file; tests/model explores this very code, which is why the
// atomic type is a parameter.

namespace dbp {

/// Hints: a container of heads that may be idle; the word is the truth. A head is in it once (listed). It is
/// put in by a release that finds it not listed, and stays while threads lease it by other ways, so that
/// threads which each have their own connection write to no memory they share.
template <template <class> class Atomic, class Hints>
class BasicIdleSet {
 public:
  using Head = BasicSlotHead<Atomic>;
  using Gate = BasicGate<Atomic>;

  BasicIdleSet(Gate& gate, Hints hints) : gate_(gate), hints_(std::move(hints)) {}

  bool open() const { return Reasons(gate_) == 0; }
  /// By the scheduler alone. Before it looks for idle slots on behalf of one who will wait.
  void SetGate(uint32_t reasons) { gate_.reasons.store(reasons, std::memory_order_seq_cst); }
  uint32_t gate() const { return gate_.reasons.load(std::memory_order_relaxed); }
  Gate& the_gate() { return gate_; }

  /// Idle to the caller's: with flags 0 as its owner, with kLent as its borrower. False: it is not idle.
  static bool Take(Head& head, uint64_t flags) {
    uint64_t word = head.word.load(std::memory_order_seq_cst);
    return Take(head, word, flags);
  }
  /// The same if the word is still `idle`.
  static bool Take(Head& head, uint64_t idle, uint64_t flags) {
    if ((idle & Head::kFlags) != Head::kIdle) return false;
    return head.word.compare_exchange_strong(idle, (idle & ~Head::kFlags) | flags,
                                             std::memory_order_seq_cst, std::memory_order_relaxed);
  }
  /// One of the hints that is idle indeed, taken; NULL: there is no such hint.
  Head* TakeAny(uint64_t flags) {
    Head* head = nullptr;
    while (hints_.Pop(&head)) {
      head->listed.store(false, std::memory_order_seq_cst);  // whoever publishes it now lists it again
      if (Take(*head, flags)) return head;
    }
    return nullptr;
  }

  /// From its owner's to idle. False: it is the caller's again, who must tell the scheduler.
  bool Publish(Head& head) {
    List(head);
    const uint64_t idle = IdleWord(head.word.load(std::memory_order_relaxed));
    head.word.exchange(idle, std::memory_order_seq_cst);
    return !WantedBack(head, idle);
  }
  /// The same under the scheduler's lock, where nobody need be told.
  void PublishScheduled(Head& head) {
    List(head);
    head.word.exchange(IdleWord(head.word.load(std::memory_order_relaxed)),
                       std::memory_order_seq_cst);
  }

  enum class Released : uint8_t { kIdle, kMine, kNot };
  /// In one step from a lease that nobody ever used (`lent` is its word) to idle. kMine: as Publish() false.
  /// kNot: nothing has changed. The head may be any slot's, or none's any more: until the CAS has told that the
  /// token is good, nothing is touched that could be freed.
  static Released ReleaseUnused(Head& head, uint64_t lent) {
    if (!head.plain.load(std::memory_order_relaxed) ||
        !head.listed.load(std::memory_order_relaxed) ||
        head.recalled.load(std::memory_order_relaxed) != 0)
      return Released::kNot;
    const uint64_t idle = IdleWord(lent);
    if (!head.word.compare_exchange_strong(lent, idle, std::memory_order_seq_cst,
                                           std::memory_order_relaxed))
      return Released::kNot;
    return WantedBack(head, idle) ? Released::kMine : Released::kIdle;
  }

 private:
  static uint32_t Reasons(const Gate& gate) {
    return gate.reasons.load(std::memory_order_seq_cst);
  }
  static uint64_t IdleWord(uint64_t word) { return Head::After(word >> 8) << 8 | Head::kIdle; }

  /// After publishing: who waits, or recalls, has either seen the slot idle or is seen here. Then it is taken
  /// back; if that fails, who has it now is later than the wish, and serves it.
  static bool WantedBack(Head& head, uint64_t idle) {
    const Gate* gate = head.gate.load(std::memory_order_relaxed);
    if (Reasons(*gate) == 0 && head.recalled.load(std::memory_order_seq_cst) == 0) return false;
    return Take(head, idle, 0);
  }
  void List(Head& head) {
    if (head.listed.load(std::memory_order_relaxed)) return;
    head.listed.store(true, std::memory_order_relaxed);
    if (!hints_.Push(&head)) head.listed.store(false, std::memory_order_relaxed);
  }

  Gate& gate_;
  Hints hints_;
};

}  // namespace dbp

#endif  // DBP_POOL_IDLE_SET_H_
