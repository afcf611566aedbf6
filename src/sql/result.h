#ifndef DBP_SQL_RESULT_H_
#define DBP_SQL_RESULT_H_

#include <dbpool/types.h>

#include <memory>

#include "base/status.h"
#include "driver/driver.h"

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
  /// On to the next statement's result; DBPOOL_DONE after the last.
  Status Next();

 private:
  Status FetchFromStream(uint32_t max_rows, Rows::Batch* out);
  void EndStream();

  std::unique_ptr<Rows> rows_;
  const Nanos elapsed_;
  Source source_;
  Status failure_;  ///< of an earlier fetch; a broken stream stays broken
};

}  // namespace dbp

#endif  // DBP_SQL_RESULT_H_
