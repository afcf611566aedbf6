#include <filesystem>
#include <iterator>
#include <utility>

#include "tests/oom/sweep.h"

// Calls that make and end a pool, and those that need none.

namespace dbp::oom {
namespace {

INSTANTIATE_TEST_SUITE_P(Fails, OutOfMemory, testing::Values(Fail::kOnce, Fail::kAlways), NameOf);

int Descriptors() {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST_P(OutOfMemory, Options) {
  Sweep([] {},
        [] {
          dbpool_options* options = dbpool_options_new();
          if (!options) return dbpool_status{DBPOOL_ERR_NOMEM};
          dbpool_error* error = nullptr;
          dbpool_status status = dbpool_options_set(options, "pool_size", "3", &error);
          if (status >= 0) status = dbpool_options_set(options, "init_sql", "select 'long enough for the heap'", &error);
          if (status >= 0) status = dbpool_options_from_env(options, "OOM_TEST_", &error);
          dbpool_error_free(error);
          dbpool_options_free(options);
          return status;
        },
        [](dbpool_status) {});
}

TEST_P(OutOfMemory, ARefusedOption) {
  dbpool_options* options = dbpool_options_new();
  dbpool_error* error = nullptr;
  Sweep([&] { dbpool_error_free(std::exchange(error, nullptr)); },
        [&] {
          const dbpool_status status = dbpool_options_set(options, "pool_size", "no number", &error);
          return status == DBPOOL_ERR_OPTION ? dbpool_status{DBPOOL_OK} : status;
        },
        [](dbpool_status) {});
  dbpool_error_free(error);
  dbpool_options_free(options);
}

TEST_P(OutOfMemory, AnErrorOfOnesOwn) {
  Sweep([] {},
        [] {
          dbpool_error* error = dbpool_error_new(DBPOOL_ERR_SQL, "a message too long for the object itself");
          const dbpool_status status = error ? DBPOOL_OK : DBPOOL_ERR_NOMEM;
          dbpool_error_free(error);
          return status;
        },
        [](dbpool_status) {});
}

void SweepCreate(const std::string& uri, const std::function<void(const std::function<dbpool_status()>&,
                                                                  const std::function<void(dbpool_status)>&)>& sweep) {
  dbpool_options* options = MakeOptions();
  dbpool* pool = nullptr;
  dbpool_error* error = nullptr;
  const auto create = [&] { return dbpool_create(uri.c_str(), options, &pool, &error); };
  ASSERT_EQ(create(), DBPOOL_OK);
  dbpool_unref(std::exchange(pool, nullptr));
  const int before = Descriptors();  // perhaps with those of a keeper that is about to end
  sweep(create, [&](dbpool_status status) {
    EXPECT_EQ(pool != nullptr, status == DBPOOL_OK);
    EXPECT_TRUE(status < 0 || error == nullptr);
    dbpool_error_free(std::exchange(error, nullptr));
    if (pool) {
      EXPECT_EQ(dbpool_health(pool, 30'000, nullptr), DBPOOL_OK);
    }
    dbpool_unref(std::exchange(pool, nullptr));
    EXPECT_TRUE(Await([&] { return Descriptors() <= before; })) << "a failed create leaves nothing behind";
  });
  dbpool_options_free(options);
}

TEST_P(OutOfMemory, CreateInMemory) {
  SweepCreate("sqlite::memory:",
              [this](const auto& create, const auto& check) { Sweep([] {}, create, check); });
}

TEST_P(OutOfMemory, CreateInAFile) {
  const TempDir dir;
  SweepCreate("sqlite:" + dir.File("x.db"),
              [this](const auto& create, const auto& check) { Sweep([] {}, create, check); });
}

TEST_P(OutOfMemory, Probe) {
  const TempDir dir;
  const std::string uri = "sqlite:" + dir.File("x.db");
  dbpool_server server = {.struct_size = sizeof server};
  const auto probe = [&] { return dbpool_probe(uri.c_str(), nullptr, 30'000, &server, nullptr); };
  ASSERT_EQ(probe(), DBPOOL_OK);
  const int before = Descriptors();
  Sweep([] {}, probe,
        [&](dbpool_status) { EXPECT_TRUE(Await([&] { return Descriptors() <= before; })); });
}

TEST_P(OutOfMemory, CloseAndUnref) {
  const TempDir dir;
  dbpool_options* options = MakeOptions();
  dbpool* pool = nullptr;
  dbpool_conn lent = 0;
  const auto ready = [&] {
    ASSERT_EQ(dbpool_create(("sqlite:" + dir.File("x.db")).c_str(), options, &pool, nullptr), DBPOOL_OK);
    ASSERT_EQ(dbpool_acquire(pool, -1, &lent, nullptr), DBPOOL_OK);
  };
  ready();
  dbpool_release(lent);
  dbpool_unref(pool);
  const int before = Descriptors();
  Sweep(ready,
        [&] {
          dbpool_error* error = nullptr;
          const dbpool_status status = dbpool_close(pool, 0, &error);
          dbpool_error_free(error);
          dbpool_unref(pool);
          return status == DBPOOL_ERR_TIMEOUT ? dbpool_status{DBPOOL_OK} : status;
        },
        [&](dbpool_status status) {
          EXPECT_EQ(status, DBPOOL_OK) << "a close cannot fail for want of memory";
          EXPECT_EQ(dbpool_conn_ping(lent, -1, nullptr), DBPOOL_ERR_BROKEN) << "cut off";
          EXPECT_EQ(dbpool_release(lent), DBPOOL_OK);
          EXPECT_TRUE(Await([&] { return Descriptors() <= before; }));
        });
  dbpool_options_free(options);
}

}  // namespace
}  // namespace dbp::oom
