#ifndef DBP_TESTS_MODEL_FAST_PATH_MODEL_H_
#define DBP_TESTS_MODEL_FAST_PATH_MODEL_H_

#include <cstdint>
#include <string>

// The fast path of the pool on paper: three threads, two slots, and a FIFO store buffer per thread,
// as x86 has it (TSO). One transition is one access to a word, the gate, `recalled`, or the mutex;
// what the mutex guards moves along with the access beside it. A sequentially consistent store, a
// read-modify-write and locking need an empty buffer; any other store waits in the buffer until a
// transition of its own carries it to memory.
//
// What is coarser than the code, and why nothing is lost by it:
//  - A word is idle or not. "Lent", "pinned" and "owned" are the same to everybody who may not
//  touch it.
//    A claim fails if the word was written since it was read, as the generation makes it fail.
//  - Which slot a thread tries (remembered, or a hint from the container) is any slot, at any time,
//  or none.
//  - Opening and closing take one transition each, under the mutex.
// What TSO cannot show: loads are never late on it. The code asks for sequentially consistent loads
// as well.

namespace dbp::model {

inline constexpr int kThreads = 3;
inline constexpr int kSlots = 2;
inline constexpr uint8_t kNobody = 3;

/// One rule of the protocol, broken.
enum class Mutant : uint8_t {
  kNone,
  kUsedPublishedPlainly,      ///< release stores the word without draining its buffer
  kUnusedPublishedPlainly,    ///< the same by a CAS whose store may be late (acq_rel, on ARM)
  kGateClosedPlainly,         ///< the closing of the gate stays in its buffer
  kGateClosedAfterLooking,    ///< the waiter looks for idle slots, and closes the gate only then
  kGateNotReadAgain,          ///< release does not look at the gate after it published
  kRecalledPlainly,           ///< an invalidation's mark stays in its buffer
  kRecalledNotReadAgain,      ///< release does not look at `recalled` after it published
  kRecalledNotReadAtAcquire,  ///< the fast path lends whatever it claimed
  kGateNotReadAtAcquire,      ///< the fast path does not ask who waits
  kClaimedPlainly,            ///< the fast path claims by a load and a store
  kScannedPlainly,            ///< so does the scheduler
  kShrunkAfterLooking,        ///< a shrink looks for idle slots, and closes the gate only then
  kNotHandedOver,             ///< a release that sees waiters publishes the slot all the same
  kGateLeftClosed,            ///< a waiter that gives up leaves the gate as it was
  kRecalledNotReadInQueue,    ///< the scheduler does not look at `recalled` before it lends
};

/// How large the world is; at most kThreads, kSlots, 7 operations.
struct Scope {
  int threads = kThreads;
  int slots = kSlots;
  int operations = 4;      ///< per thread
  int open = 1;            ///< slots open, and idle, at the start
  bool invalidate = true;  ///< operations beside acquire and release
  bool shrink = true;      ///< once, from two connections to one
};

enum class Pc : uint8_t {
  kRest,             ///< between two operations; holds a lease or not
  kPick,             ///< acquire: the gate was open; which slot?
  kClaim,            ///< saw `slot` idle
  kLook,             ///< claimed it; was it recalled?
  kUseless,          ///< it was: give it up under the mutex, and queue
  kSlow,             ///< acquire under the mutex
  kEnqueue,          ///< mutex held: found nothing
  kWait,             ///< queued, or answered by now
  kGiveUp,           ///< timed out
  kReleaseRecalled,  ///< release: nobody waits; is it wanted back?
  kPublish,
  kPublishedGate,  ///< look again, now that others can claim it
  kPublishedRecalled,
  kTakeBack,  ///< somebody wants it: if it is still as published, it goes to the scheduler
  kHandOver,  ///< release under the mutex
  kInvalidate,
  kRecall,  ///< mutex held: mark `slot`
  kShrink,
  kScan,       ///< mutex held: is `slot` idle?
  kScanClaim,  ///< mutex held: saw it idle
  kLateGate,   ///< mutex held: closes it too late (two of the mutants)
};

/// What a scan is for.
enum class Why : uint8_t {
  kGrant,    ///< an acquire that has not queued: it takes the first
  kServe,    ///< the queue: its oldest waiter gets the first
  kRecall,   ///< all that is idle goes
  kSurplus,  ///< what is idle goes, while there are too many
};

/// Where a store goes: a word, the gate, a `recalled`, or the mutex.
enum Place : uint8_t { kWord, kRecalled = kWord + kSlots, kGate = kRecalled + kSlots, kMutex };

struct Store {
  uint8_t place;
  uint8_t value;
};

struct Thread {
  Pc pc = Pc::kRest;
  Why why = Why::kGrant;
  uint8_t slot = 0;       ///< of a release, or how far a loop over the slots has come
  bool used = false;      ///< the lease was used: its word is published by a store
  bool outdated = false;  ///< the word has changed since this thread read it
  uint8_t left = 0;       ///< operations
  uint8_t ahead = 0;      ///< who was counted in the gate when its acquire began and still waits
  uint8_t stale = 0;      ///< slots that were recalled when its acquire began
  uint8_t stores = 0;
  Store buffer[2] = {};

