#ifndef DBP_SQL_CONNECTION_H_
#define DBP_SQL_CONNECTION_H_

#include <optional>
#include <string_view>

#include "driver/driver.h"
#include "pool/pool.h"
#include "sql/result.h"
#include "sql/work.h"

namespace dbp {

/// Runs a statement on a lease. timeout: kDefaultTimeout is the pool's query_timeout.
Status RunQuery(dbpool_conn token, const Query& query, Nanos timeout, std::optional<Result>* out);

/// Acquire, run, release; a streamed result keeps the lease until its end. A timeout covers it all. Tried
/// once more on another connection if the first was lost before anything was sent, or the query only reads.
Status RunOneShot(Pool& pool, const Query& query, Nanos timeout, std::optional<Result>* out);

/// Whether a one-shot that ended so is tried on another connection.
bool MayRunAgain(const Status& status, bool read_only);
/// Where the result of a query that succeeded gets more rows from.
Result::Source SourceOf(const Lease& lease, bool release_at_end, Nanos timeout);

Status Describe(dbpool_conn token, std::string_view sql, std::optional<Result>* out);
Status PingLease(dbpool_conn token, Nanos timeout);
/// NULL for anything but a good lease.
void* NativeHandle(dbpool_conn token);

}  // namespace dbp

#endif  // DBP_SQL_CONNECTION_H_
