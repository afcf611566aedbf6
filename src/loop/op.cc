#include "loop/op.h"

namespace dbp {

void Op::Discard() {
  OpCell& mine = cell();
  const uint32_t number = number_;
  this->~Op();
  FreeOpCell(mine, number);
}

Status Op::Enroll(Loop& loop) {
  OpCell& mine = cell();
  mine.loop.store(&loop, std::memory_order_relaxed);
  mine.word.fetch_or(kLive | kPosted | kHeld, std::memory_order_release);
  // Last: who counts it may look for it in the table.
  Status enrolled = loop.EnrollOp();
  if (!enrolled.ok()) mine.word.fetch_and(~(kLive | kPosted | kHeld), std::memory_order_relaxed);
  return enrolled;
}

void Op::TakeBack() {
  Loop& left = loop();
  Discard();
  left.LeaveOp();
}

void Op::Launch() {
  std::atomic<uint64_t>& word = cell().word;
  word.fetch_or(kBegin, std::memory_order_relaxed);
  word.fetch_and(~uint64_t{kHeld}, std::memory_order_release);
  loop().Post(*this);
}

void Op::LetGo() {
  std::atomic<uint64_t>& word = cell().word;
  uint64_t now = word.load(std::memory_order_relaxed);
  while (!(now & kEvents)) {
    if (word.compare_exchange_weak(now, now & ~(kPosted | kHeld), std::memory_order_acq_rel)) return;
  }
  word.fetch_and(~uint64_t{kHeld}, std::memory_order_release);
  loop().Post(*this);
}

dbpool_status Op::Cancel(dbpool_op op) {
  OpCell* cell = FindOpCell(op);
  return cell ? Notify(*cell, OpCell::GenerationOf(op), kCancelled) : DBPOOL_ERR_STALE;
}

dbpool_status Op::Notify(OpCell& cell, uint64_t generation, uint64_t event) {
  uint64_t now = cell.word.load(std::memory_order_acquire);
  do {
    if (now >> OpCell::kFlagBits != generation || !(now & kLive)) return DBPOOL_ERR_STALE;
    if (now & OpCell::kForked) return DBPOOL_ERR_FORKED;
  } while (!cell.word.compare_exchange_weak(now, now | event | kPosted, std::memory_order_acq_rel));
  // Who has set kPosted posts: until then neither the op ends nor its loop. Everybody else has nothing to hold on to.
  if (!(now & kPosted)) {
    Op& op = *std::launder(reinterpret_cast<Op*>(cell.room));
    op.loop().Post(op);
  }
  return DBPOOL_OK;
}

void Op::TellLoopFreed(Loop& loop) {
  for (uint32_t number = 0; OpCell* cell = FindOpCell(number); ++number) {
    // The word first: a live op's loop is written before. Should the cell be another op's by now, it has
    // another generation, and is left alone.
    const uint64_t word = cell->word.load(std::memory_order_acquire);
    if (!(word & kLive) || cell->loop.load(std::memory_order_relaxed) != &loop) continue;
    (void)Notify(*cell, word >> OpCell::kFlagBits, kFreed);
  }
}

void Op::Notify(uint64_t event) {
  const uint64_t before = cell().word.fetch_or(event | kPosted, std::memory_order_acq_rel);
  if (!(before & kPosted)) loop().Post(*this);
}

void Op::Run() {
  const uint64_t before =
      cell().word.fetch_and(~(kPosted | kEvents), std::memory_order_acq_rel);
  if (!(before & kLive)) return Destroy();
  Handle(static_cast<uint32_t>(before & kEvents));
}

/// What comes on the loop's thread while the op is held by another one waits until that lets go.
void Op::OnThread(uint32_t event) {
  if (cell().word.load(std::memory_order_acquire) & kHeld) return Notify(event);
  Handle(event);
}

void Op::Handle(uint32_t events) {
  try {
    OnEvents(events);
  } catch (const std::bad_alloc&) {
    OnNoMemory();
  }
}

void Op::End() {
  loop().reactor().Cancel(*this);
  std::atomic<uint64_t>& word = cell().word;
  word.fetch_and(~uint64_t{kLive}, std::memory_order_acq_rel);  // a cancel comes too late from now on
  Deliver();
  if (word.load(std::memory_order_acquire) & kPosted) return;  // Run() is to come, and does the rest
  Destroy();
}

void Op::Destroy() {
  Loop& left = loop();
  Discard();
  left.LeaveOp();  // nothing runs on the loop for it any more
}

}  // namespace dbp
