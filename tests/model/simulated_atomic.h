#ifndef DBP_TESTS_MODEL_SIMULATED_ATOMIC_H_
#define DBP_TESTS_MODEL_SIMULATED_ATOMIC_H_

#include <atomic>
#include <cstring>
#include <type_traits>

#include "tests/model/simulation.h"

// What the code under test gets in place of std::atomic and of a mutex. Outside of a simulation
// they are plain memory.

namespace dbp::model {

template <class T>
class SimulatedAtomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));

 public:
  using value_type = T;
  static constexpr std::memory_order kSequential = std::memory_order_seq_cst;

  SimulatedAtomic(T value = T()) { word_.value = Bits(value); }  // NOLINT: as std::atomic
  SimulatedAtomic(const SimulatedAtomic&) = delete;
  SimulatedAtomic& operator=(const SimulatedAtomic&) = delete;

  T load(std::memory_order order = kSequential) const {
    Simulation* simulation = Simulation::Current();
    return Value(simulation ? simulation->Load(word_, order == kSequential) : word_.value);
  }
  void store(T value, std::memory_order order = kSequential) {
    if (Simulation* simulation = Simulation::Current()) {
      simulation->Store(word_, Bits(value), order == kSequential);
    } else {
      word_.value = Bits(value);
    }
  }
  T exchange(T value, std::memory_order order = kSequential) {
    return Change([value](T) { return value; }, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order = kSequential) {
    const bool sequential = order == kSequential;
    Simulation* simulation = Simulation::Current();
    const uint64_t now = simulation ? simulation->ReadToModify(word_) : word_.value;
    if (now != Bits(expected)) {
      expected = Value(now);
      return false;
    }
    if (simulation) {
      simulation->Modify(word_, Bits(desired), sequential);
    } else {
      word_.value = Bits(desired);
    }
    return true;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order) {
    return compare_exchange_strong(expected, desired, success);
  }
  /// Fails now and then for no reason, as it may.
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = kSequential) {
    Simulation* simulation = Simulation::Current();
    if (simulation && simulation->Random() % 8 == 0) {
      expected = load(std::memory_order_relaxed);
      return false;
    }
    return compare_exchange_strong(expected, desired, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order) {
    return compare_exchange_weak(expected, desired, success);
  }
  T fetch_add(T by, std::memory_order order = kSequential) {
    return Change([by](T now) { return static_cast<T>(now + by); }, order);
  }
  T fetch_sub(T by, std::memory_order order = kSequential) {
    return Change([by](T now) { return static_cast<T>(now - by); }, order);
  }
  T fetch_or(T bits, std::memory_order order = kSequential) {
    return Change([bits](T now) { return static_cast<T>(now | bits); }, order);
  }
  T fetch_and(T bits, std::memory_order order = kSequential) {
    return Change([bits](T now) { return static_cast<T>(now & bits); }, order);
  }
  operator T() const { return load(); }  // NOLINT: as std::atomic

  /// What is in memory now; no step. For checks.
  T Peek() const { return Value(word_.value); }

 private:
  static uint64_t Bits(T value) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  static T Value(uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  template <class Next>
  T Change(Next next, std::memory_order order) {
    Simulation* simulation = Simulation::Current();
    const T now = Value(simulation ? simulation->ReadToModify(word_) : word_.value);
    if (simulation) {
      simulation->Modify(word_, Bits(next(now)), order == kSequential);
    } else {
      word_.value = Bits(next(now));
    }
    return now;
  }

  mutable Word word_;
};

/// Orders what is done while it is held, and nothing else: locking is no fence.
class SimulatedMutex {
 public:
  void Lock() {
    Simulation& simulation = *Simulation::Current();
    simulation.Step();
    simulation.Await([this] { return !held_; });
    held_ = true;
    simulation.Acquire(last_);
  }
  void Unlock() {
    Simulation& simulation = *Simulation::Current();
    simulation.Step();
    last_ = simulation.Release();
    held_ = false;
  }

 private:
  bool held_ = false;
  Simulation::Mark last_;
};

}  // namespace dbp::model

#endif  // DBP_TESTS_MODEL_SIMULATED_ATOMIC_H_
