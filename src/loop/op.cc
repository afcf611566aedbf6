#include "loop/op.h"

#include "base/fork.h"

namespace dbp {

void Op::Discard() {
  OpCell& mine = cell();
  this->~Op();
  FreeOpCell(mine);
}

Status Op::Enroll(Loop& loop) {
  DBP_RETURN_IF_ERROR(loop.Enroll(*this));
  loop_ = &loop;
  cell().word.fetch_or(kLive | kPosted | kHeld, std::memory_order_release);
  return Status::Ok();
}

void Op::TakeBack() {
  loop_->Leave(*this);
  Discard();
}

void Op::Launch() {
  std::atomic<uint64_t>& word = cell().word;
  word.fetch_or(kBegin, std::memory_order_relaxed);
  word.fetch_and(~uint64_t{kHeld}, std::memory_order_release);
  loop_->reactor().Post(*this);
}

void Op::LetGo() {
  std::atomic<uint64_t>& word = cell().word;
  uint64_t now = word.load(std::memory_order_relaxed);
  while (!(now & kEvents)) {
    if (word.compare_exchange_weak(now, now & ~(kPosted | kHeld), std::memory_order_acq_rel)) return;
  }
  word.fetch_and(~uint64_t{kHeld}, std::memory_order_release);
  loop_->reactor().Post(*this);
}

dbpool_status Op::Cancel(dbpool_op op) {
  OpCell* cell = FindOpCell(op);
  if (!cell) return DBPOOL_ERR_STALE;
  uint64_t now = cell->word.load(std::memory_order_acquire);
  do {
    const bool same = now >> OpCell::kFlagBits == OpCell::GenerationOf(op);
    if (!same || !(now & kLive)) return DBPOOL_ERR_STALE;
    if (cell->fork_stamp.load(std::memory_order_relaxed) != ForkGeneration()) return DBPOOL_ERR_FORKED;
  } while (!cell->word.compare_exchange_weak(now, now | kCancelled | kPosted, std::memory_order_acq_rel));
  if (!(now & kPosted)) {
    Op& mine = *std::launder(reinterpret_cast<Op*>(cell->room));
    mine.loop_->reactor().Post(mine);
  }
  return DBPOOL_OK;
}

void Op::Notify(uint64_t event) {
  const uint64_t before = cell().word.fetch_or(event | kPosted, std::memory_order_acq_rel);
  if (!(before & kPosted)) loop_->reactor().Post(*this);
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
  loop_->reactor().Cancel(*this);
  std::atomic<uint64_t>& word = cell().word;
  word.fetch_and(~uint64_t{kLive}, std::memory_order_acq_rel);  // a cancel comes too late from now on
  Deliver();
  if (word.load(std::memory_order_acquire) & kPosted) return;  // Run() is to come, and does the rest
  Destroy();
}

void Op::Destroy() {
  loop_->Leave(*this);  // nothing runs on the loop for it any more
  Discard();
}

}  // namespace dbp
