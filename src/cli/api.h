#ifndef DBP_CLI_API_H_
#define DBP_CLI_API_H_

// The C ABI with owners: every handle has one, and a failed call is an exception. Nothing else is
// added; what the header <dbpool/dbpool.h> says about a function holds for its wrapper.

#include <dbpool/dbpool.h>

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace dbp::cli {

/// A call that failed. Copies share the error object.
class Failure : public std::exception {
 public:
  /// Takes the error, which may be NULL (out of memory).
  Failure(dbpool_status status, dbpool_error* error)
      : status_(status), error_(error, &dbpool_error_free) {}

  dbpool_status status() const { return status_; }
  const dbpool_error* error() const { return error_.get(); }
  const char* what() const noexcept override;

 private:
  dbpool_status status_;
  std::shared_ptr<dbpool_error> error_;
};

/// Calls f(dbpool_error**) and throws what failed; returns what is not an error.
template <typename F>
dbpool_status Call(F&& f) {
  dbpool_error* error = nullptr;
  const dbpool_status status = f(&error);
  if (status < 0) throw Failure(status, error);
  return status;
}

class Options {
 public:
  Options();
  void Set(const std::string& name, const std::string& value);
  /// Reads DBPOOL_* from the environment.
  void ReadEnvironment();
  const dbpool_options* get() const { return options_.get(); }

 private:
  std::unique_ptr<dbpool_options, decltype(&dbpool_options_free)> options_;
};

class Result {
 public:
  explicit Result(dbpool_result* result) : result_(result, &dbpool_result_free) {}

  std::span<const dbpool_column> Columns() const;
  /// The next rows; false after the last. The batch lives until the next call.
  bool Fetch(dbpool_batch* batch);
  /// On to the next statement's result; false after the last.
  bool Next();
  int64_t Affected() const { return dbpool_result_affected(result_.get()); }
  const char* Command() const { return dbpool_result_command(result_.get()); }
  int64_t ElapsedNanos() const { return dbpool_result_elapsed_ns(result_.get()); }

 private:
  std::unique_ptr<dbpool_result, decltype(&dbpool_result_free)> result_;
};

class Pool {
 public:
  /// uri NULL: the options name the database.
  Pool(const char* uri, const Options& options);

  dbpool* get() const { return pool_.get(); }
  dbpool_statistics Statistics() const;
  /// One statement that gives no rows of interest.
  void Execute(const std::string& sql) const;

 private:
  std::unique_ptr<dbpool, decltype(&dbpool_unref)> pool_;
};

/// A borrowed connection.
class Lease {
 public:
  explicit Lease(const Pool& pool);
  ~Lease() { dbpool_release(conn_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  dbpool_conn get() const { return conn_; }
  Result Query(const std::string& sql, std::span<const dbpool_value> params,
               uint32_t flags = 0) const;

 private:
  dbpool_conn conn_ = 0;
};

/// A number as a parameter.
dbpool_value IntegerValue(int64_t number);

}  // namespace dbp::cli

#endif  // DBP_CLI_API_H_
