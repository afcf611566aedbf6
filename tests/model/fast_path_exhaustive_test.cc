#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/model/fast_path_model.h"
#include "tests/model/state_set.h"
#include "tests/support/testing.h"

// Every state that the fast path can reach in a small world, and for each rule of the protocol a
// mutant that breaks it: a search that did not find what goes wrong then would prove nothing when
// it finds nothing.

namespace dbp::model {
namespace {

/// Depth first; its stack is the story of what went wrong.
class Search {
 public:
  explicit Search(const Scope& scope, Mutant mutant = Mutant::kNone) : model_(scope, mutant) {}

  /// The rule that some state breaks, and how it came to that; empty if none does.
  std::string Run() {
    Enter(model_.Start());
    while (!path_.empty()) {
      Frame& top = path_.back();
      if (top.next == FastPathModel::kTransitions) {
        path_.pop_back();
        continue;
      }
      State state = top.state;
      if (!model_.Take(state, top.next++)) continue;
      if (model_.broken() != nullptr) return Story();
      Enter(state);
    }
    return "";
  }
  uint64_t states() const { return seen_.size(); }
  /// Whether some thread was ever at this step.
  bool Reached(Pc pc) const { return (places_ >> int(pc) & 1) != 0; }

 private:
  struct Frame {
    State state;
    int next = 0;            ///< transition
    uint8_t name[kThreads];  ///< of each thread, in the frame before
  };

  void Enter(const State& state) {
    Frame frame;
    frame.state = state;
    Rename(frame.state, frame.name);
    if (!seen_.Insert(Pack(frame.state))) return;
    for (const Thread& thread : state.threads) places_ |= 1u << int(thread.pc);
    path_.push_back(frame);
  }

  std::string Story() const {
    std::string story = std::string(model_.broken()) + "\n";
    uint8_t name[kThreads] = {0, 1, 2};
    for (const Frame& frame : path_) {
      uint8_t before[kThreads];
      std::copy(name, name + kThreads, before);
      for (int t = 0; t < kThreads; ++t) name[t] = before[frame.name[t]];
      story += "  " + FastPathModel::Describe(frame.state, frame.next - 1, name) + "\n";
    }
    return story;
  }

  FastPathModel model_;
  StateSet seen_;
  std::vector<Frame> path_;
  uint32_t places_ = 0;
};

TEST(FastPathExhaustive, KeepsItsInvariantsInEveryStateOfThreeThreadsOnTwoSlots) {
  Scope scope;
  if (kSanitized) scope.operations = 2;
  Search search(scope);
  EXPECT_EQ(search.Run(), "");
  for (int pc = 0; pc < int(Pc::kLateGate); ++pc) {
    EXPECT_TRUE(search.Reached(Pc(pc))) << "no thread ever came to step " << pc;
  }
  EXPECT_GT(search.states(), kSanitized ? 10'000u : 1'000'000u);
  RecordProperty("states", std::to_string(search.states()));
}

TEST(FastPathExhaustive, KeepsItsInvariantsWhenTwoConnectionsAreIdleFromTheStart) {
  Scope scope;
  scope.open = 2;
  scope.invalidate = scope.shrink = false;
  if (kSanitized) scope.operations = 2;
  EXPECT_EQ(Search(scope).Run(), "");
}

constexpr char kLostWakeUp[] = "lost wake-up";
constexpr char kRecalledStays[] = "a recalled connection stays idle";
constexpr char kTwoOwners[] = "a connection has two owners";
constexpr char kRecalledLent[] = "lent what was recalled";
constexpr char kOvertaken[] = "a newcomer overtook a waiter";
constexpr char kTooMany[] = "more than the limit stay";
constexpr char kWrongGate[] = "the gate says what is not so";

/// A rule, broken, and what must come of it.
struct Broken {
  const char* name;
  Mutant mutant;
  const char* finding;
  friend void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }
};

class FastPathMutant : public testing::TestWithParam<Broken> {};

TEST_P(FastPathMutant, IsFound) {
  Scope scope;
  scope.operations = 2;
  const std::string finding = GetParam().finding;
  if (finding == kOvertaken) scope.slots = 1;  // so that one is left to come late
  scope.open = scope.slots;
  scope.invalidate = finding == kRecalledStays || finding == kRecalledLent;
  scope.shrink = finding == kTooMany;
  if (!kSanitized) {
    EXPECT_EQ(Search(scope).Run(), "") << "without the mutant";
  }
  Search search(scope, GetParam().mutant);
  const std::string story = search.Run();
  EXPECT_TRUE(story.starts_with(finding)) << "found: " << story;
  RecordProperty("story", story);
}

INSTANTIATE_TEST_SUITE_P(
    Every, FastPathMutant,
    testing::Values(
        Broken{"UsedPublishedPlainly", Mutant::kUsedPublishedPlainly, kLostWakeUp},
        Broken{"UnusedPublishedPlainly", Mutant::kUnusedPublishedPlainly, kLostWakeUp},
        Broken{"GateClosedPlainly", Mutant::kGateClosedPlainly, kLostWakeUp},
        Broken{"GateClosedAfterLooking", Mutant::kGateClosedAfterLooking, kLostWakeUp},
        Broken{"GateNotReadAgain", Mutant::kGateNotReadAgain, kLostWakeUp},
        Broken{"RecalledPlainly", Mutant::kRecalledPlainly, kRecalledStays},
        Broken{"RecalledNotReadAgain", Mutant::kRecalledNotReadAgain, kRecalledStays},
        Broken{"RecalledNotReadAtAcquire", Mutant::kRecalledNotReadAtAcquire, kRecalledLent},
        Broken{"GateNotReadAtAcquire", Mutant::kGateNotReadAtAcquire, kOvertaken},
        Broken{"ClaimedPlainly", Mutant::kClaimedPlainly, kTwoOwners},
        Broken{"ScannedPlainly", Mutant::kScannedPlainly, kTwoOwners},
        Broken{"ShrunkAfterLooking", Mutant::kShrunkAfterLooking, kTooMany},
        Broken{"NotHandedOver", Mutant::kNotHandedOver, kLostWakeUp},
        Broken{"GateLeftClosed", Mutant::kGateLeftClosed, kWrongGate},
        Broken{"RecalledNotReadInQueue", Mutant::kRecalledNotReadInQueue, kRecalledLent}),
    [](const auto& broken) { return std::string(broken.param.name); });

}  // namespace
}  // namespace dbp::model
