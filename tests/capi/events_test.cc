#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "tests/capi/loop.h"

namespace dbp::capi {
namespace {

/// What a watch told.
class Listener {
 public:
  dbpool_status Watch(const Pool& pool, const Loop& loop) {
    return dbpool_watch(pool.get(), loop.get(), &OnEvent, this, &OnDestroy, &id_, nullptr);
  }

  uint64_t id() const { return id_; }
  int destroyed() const { return destroyed_; }
  int count() const {
    std::lock_guard lock(mu_);
    return static_cast<int>(events_.size());
  }
  std::vector<dbpool_event> events() const {
    std::lock_guard lock(mu_);
    return events_;
  }
  /// "opened broken closed:4", of one connection; of all of them if they agree.
  std::string Life() const {
    std::map<uint64_t, std::string> lives;
    for (const dbpool_event& event : events()) {
      std::string& life = lives[event.connection];
      if (!life.empty()) life += ' ';
      if (event.kind == DBPOOL_EVENT_OPENED) life += "opened";
      if (event.kind == DBPOOL_EVENT_BROKEN) life += "broken";
      if (event.kind == DBPOOL_EVENT_CLOSED) life += "closed:" + std::to_string(event.reason);
    }
    std::set<std::string> different;
    for (const auto& [connection, life] : lives) different.insert(life);
    return different.size() == 1 ? *different.begin() : std::to_string(different.size()) + " lives";
  }
  /// The connection that was closed first.
  std::string FirstClosed() const {
    for (const dbpool_event& event : events()) {
      if (event.kind == DBPOOL_EVENT_CLOSED) return "closed:" + std::to_string(event.reason);
    }
    return "none";
  }
  bool OneThread(std::thread::id* out) const {
    std::lock_guard lock(mu_);
    if (threads_.size() == 1) *out = *threads_.begin();
    return threads_.size() == 1;
  }
  /// Called in the callback.
  std::function<void(const dbpool_event&)> on_event;

 private:
  static void OnEvent(void* self, const dbpool_event* event) {
    auto& me = *static_cast<Listener*>(self);
    EXPECT_EQ(me.destroyed_, 0) << "destroy() is the last call";
    EXPECT_GE(event->struct_size, sizeof *event);
    {
      std::lock_guard lock(me.mu_);
      me.events_.push_back(*event);
      me.threads_.insert(std::this_thread::get_id());
    }
    if (me.on_event) me.on_event(*event);
  }
  static void OnDestroy(void* self) {
    auto& me = *static_cast<Listener*>(self);
    {
      std::lock_guard lock(me.mu_);
      me.threads_.insert(std::this_thread::get_id());
    }
    ++me.destroyed_;
  }

