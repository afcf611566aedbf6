#ifndef DBP_TESTS_MODEL_SIMULATION_H_
#define DBP_TESTS_MODEL_SIMULATION_H_

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

// Runs code that shares memory between threads on one thread: each is a fiber, and every access to
// a SimulatedAtomic is a point where another may go on. A seed decides all of it, so a failure can
// be replayed.
//
// Memory is as weak as this: a store waits in its fiber's FIFO buffer until it is drained, some
// time later. Only a sequentially consistent load, after a sequentially consistent store or
// read-modify-write of the same fiber, waits for those to be in memory: both sides of "write mine,
// then read yours" must ask for it, as in C++, and unlike x86, where any read-modify-write is a
// fence. A read-modify-write is atomic, though its store may be late. Not simulated: loads that are
// early for other reasons, stores of one fiber that overtake each other.

namespace dbp::model {

/// What a SimulatedAtomic holds.
struct Word {
  uint64_t value = 0;
  int locked_by = -1;  ///< fiber whose read-modify-write is still in its buffer
};

class Simulation {
 public:
  static constexpr int kMost = 4;  ///< fibers

  Simulation();
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Runs the bodies to their ends under the schedule of this seed. False: those left wait for each
  /// other. Such fibers are abandoned as they stand.
  bool Run(uint64_t seed, std::vector<std::function<void()>> bodies);

  /// Accesses so far, over all runs.
  uint64_t steps() const { return steps_; }

  /// The one whose fiber is running; NULL outside.
  static Simulation* Current();
  /// The number of the running fiber.
  int fiber() const { return running_; }
  uint64_t Random();

  // For the running fiber.

  /// Others may go on here.
  void Step();
  /// Waits until ready(), which looks at memory, not at buffers.
  template <class Ready>
  void Await(Ready ready) {
    Block([](const void* what) { return (*static_cast<const Ready*>(what))(); }, &ready);
  }

  uint64_t Load(const Word& word, bool sequential);
  void Store(Word& word, uint64_t value, bool sequential);
  /// First half of a read-modify-write: what is in memory, once all earlier ones are.
  uint64_t ReadToModify(Word& word);
  /// Second half.
  void Modify(Word& word, uint64_t value, bool sequential);

  /// What synchronizes otherwise than by atomics (a mutex): all the releasing fiber has stored
  /// until Release() is in memory after Acquire().
  struct Mark {
    int fiber = -1;
    uint64_t stored = 0;
  };
  Mark Release() const;
  void Acquire(const Mark& mark);

 private:
  static constexpr unsigned kBuffer = 8;
  static constexpr size_t kStack = 128 * 1024;
  struct Pending {
    Word* word;
    uint64_t value;
    bool sequential;
  };
  struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    std::function<void()> body;
    bool done = true;
    bool (*ready)(const void*) = nullptr;  ///< NULL: can go on
    const void* ready_for = nullptr;
    uint64_t stored = 0, drained = 0;  ///< the buffer is what lies between
    Pending buffer[kBuffer];
    void* tsan = nullptr;
    void* asan = nullptr;
  };

  static void Start(Fiber& fiber);
  static void Main();
  void Block(bool (*ready)(const void*), const void* what);
  void DrainOne(Fiber& fiber);
  void DrainTo(Fiber& fiber, uint64_t stored);
  void Push(Word& word, uint64_t value, bool sequential);
  int Choose();
  void Switch(int to);

  uint64_t random_ = 1;
  uint64_t steps_ = 0;
  unsigned drain_one_in_ = 1, switch_one_in_ = 1;  ///< of this run
  int count_ = 0;
  int running_ = -1;  ///< -1: none; Run() itself
  Fiber fibers_[kMost];
  Fiber outside_;
};

}  // namespace dbp::model

#endif  // DBP_TESTS_MODEL_SIMULATION_H_
