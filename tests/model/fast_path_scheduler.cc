#include "tests/model/fast_path_model.h"

// What happens under the mutex, and what must hold when nobody is under way.

namespace dbp::model {

bool State::Queued(int t) const {
  for (uint8_t who : queue) {
    if (who == t) return true;
  }
  return false;
}

uint8_t State::AllQueued() const {
  uint8_t all = 0;
  for (uint8_t who : queue) {
    if (who != kNobody) all |= uint8_t(1 << who);
  }
  return all;
}

int State::QueueSize() const {
  int size = 0;
  while (size < kThreads && queue[size] != kNobody) ++size;
  return size;
}

void State::Enqueue(int t) {
  queue[QueueSize()] = uint8_t(t);
}

void State::Dequeue(int t) {
  int to = 0;
  for (int from = 0; from < kThreads; ++from) {
    if (queue[from] != t) queue[to++] = queue[from];
  }
  while (to < kThreads) queue[to++] = kNobody;
  for (Thread& thread : threads) thread.ahead &= uint8_t(~(1 << t));
}

int State::Lent(int t) const {
  for (int i = 0; i < kSlots; ++i) {
    if (owner[i] == t) return i;
  }
  return -1;
}

int State::Count(Life which) const {
  int count = 0;
  for (Life one : life) count += one == which;
  return count;
}

int State::Used() const {
  return Count(Life::kOpening) + Count(Life::kLive) + Count(Life::kClosing);
}

bool FastPathModel::Work(State& s, int slot) {
  if (s.mutex != kNobody) return false;
  if (s.life[slot] == Life::kClosing) {
    s.life[slot] = Life::kFree;
    OpenForWaiters(s);
    s.gate = Reasons(s);
    return true;
  }
  if (s.life[slot] != Life::kOpening) return false;
  s.life[slot] = Life::kLive;
  s.recalled[slot] = 0;
  for (Thread& thread : s.threads) thread.stale &= uint8_t(~(1 << slot));
  if (s.Count(Life::kLive) > Limit(s)) {
    Retire(s, slot);
  } else if (s.queue[0] != kNobody) {
    Answer(s, slot);
    s.gate = Reasons(s);
  } else {
    Write(s, -1, kWord + slot, 1);
  }
  return true;
}

// ---- the scheduler ----

void FastPathModel::Lease(const State& s, int t, int slot) {
  if ((s.threads[t].ahead & s.AllQueued()) != 0) Break("a newcomer overtook a waiter");
  if ((s.threads[t].stale >> slot & 1) != 0) {
    Break("lent what was recalled before the acquire began");
  }
}

/// The oldest waiter gets `slot`.
void FastPathModel::Answer(State& s, int slot) {
  const int who = s.queue[0];
  if (s.owner[slot] != kNobody || s.word[slot] != 0) Break("handed over what is not its own");
  if (s.Lent(who) >= 0) Break("a waiter is answered twice");
  s.Dequeue(who);
  Lease(s, who, slot);
  s.owner[slot] = uint8_t(who);
  if (s.threads[who].pc == Pc::kWait) s.threads[who].Rest();
}

void FastPathModel::Retire(State& s, int slot) {
  s.owner[slot] = kNobody;
  s.life[slot] = Life::kClosing;
}

void FastPathModel::OpenForWaiters(State& s) {
  for (int slot = 0; slot < scope_.slots; ++slot) {
    if (s.Count(Life::kOpening) >= s.QueueSize() || s.Used() >= Limit(s)) return;
    if (s.life[slot] == Life::kFree) s.life[slot] = Life::kOpening;
  }
}

uint8_t FastPathModel::Reasons(const State& s) const {
  return uint8_t((s.queue[0] != kNobody ? kWaiters : 0) | (s.Used() > Limit(s) ? kOver : 0));
}

/// False: later, when there is room in the buffer.
bool FastPathModel::UpdateGate(State& s, int t) {
  const uint8_t reasons = Reasons(s);
  if (Load(s, t, kGate) == reasons) return true;
  if (Is(Mutant::kGateClosedPlainly)) return StorePlain(s, t, kGate, reasons);
  if (s.threads[t].stores != 0) return false;
  Write(s, t, kGate, reasons);
  return true;
}

bool FastPathModel::Finish(State& s, int t) {
  OpenForWaiters(s);
  if (!UpdateGate(s, t)) return false;
  Thread& me = s.threads[t];
  me.slot = 0;
  me.why = Why::kGrant;
  me.pc = Pc::kWait;
  if (!s.Queued(t)) me.Rest();
  return Unlock(s, t);
}

/// Nobody is under way, so nobody will repair what is wrong now.
void FastPathModel::CheckAtRest(const State& s) {
  if (s.mutex != kNobody) return;
  for (const Thread& thread : s.threads) {
    if ((thread.pc != Pc::kRest && thread.pc != Pc::kWait) || thread.stores != 0) return;
  }
  if (s.Count(Life::kOpening) + s.Count(Life::kClosing) != 0) return;
  const bool waiting = s.queue[0] != kNobody;
  for (int slot = 0; slot < scope_.slots; ++slot) {
    if (s.life[slot] == Life::kLive && s.word[slot] == 0 && s.owner[slot] == kNobody) {
      Break("a connection is lost");
    }
    if (s.word[slot] == 0) continue;
    if (waiting) Break("lost wake-up: somebody waits beside an idle connection");
    if (s.recalled[slot] != 0) Break("a recalled connection stays idle");
    if (s.Used() > Limit(s)) Break("more than the limit stay, and one is idle");
  }
  if (waiting && s.Used() < Limit(s)) Break("somebody waits, and nothing is opened");
  if (s.gate != Reasons(s)) Break("the gate says what is not so");
}

}  // namespace dbp::model