  mutable std::mutex mu_;
  std::vector<dbpool_event> events_;
  std::set<std::thread::id> threads_;
  std::atomic<int> destroyed_{0};
  uint64_t id_ = 0;
};

std::string Lazy(const std::string& more) { return "sqlite::memory:?lazy=true&" + more; }

class Events : public EveryLoop {
 protected:
  void Borrowed(const Pool& pool, int n = 1) {
    std::vector<dbpool_conn> held;
    for (int i = 0; i < n; ++i) held.push_back(Borrow(pool));
    for (dbpool_conn conn : held) EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  }
  bool Destroyed(const Listener& listener) {
    return Until([&] { return listener.destroyed() == 1; });
  }
  /// Why the first connection of a pool goes, after `borrowed` at once and what is done then.
  void ExpectClosed(const std::string& options, int borrowed, const std::string& reason,
                    const std::function<dbpool_status(dbpool*)>& then = nullptr) {
    Listener listener;
    const Pool pool = MakePool(Lazy(options));
    ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
    Borrowed(pool, borrowed);
    if (then) {
      ASSERT_STATUS(then(pool.get()), DBPOOL_OK);
    }
    ASSERT_TRUE(Until([&] { return listener.FirstClosed() == reason; }));
    ASSERT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_OK);
    ASSERT_TRUE(Destroyed(listener));
  }
};
DBP_ON_EVERY_LOOP(Events);

TEST_P(Events, OpenedAndClosedWithThePoolComeInOrderOnTheLoopsThread) {
  Listener listener;
  Pool pool = MakePool(Lazy("pool_size=3"));
  ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
  EXPECT_NE(listener.id(), 0u);
  Borrowed(pool, 3);
  ASSERT_TRUE(Until([&] { return listener.count() == 3; }));
  ASSERT_STATUS(dbpool_close(pool.get(), 5'000, nullptr), DBPOOL_OK);
  ASSERT_TRUE(Destroyed(listener));
  EXPECT_EQ(listener.count(), 6);
  EXPECT_EQ(listener.Life(), "opened closed:10");
  std::thread::id thread;
  EXPECT_TRUE(listener.OneThread(&thread));
  EXPECT_EQ(thread == std::this_thread::get_id(), external());
  EXPECT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_ERR_STALE);
}

TEST_P(Events, TheLastReferenceEndsIt) {
  Listener listener;
  {
    Pool pool = MakePool(Lazy("pool_size=1"));
    ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
    Borrowed(pool);
  }
  ASSERT_TRUE(Destroyed(listener));
  EXPECT_EQ(listener.Life(), "opened closed:10");
}

TEST_P(Events, ALeaseReturnedAfterTheCloseIsTheLastToBeToldOf) {
  Listener listener;
  const Pool pool = MakePool(Lazy("pool_size=1"));
  ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
  const dbpool_conn conn = Borrow(pool);
  ASSERT_STATUS(dbpool_close(pool.get(), 0, nullptr), DBPOOL_ERR_TIMEOUT);
  ASSERT_TRUE(Until([&] { return listener.count() == 1; }));
  EXPECT_EQ(listener.destroyed(), 0);
  ASSERT_STATUS(dbpool_release(conn), DBPOOL_OK);
  ASSERT_TRUE(Destroyed(listener));
  EXPECT_EQ(listener.count(), 2);
}

TEST_P(Events, ClosedSaysIdle) {
  ExpectClosed("pool_size=2&min_size=0&idle_timeout=10ms", 1, "closed:1");
}
TEST_P(Events, ClosedSaysLifetime) {
  ExpectClosed("pool_size=2&min_size=0&max_lifetime=10ms", 1, "closed:2");
}
TEST_P(Events, ClosedSaysUses) {
  ExpectClosed("pool_size=1&max_uses=1", 1, "closed:3");
}
TEST_P(Events, ClosedSaysInvalidated) {
  ExpectClosed("pool_size=2&min_size=0", 2, "closed:7",
               [](dbpool* pool) { return dbpool_invalidate(pool, nullptr); });
}
TEST_P(Events, ClosedSaysShrunk) {
  ExpectClosed("pool_size=2&min_size=0&max_overflow=0", 2, "closed:9",
               [](dbpool* pool) { return dbpool_resize(pool, 1, 0, nullptr); });
}

TEST_P(Events, ATerminatedSessionIsBrokenThenClosedIdleOrLent) {
  Listener listener;
  const std::string url = std::getenv("DBPOOL_TEST_POSTGRES_URL");
  const Pool pool = MakePool(url, {{"pool_size", "2"}, {"lazy", "true"}, {"min_size", "0"}});
  const Pool admin = MakePool(url, {{"pool_size", "1"}});
  ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
  const dbpool_conn lent = Borrow(pool), idle = Borrow(pool);
  for (dbpool_conn conn : {lent, idle}) {
    const std::string pid = Ask(conn, "select pg_backend_pid()");
    EXPECT_STATUS(conn == idle ? dbpool_release(conn) : DBPOOL_OK, DBPOOL_OK);
    EXPECT_EQ(Ask(admin, "select pg_terminate_backend(" + pid + ", 20000)"), "true");
  }
  // One statement more finds the lent one lost; it is told of once all the same.
  ASSERT_TRUE(Until([&] { return listener.count() >= 5; }));
  EXPECT_STATUS(Execute(lent, "select 1"), DBPOOL_ERR_BROKEN);
  EXPECT_STATUS(dbpool_release(lent), DBPOOL_OK);
  ASSERT_TRUE(Until([&] { return listener.count() >= 6; }));
  EXPECT_EQ(listener.Life(), "opened broken closed:4");
  ASSERT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_OK);
  ASSERT_TRUE(Destroyed(listener));
  EXPECT_EQ(listener.count(), 6);
}

TEST_P(Events, NothingComesAfterUnwatch) {
  Listener listener;
  const Pool pool = MakePool(Lazy("pool_size=1&max_uses=1&min_size=0"));
  ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
  std::atomic<bool> over{false};
  std::thread busy([&] {
    while (!over) Borrowed(pool);
  });
  EXPECT_TRUE(Until([&] { return listener.count() > 2; }));
  ASSERT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_OK);
  const int then = listener.count();
  EXPECT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_ERR_STALE);
  EXPECT_TRUE(Destroyed(listener));
  over = true;
  busy.join();
  EXPECT_EQ(listener.count(), then);
}

