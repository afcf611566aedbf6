#include <cstdint>
#include <cstring>
#include <random>

#include "tests/capi/misuse.h"

// Every function of the ABI with arguments that are wrong: NULL, out of range, of another object.

namespace dbp::capi {
namespace {

/// A lease, and a result that must be NULL after each failure.
class Misuse : public testing::Test {
 protected:
  ~Misuse() override { EXPECT_STATUS(dbpool_release(conn_), DBPOOL_OK); }

  dbpool_status Query(const char* sql, size_t size, const dbpool_value* params, size_t count,
                      const dbpool_query_options* how, dbpool_error** e) {
    auto* dangling = reinterpret_cast<dbpool_result*>(this);
    dbpool_result* result = dangling;
    const dbpool_status status =
        dbpool_conn_query(conn_, sql, size, params, count, how, &result, e);
    EXPECT_EQ(result, nullptr);
    result = dangling;
    dbpool_error* second = nullptr;
    EXPECT_STATUS(dbpool_query(pool_.get(), sql, size, params, count, how, &result, &second), status);
    EXPECT_EQ(result, nullptr);
    dbpool_error_free(second);
    return status;
  }
  dbpool_status QueryWith(dbpool_value param, dbpool_error** e) {
    return Query("select $1", DBPOOL_NTS, &param, 1, nullptr, e);
  }
  dbpool_status Begin(dbpool_tx_options how, dbpool_error** e) {
    dbpool_error* second = nullptr;
    const auto fn = [](void*, dbpool_conn, dbpool_error**) { return dbpool_status{DBPOOL_OK}; };
    const dbpool_status status = dbpool_transaction(pool_.get(), fn, nullptr, &how, &second);
    dbpool_error_free(second);
    EXPECT_STATUS(dbpool_conn_begin(conn_, &how, e), status);
    return status;
  }
  dbpool_status Acquire(dbpool_acquire_options how, dbpool_error** e) {
    dbpool_conn conn = 1;
    const dbpool_status status = dbpool_acquire_with(pool_.get(), &how, &conn, e);
    EXPECT_EQ(conn, 0u);
    return status;
  }

