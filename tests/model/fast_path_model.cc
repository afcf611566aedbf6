#include "tests/model/fast_path_model.h"

namespace dbp::model {

State FastPathModel::Start() const {
  State s;
  for (int t = 0; t < scope_.threads; ++t) s.threads[t].left = uint8_t(scope_.operations);
  for (int i = 0; i < scope_.open; ++i) {
    s.life[i] = Life::kLive;
    s.word[i] = 1;
  }
  return s;
}

bool FastPathModel::Take(State& s, int transition) {
  broken_ = nullptr;
  bool taken = false;
  if (transition >= kThreads * kChoices) {
    taken = Work(s, transition - kThreads * kChoices);
  } else {
    const int t = transition / kChoices, choice = transition % kChoices;
    if (t >= scope_.threads) return false;
    taken = choice == 0 ? Drain(s, t) : Step(s, t, choice - 1);
  }
  if (taken) CheckAtRest(s);
  return taken;
}

// ---- accesses ----

uint8_t FastPathModel::Load(const State& s, int t, int place) {
  const Thread& thread = s.threads[t];
  for (int i = thread.stores; i-- > 0;) {
    if (thread.buffer[i].place == place) return thread.buffer[i].value;
  }
  if (place == kGate) return s.gate;
  return place >= kRecalled ? s.recalled[place - kRecalled] : s.word[place - kWord];
}

bool FastPathModel::StorePlain(State& s, int t, int place, int value) {
  Thread& thread = s.threads[t];
  if (thread.stores == 2) return false;
  thread.buffer[thread.stores++] = Store{uint8_t(place), uint8_t(value)};
  return true;
}

void FastPathModel::Write(State& s, int t, int place, int value) {
  if (place == kMutex) {
    s.mutex = uint8_t(value);
  } else if (place == kGate) {
    s.gate = uint8_t(value);
  } else if (place >= kRecalled) {
    s.recalled[place - kRecalled] = uint8_t(value);
  } else {
    s.word[place] = uint8_t(value);
    for (int other = 0; other < kThreads; ++other) {
      Thread& thread = s.threads[other];
      if (other == t || thread.slot != place) continue;
      if (thread.pc == Pc::kClaim || thread.pc == Pc::kScanClaim) thread.outdated = true;
      const bool published = thread.pc == Pc::kPublishedGate ||
                             thread.pc == Pc::kPublishedRecalled || thread.pc == Pc::kTakeBack;
      if (published) thread.Rest();  // whatever it reads, it cannot take it back
    }
  }
}

bool FastPathModel::Drain(State& s, int t) {
  Thread& thread = s.threads[t];
  if (thread.stores == 0) return false;
  Write(s, t, thread.buffer[0].place, thread.buffer[0].value);
  thread.buffer[0] = thread.buffer[1];
  thread.buffer[1] = Store{};
  --thread.stores;
  return true;
}

bool FastPathModel::Lock(State& s, int t) {
  if (s.mutex != kNobody || s.threads[t].stores != 0) return false;
  s.mutex = uint8_t(t);
  return true;
}

bool FastPathModel::Unlock(State& s, int t) {
  if (s.threads[t].stores != 0) return StorePlain(s, t, kMutex, kNobody);
  s.mutex = kNobody;
  return true;
}

/// The second half of a compare-and-swap; the first was to see `slot` idle.
bool FastPathModel::Claim(State& s, int t, bool plainly) {
  Thread& thread = s.threads[t];
  const bool fits = !thread.outdated && s.word[thread.slot] != 0;
  thread.outdated = false;
  if (!fits && !plainly) return false;
  Write(s, t, kWord + thread.slot, 0);
  if (s.owner[thread.slot] != kNobody || s.life[thread.slot] != Life::kLive) {
    Break("a connection has two owners");
  }
  s.owner[thread.slot] = uint8_t(t);
  return true;
}

// ---- threads ----

bool FastPathModel::Step(State& s, int t, int choice) {
  Thread& me = s.threads[t];
  if (me.pc == Pc::kRest) return Begin(s, t, choice);
  if (me.pc == Pc::kPick) return Pick(s, t, choice);
  if (choice != 0) return false;
  switch (me.pc) {
    case Pc::kRest:
    case Pc::kPick:
      return false;
    case Pc::kClaim:
      if (me.stores != 0) return false;
      me.pc = Claim(s, t, Is(Mutant::kClaimedPlainly)) ? Pc::kLook : Pc::kPick;
      if (me.pc == Pc::kPick) me.slot = 0;
      return true;
    case Pc::kLook:
      if (Load(s, t, kRecalled + me.slot) != 0 && !Is(Mutant::kRecalledNotReadAtAcquire)) {
        me.pc = Pc::kUseless;
      } else {
        Lease(s, t, me.slot);
        me.Rest();
      }
      return true;
    case Pc::kUseless:
    case Pc::kSlow:
      return Slow(s, t);
    case Pc::kEnqueue:
      return Enqueue(s, t);
    case Pc::kWait:
      me.pc = Pc::kGiveUp;
      return true;
    case Pc::kGiveUp:
      return GiveUp(s, t);
    case Pc::kReleaseRecalled:
      me.pc = Load(s, t, kRecalled + me.slot) != 0 ? Pc::kHandOver : Pc::kPublish;
      return true;
    case Pc::kPublish:
      return Publish(s, t);
    case Pc::kPublishedGate:
      me.pc = Load(s, t, kGate) != 0 ? Pc::kTakeBack : Pc::kPublishedRecalled;
      if (me.pc == Pc::kPublishedRecalled && Is(Mutant::kRecalledNotReadAgain)) me.Rest();
      return true;
    case Pc::kPublishedRecalled:
      me.pc = Pc::kTakeBack;
      if (Load(s, t, kRecalled + me.slot) == 0) me.Rest();
      return true;
    case Pc::kTakeBack:
      return TakeBack(s, t);
    case Pc::kHandOver:
      return HandOver(s, t);
    case Pc::kInvalidate:
      if (!Lock(s, t)) return false;
      me.slot = 0;
      return Recall(s, t);
    case Pc::kRecall:
      return Recall(s, t);
    case Pc::kShrink:
      return Shrink(s, t);
    case Pc::kScan:
      return Scan(s, t);
    case Pc::kScanClaim:
      return ScanClaim(s, t);
    case Pc::kLateGate:
      return Finish(s, t);
  }
  return false;
}

bool FastPathModel::Begin(State& s, int t, int choice) {
  Thread& me = s.threads[t];
  if (me.left == 0) return false;
  const int lent = s.Lent(t);
  switch (choice) {
    case 0:
    case 1:  // acquire, or release a lease that was used (1) or not (0)
      if (lent >= 0) {
        me.slot = uint8_t(lent);
        me.used = choice == 1;
        me.pc = Load(s, t, kGate) != 0 ? Pc::kHandOver : Pc::kReleaseRecalled;
      } else if (choice == 0) {
        for (int i = 0; i < kSlots; ++i) me.stale |= uint8_t(s.recalled[i] << i);
        if ((s.gate & kWaiters) != 0) me.ahead = s.AllQueued();
        const bool fast = Load(s, t, kGate) == 0 || Is(Mutant::kGateNotReadAtAcquire);
        me.pc = fast ? Pc::kPick : Pc::kSlow;
      } else {
        return false;
      }
      break;
    case 2:
      if (!scope_.invalidate) return false;
      me.pc = Pc::kInvalidate;
      break;
    case 3:
      if (!scope_.shrink || s.shrunk) return false;
      me.pc = Pc::kShrink;
      break;
    default:
      return false;
  }
  --me.left;
  return true;
}

bool FastPathModel::Pick(State& s, int t, int choice) {
  Thread& me = s.threads[t];
  if (choice > scope_.slots) return false;
  if (choice == scope_.slots) {
    me.pc = Pc::kSlow;
    return true;
  }
  if (Load(s, t, kWord + choice) == 0) return false;  // the next hint, then: another choice
  me.slot = uint8_t(choice);
  me.pc = Pc::kClaim;
  return true;
}

bool FastPathModel::Slow(State& s, int t) {
  if (!Lock(s, t)) return false;
  Thread& me = s.threads[t];
  if (me.pc == Pc::kUseless) {
    Retire(s, me.slot);
    return Enqueue(s, t);
  }
  return s.queue[0] == kNobody ? BeginScan(s, t, Why::kGrant) : Enqueue(s, t);
}

bool FastPathModel::Enqueue(State& s, int t) {
  const bool first = s.queue[0] == kNobody;
  s.Enqueue(t);
  if (!first) return Finish(s, t);
  if (!Is(Mutant::kGateClosedAfterLooking) && !UpdateGate(s, t)) return false;
  Thread& me = s.threads[t];
  me.pc = Pc::kScan;
  me.why = Why::kServe;
  me.slot = 0;
  return true;
}

bool FastPathModel::GiveUp(State& s, int t) {
  if (!Lock(s, t)) return false;
  Thread& me = s.threads[t];
  const bool queued = s.Queued(t);  // else it has been answered, and keeps the connection
  if (queued) s.Dequeue(t);
  if (queued && !Is(Mutant::kGateLeftClosed) && !UpdateGate(s, t)) return false;
  me.Rest();
  return Unlock(s, t);
}

bool FastPathModel::Publish(State& s, int t) {
  Thread& me = s.threads[t];
  const bool plainly =
      Is(me.used ? Mutant::kUsedPublishedPlainly : Mutant::kUnusedPublishedPlainly);
  if (plainly) {
    if (!StorePlain(s, t, kWord + me.slot, 1)) return false;
  } else {
    if (me.stores != 0) return false;
    Write(s, t, kWord + me.slot, 1);
  }
  s.owner[me.slot] = kNobody;
  me.used = false;
  me.pc = Is(Mutant::kGateNotReadAgain) ? Pc::kPublishedRecalled : Pc::kPublishedGate;
  return true;
}

bool FastPathModel::TakeBack(State& s, int t) {
  Thread& me = s.threads[t];
  if (me.stores != 0) return false;
  if (Claim(s, t, false)) {
    me.pc = Pc::kHandOver;
  } else {
    me.Rest();
  }
  return true;
}

bool FastPathModel::HandOver(State& s, int t) {
  if (!Lock(s, t)) return false;
  Thread& me = s.threads[t];
  const int slot = me.slot;
  s.owner[slot] = kNobody;
  if (s.recalled[slot] != 0 || s.Used() > Limit(s)) {
    Retire(s, slot);
  } else if (s.queue[0] != kNobody && !Is(Mutant::kNotHandedOver)) {
    Answer(s, slot);
  } else {
    Write(s, t, kWord + slot, 1);
  }
  me.Rest();
  return Finish(s, t);
}

bool FastPathModel::Recall(State& s, int t) {
  Thread& me = s.threads[t];
  while (me.slot < kSlots && (s.life[me.slot] != Life::kLive || s.recalled[me.slot] != 0))
    ++me.slot;
  if (me.slot == kSlots) return BeginScan(s, t, Why::kRecall);
  me.pc = Pc::kRecall;
  const int place = kRecalled + me.slot++;
  if (Is(Mutant::kRecalledPlainly)) return StorePlain(s, t, place, 1);
  Write(s, t, place, 1);
  return true;
}

bool FastPathModel::Shrink(State& s, int t) {
  if (!Lock(s, t)) return false;
  s.shrunk = true;
  if (!Is(Mutant::kShrunkAfterLooking) && !UpdateGate(s, t)) return false;
  Thread& me = s.threads[t];
  me.pc = Pc::kScan;
  me.why = Why::kSurplus;
  me.slot = 0;
  return true;
}

bool FastPathModel::BeginScan(State& s, int t, Why why) {
  s.threads[t].why = why;
  s.threads[t].slot = 0;
  return Scan(s, t);
}

bool FastPathModel::Scan(State& s, int t) {
  Thread& me = s.threads[t];
  me.pc = Pc::kScan;
  while (me.slot < kSlots && s.life[me.slot] != Life::kLive) ++me.slot;
  if (me.why == Why::kSurplus && s.Count(Life::kLive) <= Limit(s)) me.slot = kSlots;
  if (me.slot < kSlots) {
    if (Load(s, t, kWord + me.slot) != 0) {
      me.pc = Pc::kScanClaim;
    } else {
      ++me.slot;
    }
    return true;
  }
  me.slot = 0;
  if (me.why == Why::kGrant) {
    me.pc = Pc::kEnqueue;
    return true;
  }
  if (Is(Mutant::kGateClosedAfterLooking) || Is(Mutant::kShrunkAfterLooking)) {
    me.pc = Pc::kLateGate;
    return true;
  }
  return Finish(s, t);
}

bool FastPathModel::ScanClaim(State& s, int t) {
  Thread& me = s.threads[t];
  if (me.stores != 0) return false;
  const int slot = me.slot;
  const bool mine = Claim(s, t, Is(Mutant::kScannedPlainly));
  me.pc = Pc::kScan;
  ++me.slot;
  if (!mine) return true;
  s.owner[slot] = kNobody;
  const bool lend = me.why == Why::kGrant || me.why == Why::kServe;
  if (!lend || (s.recalled[slot] != 0 && !Is(Mutant::kRecalledNotReadInQueue))) {
    Retire(s, slot);
    return true;
  }
  if (me.why == Why::kServe) {
    Answer(s, slot);
  } else {
    Lease(s, t, slot);
    s.owner[slot] = uint8_t(t);
  }
  return Finish(s, t);
}

}  // namespace dbp::model
