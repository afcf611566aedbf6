#include "tests/support/fake_driver.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "driver/pump.h"
#include "tests/support/testing.h"

// The fake is what the pool is judged by, so it is judged first.

namespace dbp {
namespace {

class FakeDriverTest : public testing::Test {
 protected:
  std::unique_ptr<Connection> Connect() {
    std::unique_ptr<Connection> connection;
    EXPECT_OK(driver_->Connect(Deadline::After(kGenerous), nullptr, &connection));
    return connection;
  }
  static Status Finish(Connection& connection) {
    if (!Pump(connection, Deadline::After(kGenerous))) return Status::Bare(DBPOOL_ERR_TIMEOUT);
    return connection.Finish(nullptr);
  }
  static Status Ping(Connection& connection) {
    connection.StartPing(Deadline::Never());
    return Finish(connection);
  }
  static Status Run(Connection& connection, std::string_view sql) {
    connection.StartQuery({sql, {}}, Deadline::Never());
    return Finish(connection);
  }

  std::shared_ptr<FakeServer> server_ = std::make_shared<FakeServer>();
  std::unique_ptr<Driver> driver_ = server_->MakeDriver();
};

TEST_F(FakeDriverTest, CountsWhatIsOpen) {
  auto first = Connect();
  auto second = Connect();
  first.reset();
  EXPECT_EQ(server_->open(), 1);
  EXPECT_EQ(server_->most_open(), 2);
  EXPECT_EQ(server_->ended(FakeOp::kConnect), 2);
  EXPECT_EQ(server_->ended(FakeOp::kClose), 1);
}

TEST_F(FakeDriverTest, HoldsConnectsUntilTheyAreAllowed) {
  server_->Hold(FakeOp::kConnect);
  std::thread one([&] { Connect(); }), two([&] { Connect(); });
  EXPECT_TRUE(server_->AwaitPending(FakeOp::kConnect, 2));
  server_->AllowOne(FakeOp::kConnect);
  EXPECT_TRUE(server_->AwaitPending(FakeOp::kConnect, 1));
  server_->Allow(FakeOp::kConnect);
  EXPECT_TRUE(server_->AwaitPending(FakeOp::kConnect, 0));
  one.join();
  two.join();
}

TEST_F(FakeDriverTest, GivesUpConnectingAtTheDeadlineAndWhenAbandoned) {
  server_->NeverEnd(FakeOp::kConnect);
  std::unique_ptr<Connection> connection;
  EXPECT_CODE(driver_->Connect(Deadline::After(0), nullptr, &connection), DBPOOL_ERR_TIMEOUT);
  const std::atomic<bool> abandoned{true};
  EXPECT_FALSE(driver_->Connect(Deadline::Never(), &abandoned, &connection).ok());
}

TEST_F(FakeDriverTest, FailsAsOftenAsItIsTold) {
  auto connection = Connect();
  server_->FailNext(FakeOp::kPing, Status::Bare(DBPOOL_ERR_SQL));
  EXPECT_CODE(Ping(*connection), DBPOOL_ERR_SQL);
  EXPECT_OK(Ping(*connection));
  server_->Fail(FakeOp::kPing, Status::Bare(DBPOOL_ERR_INTERNAL));
  EXPECT_CODE(Ping(*connection), DBPOOL_ERR_INTERNAL);
  EXPECT_CODE(Ping(*connection), DBPOOL_ERR_INTERNAL);
}

TEST_F(FakeDriverTest, WakesAPumpWhenTheGateOpens) {
  auto connection = Connect();
  server_->Hold(FakeOp::kQuery);
  std::thread worker([&] { EXPECT_OK(Run(*connection, "rows 1")); });
  EXPECT_TRUE(server_->AwaitPending(FakeOp::kQuery, 1));
  server_->Allow(FakeOp::kQuery);
  worker.join();
}

TEST_F(FakeDriverTest, CancelsWhatIsHeldButNotWhatNeverEnds) {
  auto connection = Connect();
  connection->StartQuery({"sleep", {}}, Deadline::Never());
  EXPECT_FALSE(Pump(*connection, Deadline::After(0)));
  connection->canceller()->Cancel();
  EXPECT_CODE(Finish(*connection), DBPOOL_ERR_CANCELLED);
  EXPECT_OK(Run(*connection, "rows 1"));

  server_->NeverEnd(FakeOp::kQuery);
  connection->StartQuery({"rows 1", {}}, Deadline::Never());
  connection->canceller()->Cancel();
  EXPECT_FALSE(Pump(*connection, Deadline::After(0)));
}

TEST_F(FakeDriverTest, HangsUpOnIdleConnectionsOnly) {
  auto idle = Connect();
  auto busy = Connect();
  server_->Hold(FakeOp::kQuery);
  busy->StartQuery({"rows 1", {}}, Deadline::Never());
  server_->BreakIdleConnections();
  pollfd poll_for = {idle->fd(), POLLRDHUP, 0};
  EXPECT_EQ(poll(&poll_for, 1, 0), 1) << "a liveness watch sees it";
  EXPECT_FALSE(idle->broken()) << "nobody has looked";
  const Status status = Ping(*idle);
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_TRUE(idle->broken());
  server_->Allow(FakeOp::kQuery);
  EXPECT_OK(Finish(*busy));
}

TEST_F(FakeDriverTest, RemembersTextsAndResets) {
  auto connection = Connect();
  EXPECT_OK(Run(*connection, "begin"));
  EXPECT_OK(Run(*connection, "commit"));
  EXPECT_FALSE(connection->NeedsReset(ResetMode::kSmart));
  EXPECT_OK(Run(*connection, "set a = b"));
  EXPECT_TRUE(connection->NeedsReset(ResetMode::kSmart));
  connection->StartReset(ResetMode::kSmart, Deadline::Never());
  EXPECT_OK(Finish(*connection));
  EXPECT_FALSE(connection->NeedsReset(ResetMode::kSmart));
  EXPECT_EQ(server_->texts(), (std::vector<std::string>{"begin", "commit", "set a = b"}));
  EXPECT_EQ(server_->resets(), std::vector<ResetMode>{ResetMode::kSmart});
}

TEST_F(FakeDriverTest, AnswersAsATestSays) {
  server_->OnQuery([](std::string_view sql) {
    FakeAnswer answer;
    if (sql == "busy")
      answer.status = Status::Error(DBPOOL_ERR_SQL, "again", DBPOOL_PHASE_QUERY, "40001");
    return answer;
  });
  auto connection = Connect();
  EXPECT_EQ(Run(*connection, "busy").sqlstate(), "40001");
  EXPECT_OK(Run(*connection, "rows 1"));
}

}  // namespace
}  // namespace dbp
