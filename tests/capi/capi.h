#ifndef DBP_TESTS_CAPI_CAPI_H_
#define DBP_TESTS_CAPI_CAPI_H_

#include <dbpool/dbpool.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/testing.h"

// The ABI as a C program calls it, argument for argument, with owners for what must be freed.

namespace dbp::capi {

template <auto Free>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Pool = std::unique_ptr<dbpool, FreeBy<dbpool_unref>>;
using Options = std::unique_ptr<dbpool_options, FreeBy<dbpool_options_free>>;

/// A place for a dbpool_error *.
class Error {
 public:
  Error() = default;
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() { dbpool_error_free(raw_); }
  dbpool_error** out() {
    dbpool_error_free(std::exchange(raw_, nullptr));
    return &raw_;
  }
  dbpool_error* get() const { return raw_; }
  std::string message() const { return dbpool_error_message(raw_); }
  std::string sqlstate() const { return dbpool_error_sqlstate(raw_); }
  bool has(uint32_t flag) const { return dbpool_error_flags(raw_) & flag; }

 private:
  dbpool_error* raw_ = nullptr;
};

/// A place for a dbpool_result *.
class Result {
 public:
  Result() = default;
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result() { Free(); }
  dbpool_result** out() {
    Free();
    return &raw_;
  }
  dbpool_result* get() const { return raw_; }
  void Free() { dbpool_result_free(std::exchange(raw_, nullptr)); }
  dbpool_status Fetch(uint32_t max, dbpool_batch* batch, dbpool_error** error = nullptr) {
    *batch = {.struct_size = sizeof *batch};
    return dbpool_result_fetch(raw_, max, batch, error);
  }

 private:
  dbpool_result* raw_ = nullptr;
};

/// A status as its name, so that a failed comparison can be read.
struct Named {
  dbpool_status status;
  friend bool operator==(Named a, Named b) { return a.status == b.status; }
  friend void PrintTo(Named named, std::ostream* out) { *out << dbpool_status_name(named.status); }
};
#define EXPECT_STATUS(call, wanted) EXPECT_EQ(::dbp::capi::Named{call}, ::dbp::capi::Named{wanted})
#define ASSERT_STATUS(call, wanted) ASSERT_EQ(::dbp::capi::Named{call}, ::dbp::capi::Named{wanted})

using Settings = std::vector<std::pair<std::string, std::string>>;
Options MakeOptions(const Settings& settings);
Pool MakePool(const std::string& uri, const Settings& settings = {});
dbpool_conn Borrow(const Pool& pool);
dbpool_statistics Stats(const Pool& pool);

dbpool_status Execute(dbpool_conn conn, const std::string& sql, dbpool_error** error = nullptr);
dbpool_status Stream(dbpool_conn conn, const std::string& sql, Result* out);
/// The first cell as text, or the name of the status.
std::string Ask(dbpool_conn conn, const std::string& sql);
std::string Ask(const Pool& pool, const std::string& sql);

/// 1 to `last`, one row each, on every database.
std::string Numbers(int last);

/// One call of the ABI on a pool or a lease, with arguments that are right.
struct PoolCall {
  const char* name;
  std::function<dbpool_status(dbpool*, dbpool_error**)> run;
};
struct LeaseCall {
  const char* name;
  std::function<dbpool_status(dbpool_conn, dbpool_error**)> run;
};
/// Every function of the ABI that takes a pool (without ref and unref), or works on a lease's connection.
const std::vector<PoolCall>& PoolCalls();
const std::vector<LeaseCall>& LeaseCalls();

/// A test on each database there is: SQLite in memory and in a file, PostgreSQL.
class EveryDatabase : public testing::TestWithParam<std::string> {
 protected:
  bool postgres() const { return GetParam() == "postgres"; }
  std::string uri() const;
  Pool Make(const Settings& settings = {}) const { return MakePool(uri(), settings); }

  TempDir dir_;
};
std::vector<std::string> Databases();
#define DBP_ON_EVERY_DATABASE(suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::ValuesIn(::dbp::capi::Databases()), \
                           [](const auto& tested) { return tested.param; })

/// Runs body in a forked child; what it returns, 0 to 99, is the answer; 100 and more: it did not end so.
int InChild(const std::function<int()>& body);

}  // namespace dbp::capi

#endif  // DBP_TESTS_CAPI_CAPI_H_
