#ifndef DBP_SQL_RESULT_H_
#define DBP_SQL_RESULT_H_

#include <dbpool/types.h>

#include <memory>

#include "base/status.h"
#include "driver/driver.h"
#include "sql/work.h"

namespace dbp {

/// What the ABI calls dbpool_result: the rows of a statement, and for a streamed one the way back to the
/// connection they come from. Buffered rows need no connection.
class Result {
 public:
  /// Where a streamed result gets its rows.
  struct Source {
    dbpool_conn lease = 0;         ///< 0: buffered
    bool release_at_end = false;   ///< a one-shot's: the lease is ours
    Nanos fetch_timeout = kForever;  ///< bounds each wait for the server
    bool on_loop = false;  ///< who frees it must not wait, if that can be helped
  };
  Result(std::unique_ptr<Rows> rows, Nanos elapsed, Source source);
  ~Result();
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;

  const Rows& rows() const { return *rows_; }
  /// A stream that is not at its end.
  bool keeps_lease() const { return source_.lease != 0; }
  Nanos elapsed() const { return elapsed_; }

  /// DBPOOL_DONE with an empty batch after the last row.
  Status Fetch(uint32_t max_rows, Rows::Batch* out);
  /// The same, but DBPOOL_PENDING if the server must be asked: by FetchMore() and Fetched().
  Status FetchNow(uint32_t max_rows, Rows::Batch* out);
  std::unique_ptr<Work> FetchMore(uint32_t max_rows);
  Status Fetched(Status asked, uint32_t max_rows, Rows::Batch* out);
  const Source& source() const { return source_; }

  /// On to the next statement's result; DBPOOL_DONE after the last.
  Status Next();

 private:
  Status Ask(uint32_t max_rows);
  Status Keep(Status status);
  Status Taken(const Rows::Batch& batch);
  void EndStream();

  std::unique_ptr<Rows> rows_;
  const Nanos elapsed_;
  Source source_;
  Status failure_;  ///< of an earlier fetch; a broken stream stays broken
};

}  // namespace dbp

#endif  // DBP_SQL_RESULT_H_
