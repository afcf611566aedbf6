#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "tests/capi/async.h"

// Pools that are made and closed on a loop, where callbacks run, and the end of the loop.

namespace dbp::capi {
namespace {

class AsyncEnd : public Async {};

/// Takes connections, and says nothing.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 64), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(fd_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  std::string uri() const { return "postgres://u@127.0.0.1:" + std::to_string(port_) + "/d"; }

 private:
  const int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

DBP_ON_EVERY_LOOP(AsyncEnd);

// ---- create and close

TEST_P(AsyncEnd, APoolIsMadeWithoutBlocking) {
  Answer made, refused;
  ASSERT_STATUS(dbpool_create_async("sqlite::memory:", nullptr, loop(), Answer::OnCreated, &made, &made.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(made));
  ASSERT_STATUS(made.status, DBPOOL_OK);
  EXPECT_STATUS(dbpool_health(made.pool, 5'000, nullptr), DBPOOL_OK);
  ASSERT_STATUS(dbpool_create_async("sqlite:/no/such/folder/x.db", nullptr, loop(), Answer::OnCreated, &refused,
                                    &refused.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(refused));
  EXPECT_STATUS(refused.status, DBPOOL_ERR_CONNECT);
  EXPECT_EQ(refused.pool, nullptr);
  EXPECT_STATUS(dbpool_create_async("nonsense:", nullptr, loop(), Answer::OnCreated, &refused, nullptr, nullptr),
                DBPOOL_ERR_OPTION);
}

TEST_P(AsyncEnd, ACreateThatIsCancelledAnswersOnceEitherWay) {
  for (int i = 0; i < 20; ++i) {
    Answer made;
    ASSERT_STATUS(dbpool_create_async("sqlite::memory:", nullptr, loop(), Answer::OnCreated, &made, &made.op, nullptr),
                  DBPOOL_PENDING);
    const dbpool_status asked = dbpool_op_cancel(made.op);
    ASSERT_TRUE(Answered(made));
    EXPECT_TRUE(asked == DBPOOL_OK || made.status == DBPOOL_OK);
    EXPECT_TRUE(made.status == DBPOOL_OK || made.status == DBPOOL_ERR_CANCELLED);
    EXPECT_EQ(made.pool != nullptr, made.status == DBPOOL_OK);
  }
}

TEST_P(AsyncEnd, ACreateThatMeetsSilenceEndsAtConnectTimeoutOrWithItsCancel) {
  const SilentServer silent;
  Answer late, cancelled;
  ASSERT_STATUS(dbpool_create_async((silent.uri() + "?connect_timeout=50ms").c_str(), nullptr, loop(),
                                    Answer::OnCreated, &late, &late.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_STATUS(dbpool_create_async((silent.uri() + "?connect_timeout=60s").c_str(), nullptr, loop(),
                                    Answer::OnCreated, &cancelled, &cancelled.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(late));
  EXPECT_STATUS(late.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(cancelled.calls(), 0);
  EXPECT_STATUS(dbpool_op_cancel(cancelled.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(cancelled));
  EXPECT_STATUS(cancelled.status, DBPOOL_ERR_CANCELLED);
}

TEST_P(AsyncEnd, CloseAnswersWaitersAtOnceAndAwaitsLeases) {
  const dbpool_conn conn = Borrow(pool_);
  Answer waiter, closed;
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, waiter), DBPOOL_PENDING);
  ASSERT_STATUS(dbpool_close_async(pool_.get(), loop(), INT64_MAX, Answer::OnDone, &closed, &closed.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(waiter));
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CLOSED);
  EXPECT_EQ(closed.calls(), 0) << "a lease is out";
  EXPECT_EQ(Ask(conn, "select 8"), "8");
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Answered(closed));
  EXPECT_STATUS(closed.status, DBPOOL_OK);
}

TEST_P(AsyncEnd, CloseAnswersBehindThoseWhoWaited) {
  const dbpool_conn conn = Borrow(pool_);
  Answer waiting[20], closed;
  int before = 0;
  for (Answer& answer : waiting) {
    answer.then = [&](Answer&) { before += closed.calls() == 0; };
    ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, answer), DBPOOL_PENDING);
  }
  closed.then = [&](Answer&) { EXPECT_EQ(before, 20); };
  ASSERT_STATUS(dbpool_close_async(pool_.get(), loop(), 0, Answer::OnDone, &closed, &closed.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(closed));
  EXPECT_STATUS(closed.status, DBPOOL_ERR_TIMEOUT) << "a lease was out";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncEnd, CloseCutsOffWhatDoesNotEnd) {
  const dbpool_conn conn = Borrow(pool_);
  Answer running, closed;
  StartEndless(conn, running);
  ASSERT_STATUS(dbpool_close_async(pool_.get(), loop(), 20, Answer::OnDone, &closed, &closed.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_TRUE(Answered(running));
  EXPECT_LT(running.status, 0);
  ASSERT_TRUE(Answered(closed));
  EXPECT_STATUS(closed.status, DBPOOL_ERR_TIMEOUT);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(AsyncEnd, ACancelledCloseGoesOnInTheBackground) {
  const dbpool_conn conn = Borrow(pool_);
  Answer closed;
  ASSERT_STATUS(dbpool_close_async(pool_.get(), loop(), INT64_MAX, Answer::OnDone, &closed, &closed.op, nullptr),
                DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_op_cancel(closed.op), DBPOOL_OK);
  ASSERT_TRUE(Answered(closed));
  EXPECT_STATUS(closed.status, DBPOOL_ERR_CANCELLED);
  EXPECT_TRUE(Until([&] {
    dbpool_conn none = 0;
    return dbpool_acquire(pool_.get(), 0, &none, nullptr) == DBPOOL_ERR_CLOSED;
  }));
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

// ---- callbacks

TEST_P(AsyncEnd, CallbacksRunOnTheLoopsThreadAloneAndNeverInsideTheCall) {
  std::atomic<int> inside{0};
  std::vector<std::unique_ptr<Answer>> answers;
  for (int i = 0; i < 50; ++i) {
    Answer& answer = *answers.emplace_back(std::make_unique<Answer>());
    answer.then = [&inside, me = std::this_thread::get_id()](Answer&) {
      if (std::this_thread::get_id() == me && inside > 0) ADD_FAILURE() << "inside the call";
    };
    ++inside;
    ASSERT_STATUS(QueryAsync(pool_, loop(), "select 1", answer), DBPOOL_PENDING);
    --inside;
  }
  for (const auto& answer : answers) ASSERT_TRUE(Answered(*answer));
  for (const auto& answer : answers) EXPECT_EQ(answer->thread, answers[0]->thread);
  EXPECT_EQ(answers[0]->thread == std::this_thread::get_id(), external());
}

TEST_P(AsyncEnd, EveryCallIsLegalInsideACallback) {
  Answer first, second, third, closed;
  const dbpool_conn conn = Borrow(pool_);
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, third), DBPOOL_PENDING);
  first.then = [&](Answer& mine) {
    EXPECT_STATUS(dbpool_op_cancel(mine.op), DBPOOL_ERR_STALE) << "answered";
    EXPECT_EQ(Ask(conn, "select 2"), "2") << "the lease is free, and a synchronous call fine";
    EXPECT_STATUS(QueryAsync(conn, loop(), "select 3", second), DBPOOL_PENDING);
    EXPECT_EQ(second.calls(), 0) << "not inside the call";
    dbpool_result_free(std::exchange(mine.result, nullptr));
  };
  second.then = [&](Answer&) {
    EXPECT_STATUS(dbpool_op_cancel(third.op), DBPOOL_OK);
    EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  };
  third.then = [&](Answer& mine) {
    if (mine.conn != 0) {
      EXPECT_STATUS(dbpool_release(mine.conn), DBPOOL_OK);
    }
    EXPECT_STATUS(dbpool_close_async(pool_.get(), loop(), 1'000, Answer::OnDone, &closed, nullptr, nullptr),
                  DBPOOL_PENDING);
    EXPECT_STATUS(dbpool_close(pool_.get(), 0, nullptr), DBPOOL_OK);
  };
  ASSERT_STATUS(QueryAsync(conn, loop(), "select 1", first), DBPOOL_PENDING);
  ASSERT_TRUE(Answered(closed));
  EXPECT_STATUS(closed.status, DBPOOL_OK);
  for (const Answer* answer : {&first, &second, &third}) EXPECT_EQ(answer->calls(), 1);
}

TEST_P(AsyncEnd, ThePoolNeedNotBeKeptForAPendingCall) {
  Answer waiter;
  const dbpool_conn conn = Borrow(pool_);
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, waiter), DBPOOL_PENDING);
  pool_.reset();
  ASSERT_TRUE(Answered(waiter));
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CLOSED);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

// ---- the end of the loop

TEST_P(AsyncEnd, FreeingTheLoopAnswersWhatIsPendingFirst) {
  if (shared()) GTEST_SKIP() << "the shared loop is not freed";
  const Pool pool = MakePool("sqlite::memory:?pool_size=2&max_overflow=0");
  const Pool another = MakePool("sqlite::memory:");
  const dbpool_conn conn = Borrow(pool), other = Borrow(pool), kept = Borrow(another);
  const SilentServer silent;
  Answer running, closing, creating;
  StartEndless(conn, running);
  ASSERT_STATUS(dbpool_close_async(another.get(), loop(), INT64_MAX, Answer::OnDone, &closing, &closing.op, nullptr),
                DBPOOL_PENDING);
  ASSERT_STATUS(dbpool_create_async(silent.uri().c_str(), nullptr, loop(), Answer::OnCreated, &creating, &creating.op,
                                    nullptr),
                DBPOOL_PENDING);
  std::vector<std::unique_ptr<Answer>> waiting;
  for (int i = 0; i < 100; ++i) {
    Answer& answer = *waiting.emplace_back(std::make_unique<Answer>());
    const dbpool_status status = i % 2 ? AcquireAsync(pool, loop(), INT64_MAX, answer)
                                       : QueryAsync(pool, loop(), "select 1", answer);
    ASSERT_STATUS(status, DBPOOL_PENDING);
  }
  loop_.reset();
  EXPECT_EQ(running.calls(), 1);
  for (const Answer* answer : {&running, &closing, &creating}) EXPECT_STATUS(answer->status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(dbpool_release(kept), DBPOOL_OK);
  for (const auto& answer : waiting) {
    EXPECT_EQ(answer->calls(), 1);
    EXPECT_STATUS(answer->status, DBPOOL_ERR_CANCELLED);
  }
  EXPECT_EQ(Stats(pool).waiting, 0u);
  EXPECT_EQ(Ask(conn, "select 6"), "6") << "leases stay as they are";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(other), DBPOOL_OK);
}

TEST_P(AsyncEnd, ACallbackMayFreeItsLoop) {
  if (shared()) GTEST_SKIP() << "the shared loop is not freed";
  Answer first, waiter;
  const dbpool_conn conn = Borrow(pool_);
  ASSERT_STATUS(AcquireAsync(pool_, loop(), INT64_MAX, waiter), DBPOOL_PENDING);
  first.then = [&](Answer&) { dbpool_loop_free(loop_.release()); };
  dbpool_loop* const driven = loop();
  ASSERT_STATUS(QueryAsync(conn, driven, "select 1", first), DBPOOL_PENDING);
  if (external()) {
    ASSERT_TRUE(Await([&] {
      // Freed in its callback, the loop is gone when the dispatch returns.
      if (first.calls() == 0) dbpool_loop_dispatch(driven, 0);
      return waiter.calls() > 0;
    }));
  } else {
    ASSERT_TRUE(Await([&] { return waiter.calls() > 0; }));
  }
  EXPECT_STATUS(waiter.status, DBPOOL_ERR_CANCELLED);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

}  // namespace
}  // namespace dbp::capi
