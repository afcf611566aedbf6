#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "tests/capi/capi.h"

// Structs of older and newer programs: shorter and longer than ours. Each is a heap block of just the size
// it claims, so that a byte too far is seen by a sanitizer, and by malloc's own guards here.

namespace dbp::capi {
namespace {

/// A struct of `size` bytes that begins like T; what is beyond T is `fill`.
template <class T>
class Sized {
 public:
  explicit Sized(size_t size, const T& value = {}, int fill = 0xa5)
      : memory_(static_cast<unsigned char*>(std::malloc(std::max(size, sizeof(size_t))))), size_(size) {
    std::memset(memory_, fill, std::max(size, sizeof(size_t)));
    std::memcpy(memory_, &value, std::min(size, sizeof value));
    std::memcpy(memory_, &size, sizeof size);
  }
  ~Sized() { std::free(memory_); }
  Sized(const Sized&) = delete;
  Sized& operator=(const Sized&) = delete;

  T* get() { return reinterpret_cast<T*>(memory_); }
  size_t claimed() const {
    size_t size = 0;
    std::memcpy(&size, memory_, sizeof size);
    return size;
  }
  bool ZeroFrom(size_t from) const {
    for (size_t i = from; i < size_; ++i) {
      if (memory_[i] != 0) return false;
    }
    return true;
  }

