#include <atomic>
#include <random>
#include <thread>

#include "tests/support/abi.h"
#include "tests/support/testing.h"

// Everything at once: many threads do at random whatever a pool can do, and at the end all slots
// are back and the counts add up. What goes wrong on the way (cancelled, terminated, out of time)
// must be one of the answers that the header promises. Seeds are printed; sanitizers judge the
// rest.

namespace dbp {
namespace {

using abi::Error;
using abi::Int;
using abi::Lease;
using abi::Pool;

int Seconds() {
  const char* text = std::getenv("DBPOOL_STRESS_SECONDS");
  return text ? std::atoi(text) : 6;
}

struct Database {
  const char* name;
  std::string uri;
  std::string quick, slow, rows, write;
  bool terminates;
};

Database Sqlite() {
  const std::string count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ";
  return {"sqlite",
          "sqlite::memory:",
          "SELECT $1 + 1",
          count + "20000) SELECT count(*) FROM n",
          count + "1000) SELECT i FROM n",
          "INSERT INTO stress VALUES ($1)",
          false};
}

Database Postgres() {
  const char* uri = std::getenv("DBPOOL_TEST_POSTGRES_URL");
  return {"postgres",
          uri ? uri : "",
          "SELECT $1::int + 1",
          "SELECT pg_sleep(0.002)",
          "SELECT i FROM generate_series(1, 1000) i",
          "INSERT INTO stress VALUES ($1)",
          true};
}

class Mixed : public testing::TestWithParam<Database> {
 protected:
  void RunThreads(int threads);
  void OneThing(std::minstd_rand& random);

  void WithLease(std::minstd_rand& random);
  void Stream(std::minstd_rand& random);
  void Transact();
  void Administer(std::minstd_rand& random);
  /// Counts an answer, and refuses those that nothing here can cause.
  void Note(const Error& error);

  /// The lease somebody works with this moment, for others to cancel or misuse.
  std::atomic<dbpool_conn> exposed_{0};
  std::atomic<int64_t> good_{0}, bad_{0};
  Pool pool_;
};

void Mixed::Note(const Error& error) {
  if (error.ok()) {
    ++good_;
    return;
  }
  ++bad_;
  switch (error.code) {
    case DBPOOL_ERR_TIMEOUT:
    case DBPOOL_ERR_CANCELLED:
    case DBPOOL_ERR_BUSY:
    case DBPOOL_ERR_STALE:
      return;
    case DBPOOL_ERR_BROKEN:
      EXPECT_TRUE(GetParam().terminates) << error.Describe();
      return;
    case DBPOOL_ERR_SQL:  // a transaction that a cancel or a colleague spoiled
      EXPECT_TRUE(error.sqlstate == "25P02" || error.sqlstate == "25P01" ||
                  error.sqlstate == "40001" || error.sqlstate == "25001")
          << error.Describe();
      return;
    default:
      ADD_FAILURE() << error.Describe();
  }
}

void Mixed::WithLease(std::minstd_rand& random) {
  const Database& database = GetParam();
  Lease lease;
  const uint32_t access = random() % 8 == 0   ? DBPOOL_ACCESS_READ
                          : random() % 8 == 0 ? DBPOOL_ACCESS_WRITE
                                              : DBPOOL_ACCESS_DEFAULT;
  const Error error = lease.Acquire(pool_, 1 + random() % 2000, access);
  Note(error);
  if (!error.ok()) return;
  exposed_ = lease.token();
  for (uint32_t n = random() % 4; n > 0; --n) {
    switch (random() % 4) {
      case 0:
        Note(lease.Run(database.slow, {}, {.timeout_ms = 1 + static_cast<int64_t>(random() % 20)}));
        break;
      case 1:
        Note(lease.Ping(1000));
        break;
      default:
        Note(lease.Run(database.quick, {Int(1)}));
    }
  }
  if (random() % 4 == 0 && access != DBPOOL_ACCESS_READ) {
    Note(lease.Begin());
    Note(lease.Run(database.write, {Int(static_cast<int64_t>(random() % 100))}));
    if (random() % 3 != 0) Note(random() % 2 ? lease.Commit() : lease.Rollback());
  }
  dbpool_status released = lease.Release();
  EXPECT_TRUE(released == DBPOOL_OK || released == DBPOOL_ERR_STALE || released == DBPOOL_ERR_BUSY)
      << dbpool_status_name(released);
}

void Mixed::Stream(std::minstd_rand& random) {
  abi::Result result;
  const Error error =
      pool_.Run(GetParam().rows, {}, {.timeout_ms = 2000, .flags = DBPOOL_QUERY_STREAM}, &result);
  Note(error);
  if (!error.ok()) return;
  dbpool_batch batch = {};
  for (uint32_t n = random() % 20; n > 0; --n) {
    const Error fetched = result.Fetch(1 + random() % 200, &batch);
    Note(fetched);
    if (fetched.code != DBPOOL_OK) return;
  }
}

void Mixed::Transact() {
  dbpool_tx_options options = {};
  options.struct_size = sizeof options;
  options.timeout_ms = 3000;
  dbpool_error* error = nullptr;
  const dbpool_status status = dbpool_transaction(
      pool_.get(),
      [](void* self, dbpool_conn conn, dbpool_error** failure) -> dbpool_status {
        const dbpool_value value = Int(7);
        const std::string& sql = static_cast<Mixed*>(self)->GetParam().write;
        return dbpool_conn_query(conn, sql.data(), sql.size(), &value, 1, nullptr, nullptr,
                                 failure);
      },
      this, &options, &error);
  Note(abi::Take(status, error));
}

void Mixed::Administer(std::minstd_rand& random) {
  const dbpool_conn token = exposed_;
  switch (random() % 40) {
    case 0:
      EXPECT_EQ(dbpool_invalidate(pool_.get(), nullptr), DBPOOL_OK);
      return;
    case 1:
      EXPECT_EQ(dbpool_resize(pool_.get(), 1 + random() % 6, random() % 4, nullptr), DBPOOL_OK);
      return;
    case 2:
      if (GetParam().terminates) {
        Note(
            pool_.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                      "application_name = 'stress' AND pid <> pg_backend_pid() LIMIT 1",
                      {}, {.timeout_ms = 2000}));
      }
      return;
    case 3: {
      const dbpool_statistics stats = pool_.Stats();
      EXPECT_LE(stats.idle + stats.leased, stats.open);
      return;
    }
    default: {
      const dbpool_status status = dbpool_conn_cancel(token, nullptr);
      EXPECT_TRUE(status == DBPOOL_OK || status == DBPOOL_ERR_STALE) << status;
    }
  }
}

void Mixed::OneThing(std::minstd_rand& random) {
  switch (random() % 8) {
    case 0:
      return Stream(random);
    case 1:
      return Transact();
    case 2:
    case 3:
      return Administer(random);
    case 4:
      return Note(pool_.Run(GetParam().quick, {Int(2)}, {.timeout_ms = 2000}));
    default:
      return WithLease(random);
  }
}

void Mixed::RunThreads(int threads) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Deadline end = Deadline::After(Seconds() * kSecond);
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([this, end, seed, i] {
      std::minstd_rand random(seed + static_cast<uint32_t>(i));
      while (!end.Passed()) OneThing(random);
    });
  }
  for (std::thread& thread : all) thread.join();
}

