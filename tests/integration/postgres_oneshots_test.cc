#include "tests/integration/one_shots.h"

// dbpool_query_async() where statements of many callers share connections.

namespace dbp {
namespace {

class OneShotAnswers : public OneShots {};
DBP_ON_EVERY_LOOP(OneShotAnswers);

TEST_P(OneShotAnswers, EachAnswerReachesItsOwnCaller) {
  Pool pool(PostgresUrl(), kTwo);
  constexpr int kShots = 1'000;
  for (int i = 0; i < kShots; ++i) {
    const uint32_t flags = i % 2 ? uint32_t{DBPOOL_QUERY_READ_ONLY} : 0;
    switch (i % 10) {
      case 3:
        Send(pool, "SELECT 1 / ($1::int - $1::int)", {Int(i)}, {.flags = flags});
        break;
      case 7:
        Send(pool, "SELECT nothing_like_that", {}, {.flags = flags});
        break;
      case 9:
        Send(pool, "SELECT $1::int", {Int(i), Int(i)}, {.flags = flags});
        break;
      default:
        Send(pool, "SELECT $1::int", {Int(i)}, {.flags = flags});
    }
  }
  ASSERT_TRUE(AllAnswered());
  for (int i = 0; i < kShots; ++i) {
    switch (i % 10) {
      case 3:
        EXPECT_TRUE(Is(shots_[i].error, DBPOOL_ERR_SQL, "22012"));
        break;
      case 7:
        EXPECT_TRUE(Is(shots_[i].error, DBPOOL_ERR_SQL, "42703"));
        break;
      case 9:
        EXPECT_TRUE(Is(shots_[i].error, DBPOOL_ERR_INVALID));
        break;
      default:
        EXPECT_TRUE(Ok(shots_[i].error));
        EXPECT_EQ(shots_[i].value, std::to_string(i));
    }
  }
  EXPECT_TRUE(AllReturned(pool));
  EXPECT_LT(pool.Stats().acquired, 200u) << "they shared";
  EXPECT_EQ(pool.Ask("SELECT 1"), "1") << "and left the connections in order";
}

TEST_P(OneShotAnswers, AWriteThatFailsFailsAloneAndTheOthersAreDone) {
  Pool pool(PostgresUrl(), kTwo);
  ASSERT_TRUE(Ok(admin_->Run("ALTER TABLE shot ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED")));
  for (int i = 0; i < 200; ++i) Send(pool, "INSERT INTO shot VALUES ($1)", {Int(i / 2)});
  ASSERT_TRUE(AllAnswered());
  int done = 0;
  for (const Shot& shot : shots_) {
    done += shot.error.ok();
    EXPECT_TRUE(shot.error.ok() || shot.error.sqlstate == "23505");
  }
  EXPECT_EQ(done, 100) << "a constraint that is checked at the commit counts";
  EXPECT_EQ(admin_->Ask("SELECT count(*) FROM shot"), "100");
}

TEST_P(OneShotAnswers, ABrokenPromiseToReadIsAnErrorAndNoWrite) {
  Pool pool(PostgresUrl(), kTwo);
  for (int i = 0; i < 100; ++i) {
    Send(pool, i % 5 == 2 ? "INSERT INTO shot VALUES ($1) RETURNING a" : "SELECT $1::int", {Int(i)},
         {.flags = DBPOOL_QUERY_READ_ONLY});
  }
  ASSERT_TRUE(AllAnswered());
  for (int i = 0; i < 100; ++i) {
    if (i % 5 == 2) {
      EXPECT_TRUE(Is(shots_[i].error, DBPOOL_ERR_SQL, "25006"));
    } else {
      EXPECT_EQ(shots_[i].value, std::to_string(i));
    }
  }
  EXPECT_EQ(admin_->Ask("SELECT count(*) FROM shot"), "0");
}

TEST_P(OneShotAnswers, ThatMayLeaveSomethingBehindOrStreamGoAlone) {
  Pool pool(PostgresUrl(), kOne);
  const uint64_t before = pool.Stats().acquired;
  const std::vector<std::string> alone = {"SHOW work_mem", "SET work_mem = '9MB'",
                                          "SELECT pg_advisory_lock(4711)", "SELECT 1; SELECT 2",
                                          "CREATE TEMP TABLE shot_temp (a int)"};
  for (const std::string& sql : alone) Send(pool, sql);
  Send(pool, "SELECT 1", {}, {.flags = DBPOOL_QUERY_STREAM});
  ASSERT_TRUE(AllAnswered());
  for (const Shot& shot : shots_) EXPECT_TRUE(Ok(shot.error));
  EXPECT_TRUE(AllReturned(pool));
  EXPECT_EQ(pool.Stats().acquired - before, alone.size() + 1);
  EXPECT_EQ(pool.Ask("SHOW work_mem"), "4MB");
}

TEST_P(OneShotAnswers, GoAloneWhereSharingIsOff) {
  for (const char* off : {"pipeline_depth", "prepare_threshold"}) {
    Pool pool(PostgresUrl(), {{"pool_size", "2"}, {"max_overflow", "0"}, {off, "off"}});
    const uint64_t before = pool.Stats().acquired;
    shots_.clear();
    for (int i = 0; i < 50; ++i) Send(pool, "SELECT $1::int", {Int(i)});
    ASSERT_TRUE(AllAnswered());
    for (int i = 0; i < 50; ++i) EXPECT_EQ(shots_[i].value, std::to_string(i));
    EXPECT_TRUE(AllReturned(pool));
    EXPECT_EQ(pool.Stats().acquired - before, 50u) << off;
  }
}

TEST_P(OneShotAnswers, GoAloneIfTheyAskForThat) {
  Pool pool(PostgresUrl(), kOne);
  ExpectBehindALock(pool, false, 20, DBPOOL_QUERY_ALONE);
  EXPECT_TRUE(AllReturned(pool));
}

TEST_P(OneShotAnswers, OneThatGoesAloneIsSentAtOnceIfAConnectionIsIdle) {
  Pool pool(PostgresUrl(), kOne);
  Shot& sent = Send(pool, "INSERT INTO shot VALUES (1)", {}, {.flags = DBPOOL_QUERY_ALONE});
  EXPECT_TRUE(Await([&] { return admin_->Ask("SELECT count(*) FROM shot") == "1"; })) << "nobody has dispatched";
  Shot& waits = Send(pool, "SELECT 1 / 0", {}, {.flags = DBPOOL_QUERY_ALONE});
  ASSERT_TRUE(AllAnswered());
  EXPECT_TRUE(Ok(sent.error));
  EXPECT_TRUE(Is(waits.error, DBPOOL_ERR_SQL, "22012"));
  EXPECT_TRUE(AllReturned(pool));
}

TEST_P(OneShotAnswers, OneThatGoesAloneIsTriedAgainIfItsConnectionWasLost) {
  Pool pool(PostgresUrl(), kOne);
  const std::string pid = pool.Ask("SELECT pg_backend_pid()");
  ASSERT_EQ(admin_->Ask("SELECT pg_terminate_backend(" + pid + ", 10000)"), "true");
  Shot& shot = Send(pool, "SELECT pg_backend_pid()", {}, {.flags = DBPOOL_QUERY_ALONE | DBPOOL_QUERY_READ_ONLY});
  ASSERT_TRUE(AllAnswered());
  EXPECT_TRUE(Ok(shot.error));
  EXPECT_NE(shot.value, pid);
  EXPECT_TRUE(AllReturned(pool));
}

TEST_P(OneShotAnswers, NoMoreThanThePipelineDepthAreOnAConnection) {
  for (const bool deep : {false, true}) {
    Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}, {"pipeline_depth", deep ? "64" : "4"}});
    // The oldest of those that found no place stands in the pool's queue, the others behind it.
    ExpectBehindALock(pool, deep, deep ? 0 : 17);
  }
}

}  // namespace
}  // namespace dbp
