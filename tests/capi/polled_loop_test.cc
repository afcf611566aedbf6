#include <poll.h>

#include <cstdlib>
#include <set>

#include "tests/capi/async.h"
#include "tests/support/stopwatch.h"

// A loop whose sockets the host polls, and what a host keeps with a connection. What every loop does, a polled one does in
// the tests of all kinds.

namespace dbp::capi {
namespace {

dbpool_socket Wanted(dbpool_loop* loop) {
  dbpool_socket socket = {.struct_size = sizeof socket};
  EXPECT_STATUS(dbpool_loop_wanted(loop, &socket), DBPOOL_OK);
  return socket;
}
dbpool_status AnyWanted(dbpool_loop* loop) {
  dbpool_socket socket = {.struct_size = sizeof socket};
  return dbpool_loop_wanted(loop, &socket);
}

class PolledLoop : public testing::Test {
 protected:
  void SetUp() override {
    const char* uri = std::getenv("DBPOOL_TEST_POSTGRES_URL");
    if (!uri) GTEST_SKIP() << "only PostgreSQL has sockets";
    pool_ = MakePool(uri, {{"pool_size", "1"}, {"max_overflow", "0"}});
  }
  dbpool_loop* loop() const { return loop_.get(); }
  /// Waits until the server has answered.
  static void AwaitReadable(int fd) {
    EXPECT_TRUE(Await([&] { return Readable(fd); }));
  }
  bool Turned(const Answer& answer) {
    return Await([&] {
      host_.Turn(loop());
      return answer.calls() == 1;
    });
  }

