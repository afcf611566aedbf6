#ifndef DBP_LOOP_OP_H_
#define DBP_LOOP_OP_H_

#include <cstdint>
#include <new>
#include <utility>

#include "loop/loop.h"
#include "loop/op_table.h"

namespace dbp {

/// An asynchronous call under way: what a dbpool_op names. It lives in a cell of the table, is moved on by
/// events on its loop's thread, one after the other and without a lock, and ends there with one Deliver().
///
/// Its life: New() -> Enroll() -> [held by its maker] -> Launch() or LetGo() -> OnEvents() ... -> End().
/// What happens while it is held is kept for the loop: the maker has it to itself until it lets go.
///
/// The word of the cell: kLive from Enroll() to End(); kHeld while it is held; kPosted while the op stands in the
/// loop's task queue, or is held. Whoever sets kPosted posts; only Run() clears it, and an op with kPosted is not destroyed. So whoever
/// notifies an op needs no more than that it had not ended when he began.
class Op : private Task, private Timer {
 public:
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  /// REQUIRES: Op is the first base of T. Throws std::bad_alloc.
  template <class T, class... Args>
  static T& New(Args&&... args) {
    static_assert(sizeof(T) <= sizeof(OpCell::room) && alignof(T) <= 8);
    uint32_t number = 0;
    OpCell& cell = AllocateOpCell(&number);
    try {
      T& op = *new (cell.room) T(std::forward<Args>(args)...);
      static_cast<Op&>(op).number_ = number;
      return op;
    } catch (...) {
      FreeOpCell(cell, number);
      throw;
    }
  }
  /// Never enrolled: destroys it.
  void Discard();

  /// From now on it can be cancelled, and is held. DBPOOL_ERR_CLOSED or _FORKED: Discard() it.
  Status Enroll(Loop& loop);
  /// The opposite of Enroll() while it is held and nobody else knows it. Destroys it.
  void TakeBack();
  /// Lets go: kBegin comes on the loop's thread. Touch it no more.
  void Launch();
  /// Lets go: the next event is whatever comes. Touch it no more.
  void LetGo();

  dbpool_op token() const { return cell().token(number_); }

  /// Asks an op to end, from any thread. DBPOOL_OK, DBPOOL_ERR_STALE or DBPOOL_ERR_FORKED.
  static dbpool_status Cancel(dbpool_op op);
  /// Tells all ops of a loop, on its thread.
  static void TellLoopFreed(Loop& loop);

  enum Event : uint32_t {
    kBegin = 4,       ///< Launch()
    kCancelled = 8,   ///< by its caller
    kFreed = 16,      ///< the loop is being freed: end soon
    kWoken = 32,      ///< Wake()
    kReturned = 64,   ///< Return()
    kDue = 128,       ///< the time of DueAt() has come
    kReady = 256,     ///< Ready()
  };

  // For what the op waits for. From any thread, before the op has ended.
  void Wake() { Notify(kWoken); }
  void Return() { Notify(kReturned); }  ///< by a worker that has done its part

  // While the op is held, or on the loop's thread.
  /// One time is kept, the last one given; kForever: none.
  void DueAt(Nanos when) { loop().reactor().Schedule(*this, when); }
  /// On the loop's thread: a watch of its is.
  void Ready() { OnThread(kReady); }
  Loop& loop() const { return *cell().loop.load(std::memory_order_relaxed); }

 protected:
  Op() = default;
  virtual ~Op() = default;

  /// On the loop's thread: what has happened since the last time. May End(), and then returns at once.
  /// std::bad_alloc: OnNoMemory() follows.
  virtual void OnEvents(uint32_t events) = 0;
  virtual void OnNoMemory() noexcept = 0;
  /// The callback. On the loop's thread, once.
  virtual void Deliver() noexcept = 0;

  /// On the loop's thread, as the last thing: it is over. REQUIRES: whoever was to notify it has done so, and
  /// nothing of it is watched.
  void End();

 private:
  enum Flag : uint64_t { kLive = OpCell::kLive, kPosted = 2, kHeld = 512 };
  static constexpr uint64_t kEvents =
      kBegin | kCancelled | kFreed | kWoken | kReturned | kDue | kReady;

  void Run() final;
  void OnDue() final { OnThread(kDue); }
  void Notify(uint64_t event);
  /// If the cell still has the generation: OK, STALE or FORKED.
  static dbpool_status Notify(OpCell& cell, uint64_t generation, uint64_t event);
  void OnThread(uint32_t event);
  void Handle(uint32_t events);
  void Destroy();

  OpCell& cell() const { return OpCell::Of(const_cast<Op*>(this)); }

  uint32_t number_ = 0;  ///< of the cell
};

}  // namespace dbp

#endif  // DBP_LOOP_OP_H_