 private:
  unsigned char* memory_;
  size_t size_;
};

/// Sizes from nothing to far more than ours.
template <class T>
std::vector<size_t> Sizes() {
  std::vector<size_t> sizes;
  for (size_t size = 0; size <= sizeof(T); ++size) sizes.push_back(size);
  for (size_t more : {1, 7, 8, 64, 4096}) sizes.push_back(sizeof(T) + more);
  return sizes;
}
constexpr size_t kLeast = sizeof(size_t);

/// A struct the library fills: too small is INVALID, else `good`, and the size stays the caller's.
template <class T>
void ExpectFilled(const std::function<dbpool_status(T*)>& call, dbpool_status good = DBPOOL_OK) {
  for (const size_t size : Sizes<T>()) {
    SCOPED_TRACE(size);
    Sized<T> out(size);
    EXPECT_STATUS(call(out.get()), size < kLeast ? DBPOOL_ERR_INVALID : good);
    EXPECT_EQ(out.claimed(), size);
    if (size > sizeof(T)) {
      EXPECT_TRUE(out.ZeroFrom(sizeof(T)));
    }
  }
}

/// A struct the library reads; what `value` lacks in it is zero.
template <class T>
void ExpectRead(const T& value, const std::function<dbpool_status(const T*)>& call) {
  for (const size_t size : Sizes<T>()) {
    SCOPED_TRACE(size);
    Sized<T> given(size, value);
    EXPECT_STATUS(call(given.get()), size < kLeast ? DBPOOL_ERR_INVALID : DBPOOL_OK);
  }
}

TEST(StructSize, OfWhatTheLibraryFills) {
  const Pool pool = MakePool("sqlite::memory:");
  const dbpool_conn conn = Borrow(pool);
  ExpectFilled<dbpool_statistics>([&](auto* out) { return dbpool_stats(pool.get(), out); });
  ExpectFilled<dbpool_option>([](auto* out) { return dbpool_option_at(0, out); });
  ExpectFilled<dbpool_option>([](auto* out) { return dbpool_option_at(9999, out); }, DBPOOL_DONE);
  ExpectFilled<dbpool_error_counts>(
      [](auto* out) { return dbpool_error_pool_counts(nullptr, out); }, DBPOOL_DONE);
  Result result;
  ASSERT_STATUS(dbpool_conn_query(conn, Numbers(1000).c_str(), DBPOOL_NTS, nullptr, 0, nullptr,
                                  result.out(), nullptr),
                DBPOOL_OK);
  ExpectFilled<dbpool_batch>(
      [&](auto* out) { return dbpool_result_fetch(result.get(), 1, out, nullptr); });
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST(StructSize, OfAServersReport) {
  for (const size_t size : {kLeast, kLeast + 1, sizeof(dbpool_server) - 8, sizeof(dbpool_server),
                            sizeof(dbpool_server) + 100}) {
    Sized<dbpool_server> server(size);
    EXPECT_STATUS(dbpool_probe("sqlite::memory:", nullptr, -1, server.get(), nullptr), DBPOOL_OK);
    EXPECT_EQ(server.claimed(), size);
  }
  for (size_t size = 0; size < kLeast; ++size) {
    Sized<dbpool_server> server(size);
    EXPECT_STATUS(dbpool_probe("sqlite::memory:", nullptr, -1, server.get(), nullptr),
                  DBPOOL_ERR_INVALID);
  }
}

TEST(StructSize, OfWhatTheLibraryReads) {
  const Pool pool = MakePool("sqlite::memory:");
  const dbpool_conn conn = Borrow(pool);
  const Options options(dbpool_options_new());
  ExpectRead<dbpool_query_options>({}, [&](const auto* how) {
    return dbpool_conn_query(conn, "select 1", DBPOOL_NTS, nullptr, 0, how, nullptr, nullptr);
  });
  ExpectRead<dbpool_query_options>({}, [&](const auto* how) {
    return dbpool_query(pool.get(), "select 1", DBPOOL_NTS, nullptr, 0, how, nullptr, nullptr);
  });
  ExpectRead<dbpool_tx_options>({}, [&](const auto* how) {
    const dbpool_status status = dbpool_conn_begin(conn, how, nullptr);
    if (status == DBPOOL_OK) {
      EXPECT_STATUS(dbpool_conn_rollback(conn, nullptr), DBPOOL_OK);
    }
    return status;
  });
  ExpectRead<dbpool_tx_options>({}, [&](const auto* how) {
    const auto fn = [](void*, dbpool_conn, dbpool_error**) { return dbpool_status{DBPOOL_OK}; };
    return dbpool_transaction(pool.get(), fn, nullptr, how, nullptr);
  });
  ExpectRead<dbpool_acquire_options>({}, [&](const auto* how) {
    dbpool_conn got = 0;
    const dbpool_status status = dbpool_acquire_with(pool.get(), how, &got, nullptr);
    dbpool_release(got);
    return status;
  });
  ExpectRead<dbpool_hooks>({}, [&](const auto* hooks) {
    return dbpool_options_set_hooks(options.get(), hooks, nullptr);
  });
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

// The rest of these is what programs of before a field was added see.

TEST(StructSize, AnOldProgramSeesTheStatisticsItKnows) {
  const Pool pool = MakePool("sqlite::memory:?pool_size=3&max_overflow=4");
  const dbpool_conn conn = Borrow(pool);
  const size_t old_size = offsetof(dbpool_statistics, refused);
  Sized<dbpool_statistics> old(old_size);
  ASSERT_STATUS(dbpool_stats(pool.get(), old.get()), DBPOOL_OK);
  EXPECT_EQ(old.get()->limit, 7u);
  EXPECT_EQ(old.get()->leased, 1u);
  EXPECT_EQ(old.get()->acquired, 1u);
  EXPECT_EQ(old.get()->open_failed, 0u);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST(StructSize, WhatAnOldProgramDoesNotSetIsTheDefault) {
  const Pool pool = MakePool("sqlite::memory:");
  // max_attempts and timeout_ms came later than flags.
  Sized<dbpool_tx_options> tx(offsetof(dbpool_tx_options, timeout_ms), {.flags = DBPOOL_TX_READ_ONLY});
  const dbpool_conn conn = Borrow(pool);
  ASSERT_STATUS(dbpool_conn_begin(conn, tx.get(), nullptr), DBPOOL_OK);
  EXPECT_STATUS(Execute(conn, "create table t (x)"), DBPOOL_ERR_SQL) << "the flag was read";
  EXPECT_STATUS(dbpool_conn_rollback(conn, nullptr), DBPOOL_OK);
  // Flags came later than timeout_ms.
  Sized<dbpool_query_options> query(offsetof(dbpool_query_options, flags), {.timeout_ms = 60'000});
  EXPECT_STATUS(dbpool_conn_query(conn, "create table t (x)", DBPOOL_NTS, nullptr, 0, query.get(),
                                  nullptr, nullptr),
                DBPOOL_OK);
  EXPECT_STATUS(dbpool_release(conn), DBPOOL_OK);
}

TEST(StructSize, ABatchOfAnOldProgramHasItsCounts) {
  const Pool pool = MakePool("sqlite::memory:");
  Result result;
  ASSERT_STATUS(dbpool_query(pool.get(), "select 1, 2", DBPOOL_NTS, nullptr, 0, nullptr,
                             result.out(), nullptr),
                DBPOOL_OK);
  Sized<dbpool_batch> batch(offsetof(dbpool_batch, cells));
  ASSERT_STATUS(dbpool_result_fetch(result.get(), 9, batch.get(), nullptr), DBPOOL_OK);
  EXPECT_EQ(batch.get()->row_count, 1u);
  EXPECT_EQ(batch.get()->column_count, 2u);
}

TEST(StructSize, AFailureLeavesTheBatchEmpty) {
  Sized<dbpool_batch> batch(sizeof(dbpool_batch));
  EXPECT_STATUS(dbpool_result_fetch(nullptr, 1, batch.get(), nullptr), DBPOOL_ERR_INVALID);
  EXPECT_TRUE(batch.ZeroFrom(sizeof(size_t)));
}

}  // namespace
}  // namespace dbp::capi