  Pool pool_ = MakePool("sqlite::memory:?pool_size=2&max_overflow=0");
  dbpool_conn conn_ = Borrow(pool_);
};

TEST_F(Misuse, NullForAnyPointerThatIsNeeded) {
  const Options options(dbpool_options_new());
  dbpool_options* o = options.get();
  dbpool* p = pool_.get();
  const auto fn = [](void*, dbpool_conn, dbpool_error**) { return dbpool_status{DBPOOL_OK}; };
  Error conflict;
  *conflict.out() = dbpool_error_new(DBPOOL_ERR_SQL, "whatever");
  int64_t pause = 0;
  dbpool_conn lease = 1;
  dbpool_server server = {.struct_size = sizeof server};
  dbpool_batch batch = {.struct_size = sizeof batch};
  Result result;
  ASSERT_STATUS(Execute(conn_, "select 1"), DBPOOL_OK);
  ASSERT_STATUS(Stream(conn_, "select 1", &result), DBPOOL_OK);
  ExpectInvalid({
      {"options_set: options", [](auto e) { return dbpool_options_set(nullptr, "lazy", "on", e); }},
      {"options_set: name", [o](auto e) { return dbpool_options_set(o, nullptr, "on", e); }},
      {"options_set: value", [o](auto e) { return dbpool_options_set(o, "lazy", nullptr, e); }},
      {"options_from_env", [](auto e) { return dbpool_options_from_env(nullptr, "X_", e); }},
      {"set_hooks", [](auto e) { return dbpool_options_set_hooks(nullptr, nullptr, e); }},
      {"create: out", [o](auto e) { return dbpool_create("sqlite::memory:", o, nullptr, e); }},
      {"close", [](auto e) { return dbpool_close(nullptr, 0, e); }},
      {"acquire: pool", [&](auto e) { return dbpool_acquire(nullptr, 0, &lease, e); }},
      {"acquire: out", [p](auto e) { return dbpool_acquire(p, 0, nullptr, e); }},
      {"acquire_with: pool", [&](auto e) { return dbpool_acquire_with(nullptr, nullptr, &lease, e); }},
      {"acquire_with: out", [p](auto e) { return dbpool_acquire_with(p, nullptr, nullptr, e); }},
      {"invalidate", [](auto e) { return dbpool_invalidate(nullptr, e); }},
      {"reconnect", [](auto e) { return dbpool_reconnect(nullptr, 0, e); }},
      {"resize", [](auto e) { return dbpool_resize(nullptr, 1, 0, e); }},
      {"health", [](auto e) { return dbpool_health(nullptr, 0, e); }},
      {"probe: out", [](auto e) { return dbpool_probe("sqlite::memory:", nullptr, -1, nullptr, e); }},
      {"transaction again: attempt",
       [&](auto e) { return dbpool_transaction_again(p, nullptr, conflict.get(), 0, &pause, e); }},
      {"query: pool",
       [](auto e) {
         return dbpool_query(nullptr, "select 1", 8, nullptr, 0, nullptr, nullptr, e);
       }},
      {"query: sql", [&](auto e) { return Query(nullptr, 0, nullptr, 0, nullptr, e); }},
      {"query: sql, to be measured",
       [&](auto e) { return Query(nullptr, DBPOOL_NTS, nullptr, 0, nullptr, e); }},
      {"query: params", [&](auto e) { return Query("select $1", 9, nullptr, 1, nullptr, e); }},
      {"transaction: pool",
       [fn](auto e) { return dbpool_transaction(nullptr, fn, nullptr, nullptr, e); }},
      {"transaction: fn",
       [p](auto e) { return dbpool_transaction(p, nullptr, nullptr, nullptr, e); }},
      {"transaction again: pool",
       [&](auto e) { return dbpool_transaction_again(nullptr, nullptr, conflict.get(), 1, &pause, e); }},
      {"transaction again: failure",
       [&](auto e) { return dbpool_transaction_again(p, nullptr, nullptr, 1, &pause, e); }},
      {"transaction again: pause_ms",
       [&](auto e) { return dbpool_transaction_again(p, nullptr, conflict.get(), 1, nullptr, e); }},
      {"describe: sql",
       [&](auto e) {
         Result described;
         return dbpool_conn_describe(conn_, nullptr, 0, described.out(), e);
       }},
      {"describe: out",
       [&](auto e) { return dbpool_conn_describe(conn_, "select 1", 8, nullptr, e); }},
      {"savepoint", [&](auto e) { return dbpool_conn_savepoint(conn_, nullptr, e); }},
      {"rollback_to", [&](auto e) { return dbpool_conn_rollback_to(conn_, nullptr, e); }},
      {"release_savepoint",
       [&](auto e) { return dbpool_conn_release_savepoint(conn_, nullptr, e); }},
      {"fetch: result", [&](auto e) { return dbpool_result_fetch(nullptr, 1, &batch, e); }},
      {"fetch: out", [&](auto e) { return dbpool_result_fetch(result.get(), 1, nullptr, e); }},
      {"next", [](auto e) { return dbpool_result_next(nullptr, e); }},
  });
  EXPECT_EQ(lease, 0u);
  EXPECT_STATUS(dbpool_stats(nullptr, nullptr), DBPOOL_ERR_INVALID);
  EXPECT_STATUS(dbpool_stats(p, nullptr), DBPOOL_ERR_INVALID);
  EXPECT_STATUS(dbpool_option_at(0, nullptr), DBPOOL_ERR_INVALID);
  EXPECT_STATUS(dbpool_error_pool_counts(nullptr, nullptr), DBPOOL_ERR_INVALID);
}

TEST_F(Misuse, EveryPoolFunctionAnswersANullPool) {
  for (const PoolCall& call : PoolCalls()) {
    EXPECT_STATUS(call.run(nullptr, nullptr), DBPOOL_ERR_INVALID) << call.name;
  }
}

TEST_F(Misuse, NullIsNothingWhereItMayBe) {
  dbpool_options_free(nullptr);
  dbpool_result_free(nullptr);
  dbpool_error_free(nullptr);
  dbpool_unref(nullptr);
  EXPECT_EQ(dbpool_ref(nullptr), nullptr);
  const auto* somewhere = reinterpret_cast<const dbpool_column*>(this);
  const dbpool_column* columns = somewhere;
  EXPECT_EQ(dbpool_result_columns(nullptr, &columns), 0u);
  EXPECT_EQ(columns, nullptr);
  columns = somewhere;
  EXPECT_EQ(dbpool_result_params(nullptr, &columns), 0u);
  EXPECT_EQ(columns, nullptr);
  EXPECT_EQ(dbpool_result_columns(nullptr, nullptr), 0u);
  EXPECT_EQ(dbpool_result_params(nullptr, nullptr), 0u);
  EXPECT_EQ(dbpool_result_affected(nullptr), 0);
  EXPECT_EQ(dbpool_result_last_insert_id(nullptr), 0);
  EXPECT_STREQ(dbpool_result_command(nullptr), "");
  EXPECT_EQ(dbpool_result_elapsed_ns(nullptr), 0);
  char text[4] = "abc";
  EXPECT_EQ(dbpool_value_format(nullptr, text, sizeof text), 0u);
  EXPECT_STREQ(text, "");
  EXPECT_EQ(dbpool_value_format(nullptr, nullptr, 0), 0u);
  EXPECT_EQ(dbpool_value_format(nullptr, nullptr, 99), 0u);
}

TEST_F(Misuse, TimeoutsBelowMinusOne) {
  dbpool* p = pool_.get();
  const auto on_pool = [](auto function, int64_t ms) {
    return [=](dbpool_error** e) { return function(ms, e); };
  };
  for (int64_t ms : {int64_t{-2}, INT64_MIN}) {
    ExpectInvalid({
        {"close", on_pool([p](int64_t t, auto e) { return dbpool_close(p, t, e); }, ms)},
        {"acquire", on_pool([p](int64_t t, auto e) {
           dbpool_conn conn = 1;
           const dbpool_status status = dbpool_acquire(p, t, &conn, e);
           EXPECT_EQ(conn, 0u);
           return status;
         }, ms)},
        {"acquire_with", on_pool([this](int64_t t, auto e) {
           return Acquire({.struct_size = sizeof(dbpool_acquire_options), .timeout_ms = t}, e);
         }, ms)},
        {"reconnect", on_pool([p](int64_t t, auto e) { return dbpool_reconnect(p, t, e); }, ms)},
        {"health", on_pool([p](int64_t t, auto e) { return dbpool_health(p, t, e); }, ms)},
        {"probe", on_pool([](int64_t t, auto e) {
           dbpool_server server = {.struct_size = sizeof server};
           return dbpool_probe("sqlite::memory:", nullptr, t, &server, e);
         }, ms)},
        {"query", on_pool([this](int64_t t, auto e) {
           const dbpool_query_options how = {.struct_size = sizeof how, .timeout_ms = t};
           return Query("select 1", DBPOOL_NTS, nullptr, 0, &how, e);
         }, ms)},
        {"begin", on_pool([this](int64_t t, auto e) {
           return Begin({.struct_size = sizeof(dbpool_tx_options), .timeout_ms = t}, e);
         }, ms)},
        {"ping", on_pool([this](int64_t t, auto e) { return dbpool_conn_ping(conn_, t, e); }, ms)},
    });
  }
  EXPECT_STATUS(dbpool_conn_ping(conn_, INT64_MAX, nullptr), DBPOOL_OK) << "the largest is fine";
}

TEST_F(Misuse, UnknownFlagsAndEnums) {
  std::vector<Wrong> table;
  for (int bit = 0; bit < 32; ++bit) {
    const uint32_t flag = uint32_t{1} << bit;
    if (bit >= 3) {
      table.push_back({"query flags", [this, flag](auto e) {
        const dbpool_query_options how = {.struct_size = sizeof how, .flags = flag};
        return Query("select 1", DBPOOL_NTS, nullptr, 0, &how, e);
      }});
      table.push_back({"tx flags", [this, flag](auto e) {
        return Begin({.struct_size = sizeof(dbpool_tx_options), .flags = flag}, e);
      }});
    }
    if (bit >= 1) {
      table.push_back({"acquire flags", [this, flag](auto e) {
        return Acquire({.struct_size = sizeof(dbpool_acquire_options), .flags = flag}, e);
      }});
    }
  }
  for (int32_t isolation : {-1, 4, INT32_MIN, INT32_MAX}) {
    table.push_back({"isolation", [this, isolation](auto e) {
      return Begin({.struct_size = sizeof(dbpool_tx_options), .isolation = isolation}, e);
    }});
  }
  for (uint32_t access : {3u, UINT32_MAX}) {
    table.push_back({"access", [this, access](auto e) {
      return Acquire({.struct_size = sizeof(dbpool_acquire_options), .access = access}, e);
    }});
  }
  for (int type : {6, 7, 127, 255}) {
    table.push_back({"type of a value", [this, type](auto e) {
      return QueryWith({.type = static_cast<uint8_t>(type)}, e);
    }});
  }
  ExpectInvalid(table);
}

TEST_F(Misuse, SizesOutOfRange) {
  dbpool* p = pool_.get();
  const std::vector<dbpool_value> many(65536);
  const std::string nul("select '\0'", 10);
  const std::string long_name(64, 'x');
  ExpectInvalid({
      {"resize to 0", [p](auto e) { return dbpool_resize(p, 0, 0, e); }},
      {"resize too far", [p](auto e) { return dbpool_resize(p, 65536, 0, e); }},
      {"resize beyond all", [p](auto e) { return dbpool_resize(p, UINT32_MAX, 1, e); }},
      {"overflow too far", [p](auto e) { return dbpool_resize(p, 1, UINT32_MAX, e); }},
      {"65536 parameters",
       [&](auto e) { return Query("select 1", 8, many.data(), many.size(), nullptr, e); }},
      {"as many as there can be",
       [&](auto e) { return Query("select 1", 8, many.data(), SIZE_MAX, nullptr, e); }},
      {"none wanted", [&](auto e) { return Query("select 1", 8, many.data(), 1, nullptr, e); }},
      {"too few", [&](auto e) { return Query("select $1, $2", 13, many.data(), 1, nullptr, e); }},
      {"longer than 2 GiB",
       [&](auto e) { return Query("select 1", SIZE_MAX / 2, nullptr, 0, nullptr, e); }},
      {"NUL in SQL", [&](auto e) { return Query(nul.data(), nul.size(), nullptr, 0, nullptr, e); }},
      {"NUL in described SQL",
       [&](auto e) {
         Result result;
         return dbpool_conn_describe(conn_, nul.data(), nul.size(), result.out(), e);
       }},
      {"text without data", [&](auto e) { return QueryWith({.size = 1, .type = DBPOOL_TEXT}, e); }},
      {"bytes without data", [&](auto e) { return QueryWith({.size = 1, .type = DBPOOL_BYTES}, e); }},
      {"nameless savepoint", [&](auto e) { return dbpool_conn_savepoint(conn_, "", e); }},
      {"long savepoint",
       [&](auto e) { return dbpool_conn_savepoint(conn_, long_name.c_str(), e); }},
      {"long rollback_to",
       [&](auto e) { return dbpool_conn_rollback_to(conn_, long_name.c_str(), e); }},
      {"long release_savepoint",
       [&](auto e) { return dbpool_conn_release_savepoint(conn_, long_name.c_str(), e); }},
  });
}

TEST_F(Misuse, EmptyTextAndBytesNeedNoData) {
  for (uint8_t type : {DBPOOL_TEXT, DBPOOL_BYTES}) {
    const dbpool_value empty = {.type = type};
    Result result;
    ASSERT_STATUS(dbpool_conn_query(conn_, "select $1", DBPOOL_NTS, &empty, 1, nullptr,
                                    result.out(), nullptr),
                  DBPOOL_OK);
    dbpool_batch batch;
    ASSERT_STATUS(result.Fetch(1, &batch), DBPOOL_OK);
    EXPECT_EQ(batch.cells[0].type, type);
    EXPECT_EQ(batch.cells[0].size, 0u);
  }
}

TEST_F(Misuse, BadUrisAndOptionsLeaveNoPool) {
  for (const char* uri : {"", "nonsense", "mysql://x/y", "sqlite::memory:?no_such=1",
                          "sqlite::memory:?pool_size=0", "postgresql://%zz/"}) {
    auto* pool = reinterpret_cast<dbpool*>(this);
    Error error;
    EXPECT_STATUS(dbpool_create(uri, nullptr, &pool, error.out()), DBPOOL_ERR_OPTION) << uri;
    EXPECT_EQ(pool, nullptr);
    EXPECT_NE(error.message(), "");
    dbpool_server server = {.struct_size = sizeof server};
    EXPECT_STATUS(dbpool_probe(uri, nullptr, -1, &server, nullptr), DBPOOL_ERR_OPTION) << uri;
  }
  auto* pool = reinterpret_cast<dbpool*>(this);
  EXPECT_STATUS(dbpool_create(nullptr, nullptr, &pool, nullptr), DBPOOL_ERR_OPTION);
  EXPECT_EQ(pool, nullptr);
}

TEST_F(Misuse, TokensThatAreNoLeases) {
  const dbpool_conn released = Borrow(pool_);
  ASSERT_STATUS(dbpool_release(released), DBPOOL_OK);
  std::vector<dbpool_conn> tokens = {0, released, 1, UINT64_MAX, conn_ ^ 1, conn_ ^ UINT64_C(1) << 63,
                                     conn_ + (UINT64_C(1) << 24), conn_ - (UINT64_C(1) << 24)};
  for (dbpool_conn slot = 0; slot < 256; ++slot) tokens.push_back(slot);  // without a generation
  std::mt19937_64 random(20261120);
  for (int i = 0; i < 1000; ++i) tokens.push_back(random());
  // The right slot with any other generation, and the right generation in any other slot.
  for (int i = 0; i < 1000; ++i) tokens.push_back((random() & ~UINT64_C(0xffffff)) | (conn_ & 0xffffff));
  for (int i = 0; i < 1000; ++i) tokens.push_back((random() & 0xffffff) | (conn_ & ~UINT64_C(0xffffff)));
  for (const dbpool_conn token : tokens) {
    if (token == conn_) continue;
    for (const LeaseCall& call : LeaseCalls()) {
      ASSERT_STATUS(call.run(token, nullptr), DBPOOL_ERR_STALE) << call.name << ' ' << token;
    }
    ASSERT_EQ(dbpool_conn_native(token), nullptr);
  }
  EXPECT_EQ(Ask(conn_, "select 1"), "1") << "the real one is untouched";
}

TEST_F(Misuse, TokensOfAPoolThatIsGone) {
  dbpool_conn orphan = 0;
  {
    Pool other = MakePool("sqlite::memory:");
    orphan = Borrow(other);
    ASSERT_STATUS(dbpool_release(orphan), DBPOOL_OK);
  }
  for (const LeaseCall& call : LeaseCalls()) {
    Error error;
    EXPECT_STATUS(call.run(orphan, error.out()), DBPOOL_ERR_STALE) << call.name;
    EXPECT_STATUS(call.run(orphan, nullptr), DBPOOL_ERR_STALE) << call.name;
  }
}

TEST_F(Misuse, ATruncatedValueIsStillTerminated) {
  const dbpool_value value = {.data = "abc", .size = 3, .type = DBPOOL_BYTES};
  const std::string whole = "\\x616263";
  for (size_t size = 0; size <= 10; ++size) {
    const std::unique_ptr<char[]> buffer(new char[size]);  // exact, so that one byte more is seen
    EXPECT_EQ(dbpool_value_format(&value, buffer.get(), size), whole.size());
    if (size > 0) {
      EXPECT_EQ(buffer.get(), whole.substr(0, size - 1));
    }
  }
}

}  // namespace
}  // namespace dbp::capi
