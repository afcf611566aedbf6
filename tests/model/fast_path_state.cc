#include <algorithm>

#include "tests/model/fast_path_model.h"

// States as keys of a set, and states and transitions as people read them.

namespace dbp::model {

namespace {

/// Numbers side by side in 64 bits.
class Bits {
 public:
  void Put(uint64_t value, int width) {
    bits_ |= value << at_;
    at_ += width;
  }
  uint64_t bits() const { return bits_; }

 private:
  uint64_t bits_ = 0;
  int at_ = 0;
};

constexpr int kThreadBits = 30;

void Put(Bits& bits, const Thread& thread) {
  bits.Put(uint8_t(thread.pc), 5);
  bits.Put(uint8_t(thread.why), 2);
  bits.Put(thread.slot, 2);
  bits.Put(thread.used, 1);
  bits.Put(thread.outdated, 1);
  bits.Put(thread.left, 3);
  bits.Put(thread.stale, 2);
  bits.Put(thread.stores, 2);
  for (const Store& store : thread.buffer) {
    bits.Put(store.place, 3);
    bits.Put(store.value, 3);
  }
}

}  // namespace

Packed Pack(const State& s) {
  Bits high, low;
  Put(high, s.threads[0]);
  Put(high, s.threads[1]);
  Put(low, s.threads[2]);
  for (uint8_t who : s.queue) low.Put(who, 2);
  low.Put(s.shrunk, 1);
  low.Put(s.gate, 3);
  low.Put(s.mutex, 2);
  for (int i = 0; i < kSlots; ++i) {
    low.Put(s.word[i], 1);
    low.Put(s.recalled[i], 1);
    low.Put(uint8_t(s.life[i]), 2);
    low.Put(s.owner[i], 2);
  }
  for (const Thread& thread : s.threads) low.Put(thread.ahead, 3);
  return Packed{high.bits(), low.bits()};
}

void Rename(State& s, uint8_t name[kThreads]) {
  uint64_t keys[kThreads];
  for (uint8_t t = 0; t < kThreads; ++t) {
    Bits bits;
    Put(bits, s.threads[t]);
    keys[t] = bits.bits() << 2 | t;
    static_assert(kThreadBits + 2 <= 64);
  }
  std::sort(keys, keys + kThreads);
  uint8_t now[kThreads + 1];  // now[old] = new
  now[kNobody] = kNobody;
  bool same = true;
  for (uint8_t t = 0; t < kThreads; ++t) {
    name[t] = keys[t] & 3;
    now[name[t]] = t;
    same = same && name[t] == t;
  }
  if (same) return;
  const State old = s;
  for (int t = 0; t < kThreads; ++t) {
    s.threads[t] = old.threads[name[t]];
    uint8_t ahead = 0;
    for (int who = 0; who < kThreads; ++who) {
      if ((s.threads[t].ahead >> who & 1) != 0) ahead |= uint8_t(1 << now[who]);
    }
    s.threads[t].ahead = ahead;
  }
  for (uint8_t& who : s.queue) who = now[who];
  for (uint8_t& who : s.owner) who = now[who];
  s.mutex = now[s.mutex];
}

std::string FastPathModel::Describe(const State& before, int transition,
                                    const uint8_t name[kThreads]) {
  static constexpr const char* kSteps[] = {"begins",
                                           "picks",
                                           "claims by CAS",
                                           "reads recalled",
                                           "finds it useless, queues",
                                           "locks",
                                           "queues",
                                           "times out",
                                           "withdraws",
                                           "reads recalled",
                                           "publishes",
                                           "reads the gate again",
                                           "reads recalled again",
                                           "takes back by CAS",
                                           "releases under the mutex",
                                           "invalidates",
                                           "marks as recalled",
                                           "shrinks the pool",
                                           "scans",
                                           "claims by CAS in a scan",
                                           "closes the gate late"};
  static constexpr const char* kBegins[] = {"begins to release, unused; reads the gate",
                                            "begins to release, used; reads the gate",
                                            "begins to invalidate", "begins to shrink"};
  if (transition >= kThreads * kChoices) {
    const int slot = transition - kThreads * kChoices;
    return std::string(before.life[slot] == Life::kOpening ? "opened " : "closed ") +
           std::to_string(slot);
  }
  const int t = transition / kChoices, choice = transition % kChoices;
  const Thread& me = before.threads[t];
  std::string text(1, char('A' + name[t]));
  if (choice == 0) return text + " drains a store";
  if (me.pc == Pc::kRest && choice == 1 && before.Lent(t) < 0) {
    return text + " begins to acquire; reads the gate";
  }
  if (me.pc == Pc::kRest) return text + " " + kBegins[choice - 1];
  text += std::string(" ") + kSteps[int(me.pc)];
  if (me.pc == Pc::kPick)
    return text + (choice > kSlots ? " none" : " " + std::to_string(choice - 1));
  return text + " (slot " + std::to_string(me.slot) + ")";
}

}  // namespace dbp::model