  Loop loop_ = MakeLoop(DBPOOL_LOOP_POLLED);
  PolledHost host_;
  Pool pool_;
};

TEST_F(PolledLoop, AStatementIsAnsweredByReadyAlone) {
  const dbpool_conn conn = Borrow(pool_);
  std::set<int> descriptors;
  for (int i = 0; i < 3; ++i) {
    Answer answer;
    ASSERT_STATUS(QueryAsync(conn, loop(), "select 7", answer), DBPOOL_PENDING);
    const dbpool_socket socket = Wanted(loop());
    EXPECT_EQ(socket.conn, conn);
    EXPECT_EQ(socket.events, uint32_t{POLLIN});
    EXPECT_STATUS(AnyWanted(loop()), DBPOOL_DONE) << "each wait is told once";
    descriptors.insert(socket.fd);
    AwaitReadable(socket.fd);
    EXPECT_FALSE(Readable(dbpool_loop_fd(loop())));
    EXPECT_STATUS(dbpool_loop_ready(loop(), socket.number), DBPOOL_OK);
    EXPECT_EQ(answer.value(), "7");
    EXPECT_EQ(answer.thread, std::this_thread::get_id());
    EXPECT_STATUS(dbpool_loop_ready(loop(), socket.number), DBPOOL_OK) << "harmless";
  }
  EXPECT_EQ(descriptors.size(), 1u) << "the same for the life of the connection";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_F(PolledLoop, ReadyTooEarlyIsToldAgain) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  ASSERT_STATUS(QueryAsync(conn, loop(), "select pg_sleep(60)", answer), DBPOOL_PENDING);
  const dbpool_socket socket = Wanted(loop());
  EXPECT_STATUS(dbpool_loop_ready(loop(), socket.number), DBPOOL_OK);
  EXPECT_EQ(answer.calls(), 0);
  EXPECT_EQ(Wanted(loop()).fd, socket.fd);
  EXPECT_STATUS(dbpool_op_cancel(answer.op), DBPOOL_OK);
  EXPECT_TRUE(Turned(answer));
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_F(PolledLoop, ACancelAndATimeOutShowOnItsDescriptor) {
  const dbpool_conn conn = Borrow(pool_);
  for (const bool cancels : {true, false}) {
    Answer answer;
    ASSERT_STATUS(QueryAsync(conn, loop(), "select pg_sleep(60)", answer,
                             {.struct_size = sizeof(dbpool_query_options), .timeout_ms = cancels ? -1 : 30}),
                  DBPOOL_PENDING);
    if (cancels) {
      EXPECT_STATUS(dbpool_op_cancel(answer.op), DBPOOL_OK);
    }
    AwaitReadable(dbpool_loop_fd(loop()));
    EXPECT_TRUE(Turned(answer));
    EXPECT_STATUS(answer.status, cancels ? DBPOOL_ERR_CANCELLED : DBPOOL_ERR_TIMEOUT);
  }
  EXPECT_EQ(Ask(conn, "select 1"), "1");
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_F(PolledLoop, ASocketThatTheHostLeavesToItShowsOnItsDescriptor) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  ASSERT_STATUS(QueryAsync(conn, loop(), "select 7", answer), DBPOOL_PENDING);
  EXPECT_STATUS(dbpool_loop_poll(loop(), Wanted(loop()).number), DBPOOL_OK);
  AwaitReadable(dbpool_loop_fd(loop()));
  EXPECT_TRUE(Await([&] { return dbpool_loop_dispatch(loop(), 0) == DBPOOL_OK && answer.calls() == 1; }));
  EXPECT_STATUS(AnyWanted(loop()), DBPOOL_DONE);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_F(PolledLoop, AStatementThatDoesNotFitIntoTheSocketWaitsToWrite) {
  const dbpool_conn conn = Borrow(pool_);
  const std::string large = "select length('" + std::string(8 << 20, 'x') + "')";
  Answer answer;
  ASSERT_STATUS(QueryAsync(conn, loop(), large, answer), DBPOOL_PENDING);
  const dbpool_socket socket = Wanted(loop());
  EXPECT_EQ(socket.events, uint32_t{POLLIN | POLLOUT});
  EXPECT_STATUS(dbpool_loop_poll(loop(), socket.number), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return dbpool_loop_dispatch(loop(), 0) == DBPOOL_OK && answer.calls() == 1; }));
  EXPECT_EQ(answer.value(), std::to_string(8 << 20));
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

// It then polls itself and reads the server's answer to its cancel, instead of looking once the 40 ms for that are over. On a
// busy machine more than one must be given the chance.
TEST_F(PolledLoop, IsFreedSoonWhileAHostThatWentAwayOwedItASocket) {
  EXPECT_TRUE(Await([&] {
    const dbpool_conn conn = Borrow(pool_);
    Loop loop = MakeLoop(DBPOOL_LOOP_POLLED);
    Answer answer;
    EXPECT_STATUS(QueryAsync(conn, loop.get(), "select pg_sleep(60)", answer), DBPOOL_PENDING);
    (void)Wanted(loop.get());
    const Stopwatch watch;
    loop.reset();
    const int64_t millis = watch.millis();
    EXPECT_STATUS(answer.status, DBPOOL_ERR_CANCELLED);
    EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
    return millis < 30;
  }));
}

TEST_F(PolledLoop, ReadyInACallbackIsBusy) {
  const dbpool_conn conn = Borrow(pool_);
  Answer answer;
  dbpool_status inside = DBPOOL_OK;
  answer.then = [&](Answer&) { inside = dbpool_loop_ready(loop(), 0); };
  ASSERT_STATUS(QueryAsync(conn, loop(), "select 7", answer), DBPOOL_PENDING);
  EXPECT_TRUE(Turned(answer));
  EXPECT_STATUS(inside, DBPOOL_ERR_BUSY);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST(PolledLoopMisuse, WrongArguments) {
  const Loop polled = MakeLoop(DBPOOL_LOOP_POLLED), external = MakeLoop(DBPOOL_LOOP_EXTERNAL),
             thread = MakeLoop(DBPOOL_LOOP_THREAD);
  dbpool_socket socket = {.struct_size = sizeof socket};
  for (dbpool_loop* wrong : {external.get(), thread.get(), static_cast<dbpool_loop*>(nullptr)}) {
    EXPECT_STATUS(dbpool_loop_wanted(wrong, &socket), DBPOOL_ERR_INVALID);
    EXPECT_STATUS(dbpool_loop_ready(wrong, 1), DBPOOL_ERR_INVALID);
    EXPECT_STATUS(dbpool_loop_poll(wrong, 1), DBPOOL_ERR_INVALID);
  }
  EXPECT_STATUS(dbpool_loop_wanted(polled.get(), nullptr), DBPOOL_ERR_INVALID);
  socket.struct_size = 0;
  EXPECT_STATUS(dbpool_loop_wanted(polled.get(), &socket), DBPOOL_ERR_INVALID);
  socket = {.struct_size = sizeof socket, .number = 1, .fd = 1};
  EXPECT_STATUS(dbpool_loop_wanted(polled.get(), &socket), DBPOOL_DONE);
  EXPECT_EQ(socket.number, 0u);
  for (const uint64_t number : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32, UINT64_MAX}) {
    EXPECT_STATUS(dbpool_loop_ready(polled.get(), number), DBPOOL_OK);
    EXPECT_STATUS(dbpool_loop_poll(polled.get(), number), DBPOOL_OK);
  }
  EXPECT_EQ(InChild([&] {
              if (dbpool_loop_ready(polled.get(), 1) != DBPOOL_ERR_FORKED) return 1;
              if (dbpool_loop_wanted(polled.get(), &socket) != DBPOOL_ERR_FORKED) return 2;
              return dbpool_loop_poll(polled.get(), 1) == DBPOOL_ERR_FORKED ? 0 : 3;
            }),
            0);
}

class ConnData : public EveryDatabase {
 protected:
  static void Count(void* counter) { ++*static_cast<std::atomic<int>*>(counter); }
  std::atomic<int> first_{0}, second_{0};
};
DBP_ON_EVERY_DATABASE(ConnData);

TEST_P(ConnData, StaysThroughAllLeasesUntilTheConnectionIsClosed) {
  const Pool pool = Make({{"pool_size", "1"}, {"max_overflow", "0"}});
  dbpool_conn conn = Borrow(pool);
  EXPECT_EQ(dbpool_conn_data(conn), nullptr);
  EXPECT_STATUS(dbpool_conn_set_data(conn, &first_, Count, nullptr), DBPOOL_OK);
  EXPECT_EQ(dbpool_conn_data(conn), &first_);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  conn = Borrow(pool);
  EXPECT_EQ(dbpool_conn_data(conn), &first_);
  EXPECT_STATUS(dbpool_invalidate(pool.get(), nullptr), DBPOOL_OK);
  EXPECT_EQ(first_, 0);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return first_ == 1; }));
  conn = Borrow(pool);
  EXPECT_EQ(dbpool_conn_data(conn), nullptr) << "another connection";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(ConnData, EndsWhenOtherDataComes) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  EXPECT_STATUS(dbpool_conn_set_data(conn, &first_, Count, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_conn_set_data(conn, &second_, Count, nullptr), DBPOOL_OK);
  EXPECT_EQ(first_, 1);
  EXPECT_STATUS(dbpool_conn_set_data(conn, nullptr, nullptr, nullptr), DBPOOL_OK);
  EXPECT_EQ(second_, 1);
  EXPECT_EQ(dbpool_conn_data(conn), nullptr);
  EXPECT_STATUS(dbpool_conn_set_data(conn, this, nullptr, nullptr), DBPOOL_OK) << "nothing is to be done at its end";
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST_P(ConnData, EndsWithThePoolAlsoWhileItIsLent) {
  Pool pool = Make({{"pool_size", "2"}});
  const dbpool_conn lent = Borrow(pool), back = Borrow(pool);
  EXPECT_STATUS(dbpool_conn_set_data(lent, &first_, Count, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_conn_set_data(back, &second_, Count, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(back), DBPOOL_OK);
  EXPECT_STATUS(dbpool_close(pool.get(), 0, nullptr), DBPOOL_ERR_TIMEOUT);
  EXPECT_EQ(first_, 1);
  EXPECT_TRUE(Await([&] { return second_ == 1; }));
  EXPECT_EQ(dbpool_conn_data(lent), nullptr);
  EXPECT_STATUS(dbpool_release(lent), DBPOOL_OK);
}

TEST_P(ConnData, IsNotKeptForWhoHasNoLease) {
  const Pool pool = Make();
  const dbpool_conn conn = Borrow(pool);
  EXPECT_EQ(InChild([&] {
              if (dbpool_conn_set_data(conn, &first_, Count, nullptr) != DBPOOL_ERR_FORKED) return 1;
              return dbpool_conn_data(conn) == nullptr && first_ == 0 ? 0 : 2;
            }),
            0);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  Error error;
  for (const dbpool_conn stale : {conn, dbpool_conn{0}, ~dbpool_conn{0}}) {
    EXPECT_STATUS(dbpool_conn_set_data(stale, &first_, Count, error.out()), DBPOOL_ERR_STALE);
    EXPECT_EQ(dbpool_conn_data(stale), nullptr);
  }
  EXPECT_EQ(first_, 0);
}

}  // namespace
}  // namespace dbp::capi
