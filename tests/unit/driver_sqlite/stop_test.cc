#include <thread>

#include "fixture.h"

namespace dbp::sqlite {
namespace {

using SqliteStop = SqliteTest;
const std::string kEndless = Numbers(1'000'000'000'000) + " WHERE i < 0";

TEST_F(SqliteStop, TheDeadlineEndsAStatement) {
  auto c = Connect();
  const Status status =
      Run(*c, Query{.sql = kEndless, .params = {}}, nullptr, Deadline::After(20 * kMillisecond));
  EXPECT_CODE(status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(status.sqlstate(), "57014");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_TIMEOUT));
  EXPECT_EQ(Ask(*c, "SELECT 1"), "1");
}

TEST_F(SqliteStop, ACancelFromAnotherThreadEndsAStatement) {
  auto c = Connect();
  auto canceller = c->canceller();
  EXPECT_FALSE(canceller->may_block());
  c->StartQuery(Query{.sql = kEndless, .params = {}}, Deadline::After(kGenerous));
  std::thread other([&] { canceller->Cancel(); });
  c->Step();
  other.join();
  const Status status = c->Finish(nullptr);
  EXPECT_CODE(status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CANCELLED));
}

TEST_F(SqliteStop, ACancelWithoutAStatementDoesNothing) {
  auto c = Connect();
  c->canceller()->Cancel();
  EXPECT_EQ(Ask(*c, Numbers(5000) + " WHERE i = 5000"), "5000");
}

TEST_F(SqliteStop, ACancellerOutlivesItsConnection) {
  auto c = Connect();
  auto canceller = c->canceller();
  c.reset();
  canceller->Cancel();
}

TEST_F(SqliteStop, AbortBreaksTheConnectionForGood) {
  auto c = Connect();
  c->Abort();
  EXPECT_TRUE(c->broken());
  const Status status = Run(*c, "SELECT 1");
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
}

TEST_F(SqliteStop, ALockIsWaitedForUntilLockTimeout) {
  config_.lock_timeout = 30 * kMillisecond;
  auto holder = Connect(), other = Connect();
  ASSERT_OK(Run(*holder, "BEGIN IMMEDIATE"));
  const Nanos began = Now();
  const Status status = Run(*other, "BEGIN IMMEDIATE");
  EXPECT_GE(Now() - began, 30 * kMillisecond);
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "55P03");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
}

TEST_F(SqliteStop, TheDeadlineEndsAWaitForALock) {
  auto holder = Connect(), other = Connect();
  ASSERT_OK(Run(*holder, "BEGIN IMMEDIATE"));
  const Query query{.sql = "BEGIN IMMEDIATE", .params = {}};
  const Nanos began = Now();
  EXPECT_CODE(Run(*other, query, nullptr, Deadline::After(20 * kMillisecond)), DBPOOL_ERR_TIMEOUT);
  EXPECT_LT(Now() - began, config_.lock_timeout);
}

TEST_F(SqliteStop, ALockThatIsGivenBackInTimeIsTaken) {
  config_.lock_timeout = kGenerous;
  auto holder = Connect(), other = Connect();
  ASSERT_OK(Run(*holder, "BEGIN IMMEDIATE"));
  std::thread ends([&] { EXPECT_OK(Run(*holder, "COMMIT")); });
  EXPECT_OK(Run(*other, "BEGIN IMMEDIATE"));
  ends.join();
}

TEST_F(SqliteStop, ACancelEndsAWaitForALock) {
  config_.lock_timeout = kGenerous;
  auto holder = Connect(), other = Connect();
  ASSERT_OK(Run(*holder, "BEGIN IMMEDIATE"));
  other->StartQuery(Query{.sql = "BEGIN IMMEDIATE", .params = {}}, Deadline::After(kGenerous));
  auto canceller = other->canceller();
  std::thread cancels([&] { canceller->Cancel(); });
  other->Step();
  cancels.join();
  EXPECT_CODE(other->Finish(nullptr), DBPOOL_ERR_CANCELLED);
}

}  // namespace
}  // namespace dbp::sqlite
