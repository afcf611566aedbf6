#include "tests/model/simulation.h"

#include <pthread.h>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace dbp::model {

namespace {

Simulation* g_current = nullptr;

}  // namespace

Simulation* Simulation::Current() {
  return g_current;
}

Simulation::Simulation() {
  for (Fiber& fiber : fibers_) {
    fiber.stack = std::make_unique<char[]>(kStack);
#if defined(__SANITIZE_THREAD__)
    fiber.tsan = __tsan_create_fiber(0);
#endif
  }
}

Simulation::~Simulation() {
#if defined(__SANITIZE_THREAD__)
  for (Fiber& fiber : fibers_) __tsan_destroy_fiber(fiber.tsan);
#endif
}

bool Simulation::Run(uint64_t seed, std::vector<std::function<void()>> bodies) {
  g_current = this;
  random_ = seed * 0x9E3779B97F4A7C15ULL | 1;
  // Bugs differ in what they need: buffers that are long full, or one thread that is long away.
  drain_one_in_ = 1u << Random() % 8;
  switch_one_in_ = 1u << Random() % 5;
  count_ = static_cast<int>(bodies.size());
  for (int i = 0; i < count_; ++i) {
    fibers_[i].body = std::move(bodies[static_cast<size_t>(i)]);
    Start(fibers_[i]);
  }
  const int first = Choose();
  if (first >= 0) Switch(first);
  g_current = nullptr;
  bool all = true;
  for (int i = 0; i < count_; ++i) {
    DrainTo(fibers_[i], fibers_[i].stored);
    all = all && fibers_[i].done;
  }
  return all;
}

void Simulation::Start(Fiber& fiber) {
  fiber.done = false;
  fiber.ready = nullptr;
  fiber.stored = fiber.drained = 0;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = kStack;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, &Simulation::Main, 0);
}

void Simulation::Main() {
  Simulation& simulation = *g_current;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  Fiber& self = simulation.fibers_[simulation.running_];
  self.body();
  self.body = nullptr;
  self.done = true;
  simulation.Switch(simulation.Choose());
}

uint64_t Simulation::Random() {  // xorshift64* (Vigna 2014)
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return (random_ * 0x2545F4914F6CDD1DULL) >> 16;
}

void Simulation::Step() {
  ++steps_;
  const uint64_t dice = Random();
  if (dice % drain_one_in_ == 0) {
    Fiber& fiber = fibers_[(dice >> 8) % static_cast<unsigned>(count_)];
    if (fiber.drained != fiber.stored) DrainOne(fiber);
  }
  if ((dice >> 24) % switch_one_in_ != 0) return;
  const int next = Choose();
  if (next != running_) Switch(next);
}

void Simulation::Block(bool (*ready)(const void*), const void* what) {
  Fiber& self = fibers_[running_];
  self.ready_for = what;
  self.ready = ready;
  const int next = Choose();
  if (next != running_) Switch(next);
  self.ready = nullptr;
}

/// A fiber that can go on, by lot; -1 if none can. What is in the buffers comes to memory before
/// anybody is said to wait for ever.
int Simulation::Choose() {
  for (;;) {
    int able[kMost];
    unsigned count = 0;
    bool draining = false;
    for (int i = 0; i < count_; ++i) {
      const Fiber& fiber = fibers_[i];
      draining = draining || fiber.drained != fiber.stored;
      if (!fiber.done && (!fiber.ready || fiber.ready(fiber.ready_for))) able[count++] = i;
    }
    if (count != 0) return able[Random() % count];
    if (!draining) return -1;
    for (int i = 0; i < count_; ++i) DrainTo(fibers_[i], fibers_[i].stored);
  }
}

void Simulation::Switch(int to) {
  Fiber& from = running_ < 0 ? outside_ : fibers_[running_];
  Fiber& next = to < 0 ? outside_ : fibers_[to];
  running_ = to;
#if defined(__SANITIZE_THREAD__)
  if (&from == &outside_) outside_.tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(next.tsan, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
  const void* bottom = next.stack.get();
  size_t size = kStack;
  if (&next == &outside_) {
    pthread_attr_t attributes;
    void* stack = nullptr;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &stack, &size);
    pthread_attr_destroy(&attributes);
    bottom = stack;
  }
  __sanitizer_start_switch_fiber(from.done && &from != &outside_ ? nullptr : &from.asan, bottom,
                                 size);
#endif
  swapcontext(&from.context, &next.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.asan, nullptr, nullptr);
#endif
}

// ---- memory ----

void Simulation::DrainOne(Fiber& fiber) {
  Pending& oldest = fiber.buffer[fiber.drained % kBuffer];
  Word& word = *oldest.word;
  const int self = static_cast<int>(&fiber - fibers_);
  // Nothing comes between the halves of a read-modify-write. Its store is the oldest of its fiber.
  if (word.locked_by >= 0 && word.locked_by != self) DrainOne(fibers_[word.locked_by]);
  word.value = oldest.value;
  word.locked_by = -1;
  ++fiber.drained;
}

void Simulation::DrainTo(Fiber& fiber, uint64_t stored) {
  while (fiber.drained < stored) DrainOne(fiber);
}

void Simulation::Push(Word& word, uint64_t value, bool sequential) {
  Fiber& self = fibers_[running_];
  if (self.stored - self.drained == kBuffer) DrainOne(self);
  self.buffer[self.stored++ % kBuffer] = Pending{&word, value, sequential};
}

uint64_t Simulation::Load(const Word& word, bool sequential) {
  Step();
  Fiber& self = fibers_[running_];
  if (sequential) {
    uint64_t last = self.drained;
    for (uint64_t i = self.drained; i < self.stored; ++i) {
      if (self.buffer[i % kBuffer].sequential) last = i + 1;
    }
    DrainTo(self, last);
  }
  for (uint64_t i = self.stored; i-- > self.drained;) {
    if (self.buffer[i % kBuffer].word == &word) return self.buffer[i % kBuffer].value;
  }
  return word.value;
}

void Simulation::Store(Word& word, uint64_t value, bool sequential) {
  Step();
  Push(word, value, sequential);
}

uint64_t Simulation::ReadToModify(Word& word) {
  Step();
  Fiber& self = fibers_[running_];
  DrainTo(self, self.stored);
  if (word.locked_by >= 0) DrainOne(fibers_[word.locked_by]);
  return word.value;
}

void Simulation::Modify(Word& word, uint64_t value, bool sequential) {
  word.locked_by = running_;
  Push(word, value, sequential);
}

Simulation::Mark Simulation::Release() const {
  return Mark{running_, fibers_[running_].stored};
}

void Simulation::Acquire(const Mark& mark) {
  if (mark.fiber >= 0) DrainTo(fibers_[mark.fiber], mark.stored);
}

}  // namespace dbp::model
