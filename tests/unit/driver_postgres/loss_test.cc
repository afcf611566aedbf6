#include "tests/unit/driver_postgres/fixture.h"

namespace dbp {
namespace {

TEST(Loss, FoundBeforeSendingSaysSoAndCarriesTheServersLastWords) {
  auto c = MustOpen(SocketConfig());
  Terminate(PidOf(*c));
  const Nanos tick = CoarseNow();
  ASSERT_TRUE(Await([&] { return CoarseNow() > tick + 10 * kMillisecond; }));
  const Status status = RunSql(*c, "INSERT INTO nowhere VALUES (1)");
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_EQ(status.sqlstate(), "57P01");
  EXPECT_TRUE(
      status.has_flag(DBPOOL_FLAG_NOT_SENT | DBPOOL_FLAG_RETRYABLE | DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_TRUE(c->broken());
}

// The proxy closes as soon as it sees the statement: whether it ran nobody can say.
Status LoseDuring(std::vector<std::string> before, const char* sql) {
  auto proxy = MakeProxy();
  auto c = MustOpen(TcpConfig(proxy->port()));
  for (const std::string& text : before) EXPECT_OK(RunSql(*c, text));
  proxy->to_client().cut_after = 0;
  const Status status = RunSql(*c, sql);
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN) << sql;
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_CONN_BROKEN));
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_NOT_SENT));
  return status.Clone();
}

TEST(Loss, DuringCommitLeavesTheOutcomeUnknown) {
  const Status status = LoseDuring({"BEGIN", "CREATE TEMP TABLE t (a int)"}, "COMMIT");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
}

TEST(Loss, DuringALoneWriteLeavesTheOutcomeUnknown) {
  const Status status = LoseDuring({"CREATE TEMP TABLE t (a int)"}, "INSERT INTO t VALUES (1)");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
}

TEST(Loss, WithinATransactionOrWhileReadingMayBeRetried) {
  Status status = LoseDuring({"BEGIN", "CREATE TEMP TABLE t (a int)"}, "INSERT INTO t VALUES (1)");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
  EXPECT_FALSE(status.has_flag(DBPOOL_FLAG_OUTCOME_UNKNOWN));
  status = LoseDuring({}, "SELECT 1");
  EXPECT_TRUE(status.has_flag(DBPOOL_FLAG_RETRYABLE));
}

TEST(Loss, DuringThePreparingPipelineIsALossLikeAnyOther) {
  EXPECT_TRUE(LoseDuring({"SELECT 1"}, "SELECT 1").failed());
}

TEST(Loss, InTheMiddleOfAnAnswerIsNoticed) {
  for (const int64_t bytes : {1, 5, 30, 1000, 20000}) {
    auto proxy = MakeProxy();
    auto c = MustOpen(TcpConfig(proxy->port()));
    proxy->to_client().cut_after = bytes;
    EXPECT_CODE(RunSql(*c, "SELECT repeat('x', 100) FROM generate_series(1, 10000)"),
                DBPOOL_ERR_BROKEN);
    EXPECT_TRUE(c->broken());
  }
}

TEST(Loss, ByAResetIsNoticedToo) {
  auto proxy = MakeProxy();
  auto c = MustOpen(TcpConfig(proxy->port()));
  proxy->to_server().mode = TcpProxy::Mode::kDrop;
  EXPECT_CODE(RunSql(*c, "SELECT 1"), DBPOOL_ERR_BROKEN);
}

TEST(Loss, ByAbortWakesAndBreaks) {
  auto c = MustOpen(SocketConfig());
  c->StartQuery(Query{"SELECT pg_sleep(60)", {}, false, false}, Deadline::Never());
  ASSERT_FALSE(Pump(*c, Deadline::After(20 * kMillisecond)));
  c->Abort();
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  EXPECT_CODE(c->Finish(nullptr), DBPOOL_ERR_BROKEN);
}

TEST(Loss, OfThePingSaysPing) {
  auto c = MustOpen(SocketConfig());
  c->StartPing(Deadline::Never());
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  ASSERT_OK(c->Finish(nullptr));
  c->Abort();
  c->StartPing(Deadline::Never());
  ASSERT_TRUE(Pump(*c, Deadline::After(kGenerous)));
  const Status status = c->Finish(nullptr);
  EXPECT_CODE(status, DBPOOL_ERR_BROKEN);
  EXPECT_EQ(status.info()->phase, DBPOOL_PHASE_PING);
}

TEST(Wire, CopesWithOneByteAtATime) {
  auto proxy = MakeProxy();
  proxy->to_client().mode = TcpProxy::Mode::kSlices;
  proxy->to_server().mode = TcpProxy::Mode::kSlices;
  auto c = MustOpen(TcpConfig(proxy->port()));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Ask(*c, "SELECT $1 || '!'", {Text("slow")}), "slow!");
  EXPECT_EQ(RunSql(*c, "SELECT nope").sqlstate(), "42703");
}

TEST(Wire, SendsMoreThanTheSocketHolds) {
  auto proxy = MakeProxy();
  auto c = MustOpen(TcpConfig(proxy->port()));
  const std::string big(8 << 20, 'x');
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(*c, "SELECT length($1::text)", {Text(big)}), "8388608");
}

}  // namespace
}  // namespace dbp
