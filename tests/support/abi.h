#ifndef DBP_TESTS_SUPPORT_ABI_H_
#define DBP_TESTS_SUPPORT_ABI_H_

#include <dbpool/dbpool.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

// The C ABI with owners around its handles, for suites that see the shared library alone. It adds
// no behaviour: each function is one call, but for Ask(), which reads the first cell.

namespace dbp::abi {

/// A dbpool_error, copied and freed.
struct Error {
  dbpool_status code = DBPOOL_OK;
  std::string sqlstate, message, detail, hint, cause;
  std::array<std::string, DBPOOL_FIELD_ROUTINE + 1> field;  ///< by DBPOOL_FIELD_*
  uint32_t phase = 0, flags = 0;
  int32_t position = 0;

  bool ok() const { return code >= 0; }
  bool has(uint32_t flag) const { return (flags & flag) != 0; }
  /// "DBPOOL_ERR_SQL 42601: message (cause: ...)"
  std::string Describe() const;
  /// Every text it holds, to search for what must not be there.
  std::string AllTexts() const;
};

/// Takes the error that came with a status.
Error Take(dbpool_status status, dbpool_error* error);

testing::AssertionResult Ok(const Error& error);
testing::AssertionResult Is(const Error& error, dbpool_status code, const std::string& state = "");

using Settings = std::vector<std::pair<std::string, std::string>>;
using Params = std::vector<dbpool_value>;

dbpool_value Null();
dbpool_value Bool(bool value);
dbpool_value Int(int64_t value);
dbpool_value Float(double value);
dbpool_value Text(const std::string& text);  ///< must outlive the value, as below
dbpool_value Bytes(const std::string& bytes);

std::string Format(const dbpool_value& value);  ///< "(null)" for NULL

class Result {
 public:
  Result() = default;
  Result(Result&& other) noexcept { *this = std::move(other); }
  Result& operator=(Result&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Result() { Free(); }

  dbpool_result* get() const { return raw_; }
  dbpool_result** out() {
    Free();
    return &raw_;
  }
  void Free();

  std::vector<dbpool_column> columns() const;
  Error Fetch(uint32_t max, dbpool_batch* batch);
  /// All rows that are left, as text.
  std::vector<std::vector<std::string>> Rows();

 private:
  dbpool_result* raw_ = nullptr;
};

struct QueryHow {
  int64_t timeout_ms = -1;
  uint32_t flags = 0;
};

class Pool {
 public:
  Pool() = default;
  /// Fails the test if there is none.
  explicit Pool(const std::string& uri, const Settings& settings = {});
  Pool(Pool&& other) noexcept { std::swap(raw_, other.raw_); }
  Pool& operator=(Pool&&) = delete;
  ~Pool() { dbpool_unref(raw_); }

  Error Create(const std::string& uri, const Settings& settings = {});
  dbpool* get() const { return raw_; }
  explicit operator bool() const { return raw_ != nullptr; }

  Error Run(const std::string& sql, const Params& params = {}, QueryHow how = {},
            Result* out = nullptr);
  /// The first cell as text; "(no row)", or the error's description.
  std::string Ask(const std::string& sql, const Params& params = {});
  dbpool_statistics Stats() const;
  Error Close(int64_t timeout_ms);
  void Drop();  ///< gives the reference back

 private:
  dbpool* raw_ = nullptr;
};

/// A lease, released with its owner.
class Lease {
 public:
  Lease() = default;
  /// Fails the test if there is none.
  explicit Lease(const Pool& pool, uint32_t access = DBPOOL_ACCESS_DEFAULT);
  Lease(Lease&& other) noexcept : token_(std::exchange(other.token_, 0)) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease() { Release(); }

  Error Acquire(const Pool& pool, int64_t timeout_ms = -1, uint32_t access = DBPOOL_ACCESS_DEFAULT);
  dbpool_status Release();
  dbpool_conn token() const { return token_; }

  Error Run(const std::string& sql, const Params& params = {}, QueryHow how = {},
            Result* out = nullptr) const;
  std::string Ask(const std::string& sql, const Params& params = {}) const;
  Error Begin(uint32_t flags = 0, int32_t isolation = DBPOOL_ISOLATION_DEFAULT,
              int64_t timeout_ms = -1) const;
  Error Commit() const;
  Error Rollback() const;
  Error Cancel() const;
  Error Ping(int64_t timeout_ms = -1) const;

 private:
  dbpool_conn token_ = 0;
};

}  // namespace dbp::abi

#endif  // DBP_TESTS_SUPPORT_ABI_H_
