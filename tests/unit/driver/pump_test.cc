#include "driver/pump.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/testing.h"

namespace dbp {
namespace {

/// A peer that always has more to say: its descriptor is readable whenever one looks.
class Talkative final : public Connection {
 public:
  Talkative() {
    if (pipe(pipe_) != 0 || write(pipe_[1], "x", 1) != 1) std::abort();
  }
  ~Talkative() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  Want Step() override { return ++steps == kEnough ? Want::kDone : Want::kRead; }
  int fd() const override { return pipe_[0]; }

  void StartQuery(const Query&, Deadline) override {}
  void StartFetch(Rows&, uint32_t, Deadline) override {}
  void StartCloseStream(Deadline) override {}
  void StartDescribe(std::string_view, Deadline) override {}
  void StartPing(Deadline) override {}
  void StartReset(ResetMode, Deadline) override {}
  void StartPipeline(bool, Deadline) override {}
  void Pipe(PipedStatement&) override {}
  void EndPipeline() override {}
  PipedStatement* TakeAnswered() override { return nullptr; }
  PipedStatement* TakeUnsent() override { return nullptr; }
  Status Finish(std::unique_ptr<Rows>*) override { return Status::Ok(); }
  TxState tx_state() const override { return TxState::kNone; }
  bool streaming() const override { return false; }
  bool broken() const override { return false; }
  bool NeedsReset(ResetMode) const override { return false; }
  std::shared_ptr<Canceller> canceller() override { return nullptr; }
  void Abort() noexcept override {}
  void* native() override { return nullptr; }
  Status Inspect(Deadline, ServerInfo*) override { return Status::Ok(); }

  static constexpr int64_t kEnough = 50'000'000;
  int64_t steps = 0;

 private:
  int pipe_[2];
};

TEST(Pump, KeepsItsDeadlineWhileThePeerNeverStopsSending) {
  Talkative connection;
  EXPECT_FALSE(Pump(connection, Deadline::After(kMillisecond)));
  EXPECT_LT(connection.steps, Talkative::kEnough);
}

TEST(Pump, StepsAtLeastOnceEvenAtAPassedDeadline) {
  Talkative connection;
  EXPECT_FALSE(Pump(connection, Deadline::At(0)));
  EXPECT_EQ(connection.steps, 1);
}

}  // namespace
}  // namespace dbp