TEST_P(Events, ACallbackMayUnwatchWatchAndClose) {
  Listener listener, second;
  Pool pool = MakePool(Lazy("pool_size=1"));
  std::atomic<bool> lent{false};
  listener.on_event = [&](const dbpool_event&) {
    EXPECT_TRUE(Await([&] { return lent.load(); }));
    EXPECT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_OK);
    EXPECT_STATUS(second.Watch(pool, loop_), DBPOOL_OK);
    EXPECT_STATUS(dbpool_close(pool.get(), 0, nullptr), DBPOOL_ERR_TIMEOUT);
  };
  ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
  const dbpool_conn conn = Borrow(pool);
  lent = true;
  EXPECT_TRUE(Destroyed(listener));
  EXPECT_EQ(listener.count(), 1);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
  EXPECT_TRUE(Destroyed(second));
  EXPECT_EQ(second.Life(), "closed:10");
}

TEST_P(Events, SeveralWatchesOfAPoolHearTheSame) {
  Listener listeners[3];
  Pool pool = MakePool(Lazy("pool_size=2"));
  for (Listener& each : listeners) ASSERT_STATUS(each.Watch(pool, loop_), DBPOOL_OK);
  Borrowed(pool, 2);
  pool.reset();
  for (Listener& each : listeners) {
    EXPECT_TRUE(Destroyed(each));
    EXPECT_EQ(each.Life(), "opened closed:10");
    EXPECT_EQ(each.events()[0].connection, listeners[0].events()[0].connection);
  }
}

TEST_P(Events, ALeaseTellsTheNumberOfItsConnection) {
  Listener listener;
  Pool pool = MakePool(Lazy("pool_size=1"));
  ASSERT_STATUS(listener.Watch(pool, loop_), DBPOOL_OK);
  const dbpool_conn first = Borrow(pool);
  const uint64_t number = dbpool_conn_id(first);
  EXPECT_EQ(InChild([&] { return dbpool_conn_id(first) == 0 ? 0 : 1; }), 0);
  EXPECT_STATUS(dbpool_release(first), DBPOOL_OK);
  EXPECT_EQ(dbpool_conn_id(first), 0u) << "it is over";
  const dbpool_conn second = Borrow(pool);
  EXPECT_EQ(dbpool_conn_id(second), number);
  EXPECT_STATUS(dbpool_release(second), DBPOOL_OK);
  pool.reset();
  EXPECT_TRUE(Destroyed(listener));
  for (const dbpool_event& event : listener.events()) EXPECT_EQ(event.connection, number);
  EXPECT_EQ(dbpool_conn_id(0), 0u);
}

TEST(EventsOfALoop, TheOldestAreForgottenAndCountedIfNobodyDispatches) {
  Listener listener;
  const Loop loop = MakeLoop(DBPOOL_LOOP_EXTERNAL);
  Pool pool = MakePool(Lazy("pool_size=1&max_uses=1"));
  ASSERT_STATUS(listener.Watch(pool, loop), DBPOOL_OK);
  const int uses = 1'500;
  for (int i = 0; i < uses; ++i) EXPECT_STATUS(dbpool_release(Borrow(pool)), DBPOOL_OK);
  pool.reset();
  ASSERT_TRUE(Await([&] {
    dbpool_loop_dispatch(loop.get(), 0);
    return listener.destroyed() == 1;
  }));
  const std::vector<dbpool_event> events = listener.events();
  ASSERT_EQ(events.size(), 1024u);
  uint64_t missed = 0;
  for (const dbpool_event& event : events) missed += event.missed;
  EXPECT_EQ(events[0].missed, missed) << "told with the first that is left";
  EXPECT_GE(missed + events.size(), 2u * uses);
  EXPECT_EQ(events.back().kind, uint32_t{DBPOOL_EVENT_CLOSED});
}