  void Rest() {  // the operation is over; what is in the buffer stays there
    pc = Pc::kRest;
    why = Why::kGrant;
    slot = ahead = stale = 0;
    used = outdated = false;
  }
};

enum class Life : uint8_t { kFree, kOpening, kLive, kClosing };

struct State {
  Thread threads[kThreads];
  // Memory.
  uint8_t word[kSlots] = {};  ///< 1: idle
  uint8_t recalled[kSlots] = {};
  uint8_t gate = 0;  ///< kWaiters | kOver
  uint8_t mutex = kNobody;
  // Guarded by the mutex.
  Life life[kSlots] = {};
  uint8_t queue[kThreads] = {kNobody, kNobody, kNobody};
  bool shrunk = false;
  // Nowhere: who has the right to the connection.
  uint8_t owner[kSlots] = {kNobody, kNobody};

  bool Queued(int t) const;
  uint8_t AllQueued() const;  ///< a bit each
  int QueueSize() const;
  void Enqueue(int t);
  void Dequeue(int t);
  /// The slot whose lease thread t has; -1 if none.
  int Lent(int t) const;
  int Used() const;  ///< slots that are not free
  int Count(Life which) const;
};

// The gate.
inline constexpr uint8_t kWaiters = 1;
inline constexpr uint8_t kOver = 2;  ///< more connections than the limit

/// A State in 16 bytes.
struct Packed {
  uint64_t high = 0, low = 0;
  bool operator==(const Packed&) const = default;
};

Packed Pack(const State& state);
/// Threads are alike: renames them so that states which differ in their names only become one.
/// name[new] = old.
void Rename(State& state, uint8_t name[kThreads]);

class FastPathModel {
 public:
  static constexpr int kChoices = 8;
  /// Of the threads, then of the slots (opened, closed).
  static constexpr int kTransitions = kThreads * kChoices + kSlots;

  FastPathModel(const Scope& scope, Mutant mutant) : scope_(scope), mutant_(mutant) {}

  State Start() const;
  /// Takes a transition; false if the state has no such one.
  bool Take(State& state, int transition);
  /// The rule the last transition broke; NULL if none.
  const char* broken() const { return broken_; }

  /// For people: "B claims 0".
  static std::string Describe(const State& before, int transition, const uint8_t name[kThreads]);

 private:
  bool Is(Mutant mutant) const { return mutant_ == mutant; }
  void Break(const char* rule) {
    if (broken_ == nullptr) broken_ = rule;
  }

  // Accesses of thread t. Those that return bool: false if they must wait.
  static uint8_t Load(const State& s, int t, int place);
  static bool StorePlain(State& s, int t, int place, int value);
  static void Write(State& s, int t, int place, int value);
  static bool Drain(State& s, int t);
  static bool Lock(State& s, int t);
  static bool Unlock(State& s, int t);
  bool Claim(State& s, int t, bool plainly);

  // One transition of thread t. False: not now, or no such choice.
  bool Step(State& s, int t, int choice);
  bool Begin(State& s, int t, int choice);
  bool Pick(State& s, int t, int choice);
  bool Slow(State& s, int t);
  bool Enqueue(State& s, int t);
  bool GiveUp(State& s, int t);
  bool Publish(State& s, int t);
  bool TakeBack(State& s, int t);
  bool HandOver(State& s, int t);
  bool Recall(State& s, int t);
  bool Shrink(State& s, int t);
  bool BeginScan(State& s, int t, Why why);
  /// From `slot` on, to the next that is idle.
  bool Scan(State& s, int t);
  bool ScanClaim(State& s, int t);
  /// The opener's: a connect or a close ends.
  bool Work(State& s, int slot);

  // What the scheduler does under the mutex.
  void Lease(const State& s, int t, int slot);
  void Answer(State& s, int slot);
  static void Retire(State& s, int slot);
  void OpenForWaiters(State& s);
  bool UpdateGate(State& s, int t);
  /// The end of every event.
  bool Finish(State& s, int t);
  uint8_t Reasons(const State& s) const;
  int Limit(const State& s) const { return s.shrunk ? 1 : scope_.slots; }

  void CheckAtRest(const State& s);

  const Scope scope_;
  const Mutant mutant_;
  const char* broken_ = nullptr;
};

}  // namespace dbp::model

#endif  // DBP_TESTS_MODEL_FAST_PATH_MODEL_H_