TEST_P(Mixed, OperationsOfManyThreadsLeaveAllSlotsBackAndTheCountsRight) {
  if (GetParam().uri.empty()) GTEST_SKIP() << "no PostgreSQL server: DBPOOL_TEST_POSTGRES_URL";
  abi::Settings settings = {{"pool_size", "4"}, {"max_overflow", "4"}, {"lock_timeout", "2s"}};
  if (GetParam().terminates) settings.emplace_back("application_name", "stress");
  ASSERT_TRUE(abi::Ok(pool_.Create(GetParam().uri, settings)));
  ASSERT_TRUE(abi::Ok(pool_.Run("CREATE TABLE stress (n int)")));
  for (const int threads : {16, 64}) {
    RunThreads(threads);
    EXPECT_TRUE(Await([&] {
      const dbpool_statistics now = pool_.Stats();
      return now.leased == 0 && now.waiting == 0 && now.opening == 0 && now.idle == now.open;
    })) << "something never came back";
  }
  const dbpool_statistics stats = pool_.Stats();
  EXPECT_EQ(stats.leased, 0u);
  EXPECT_EQ(stats.write_waiting, 0u);
  EXPECT_EQ(stats.opened - stats.closed, stats.open);
  EXPECT_LE(stats.open, stats.limit);
  EXPECT_GT(good_, 1000);
  RecordProperty("good", std::to_string(good_));
  RecordProperty("bad", std::to_string(bad_));
  RecordProperty("acquired", std::to_string(stats.acquired));
  RecordProperty("opened", std::to_string(stats.opened));
  // Sessions that were ended a moment ago are known dead within milliseconds.
  EXPECT_TRUE(Await([&] { return dbpool_reconnect(pool_.get(), 30'000, nullptr) == DBPOOL_OK; }));
  // As many as there may be can be had at once, which a lost slot would prevent.
  EXPECT_EQ(dbpool_resize(pool_.get(), 4, 0, nullptr), DBPOOL_OK);
  {
    std::vector<Lease> leases;
    for (int i = 0; i < 4; ++i) leases.emplace_back(pool_);
    for (const Lease& lease : leases) EXPECT_EQ(lease.Ask(GetParam().quick, {Int(1)}), "2");
  }
  EXPECT_TRUE(abi::Ok(pool_.Run("DROP TABLE stress")));
  EXPECT_TRUE(abi::Ok(pool_.Close(5000)));
  EXPECT_EQ(pool_.Stats().open, 0u);
}

INSTANTIATE_TEST_SUITE_P(Databases, Mixed, testing::Values(Sqlite(), Postgres()),
                         [](const auto& database) { return std::string(database.param.name); });

}  // namespace
}  // namespace dbp