TEST(EventsOfALoop, FreeEndsTheWatchWithoutDelivering) {
  for (uint32_t kind : {DBPOOL_LOOP_THREAD, DBPOOL_LOOP_EXTERNAL}) {
    Listener listener;
    Loop loop = MakeLoop(kind);
    const Pool pool = MakePool(Lazy("pool_size=1"));
    ASSERT_STATUS(listener.Watch(pool, loop), DBPOOL_OK);
    loop.reset();
    EXPECT_EQ(listener.destroyed(), 1);
    EXPECT_STATUS(dbpool_release(Borrow(pool)), DBPOOL_OK);
    EXPECT_EQ(listener.count(), 0);
    EXPECT_STATUS(dbpool_unwatch(pool.get(), listener.id()), DBPOOL_ERR_STALE);
  }
}

TEST(EventsOfALoop, AnnouncingRacesWithFree) {
  const Pool pool = MakePool(Lazy("pool_size=2&max_uses=1&min_size=0"));
  std::atomic<bool> over{false};
  std::thread busy([&] {
    while (!over) EXPECT_STATUS(dbpool_release(Borrow(pool)), DBPOOL_OK);
  });
  for (int round = 0; round < (kSanitized ? 30 : 200); ++round) {
    Listener listener;
    Loop loop = MakeLoop(round % 2 ? DBPOOL_LOOP_THREAD : DBPOOL_LOOP_EXTERNAL);
    ASSERT_STATUS(listener.Watch(pool, loop), DBPOOL_OK);
    if (round % 2 == 0) dbpool_loop_dispatch(loop.get(), 5);
    loop.reset();
    EXPECT_EQ(listener.destroyed(), 1);
  }
  over = true;
  busy.join();
}

TEST(EventsMisuse, WrongArguments) {
  const Pool pool = MakePool(Lazy("pool_size=1"));
  const auto callback = [](void*, const dbpool_event*) {};
  const auto destroy = [](void*) { ADD_FAILURE() << "not after a failure"; };
  Error error;
  uint64_t id = 7;
  EXPECT_STATUS(dbpool_watch(nullptr, nullptr, callback, nullptr, destroy, &id, error.out()),
                DBPOOL_ERR_INVALID);
  EXPECT_EQ(id, 0u);
  EXPECT_NE(error.message(), "");
  EXPECT_STATUS(dbpool_watch(pool.get(), nullptr, nullptr, nullptr, destroy, &id, nullptr),
                DBPOOL_ERR_INVALID);
  EXPECT_STATUS(dbpool_unwatch(nullptr, 1), DBPOOL_ERR_INVALID);
  for (uint64_t none : {uint64_t{0}, uint64_t{1} << 40, UINT64_MAX}) {
    EXPECT_STATUS(dbpool_unwatch(pool.get(), none), DBPOOL_ERR_STALE);
  }
  EXPECT_STATUS(dbpool_watch(pool.get(), nullptr, callback, nullptr, nullptr, nullptr, nullptr), DBPOOL_OK);
  const Pool other = MakePool(Lazy("pool_size=1"));
  ASSERT_STATUS(dbpool_watch(pool.get(), nullptr, callback, nullptr, nullptr, &id, nullptr), DBPOOL_OK);
  EXPECT_STATUS(dbpool_unwatch(other.get(), id), DBPOOL_ERR_STALE) << "a watch of another pool";
  EXPECT_STATUS(dbpool_unwatch(pool.get(), id), DBPOOL_OK);
}

}  // namespace
}  // namespace dbp::capi
