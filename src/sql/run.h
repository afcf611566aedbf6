#ifndef DBP_SQL_RUN_H_
#define DBP_SQL_RUN_H_

#include <memory>

#include "driver/driver.h"
#include "pool/lease.h"

namespace dbp {

/// Drives the operation under way on the lease to its end. At the deadline it is cancelled; if the
/// database does not answer to that within a moment, the connection is given up. Either way the caller
/// has DBPOOL_ERR_TIMEOUT soon after its deadline. No cancel request is in flight afterwards, so none
/// can hit the next statement of the lease.
Status Run(Lease& lease, Deadline deadline, std::unique_ptr<Rows>* rows);

/// Runs SQL of our own that gives no rows worth reading.
Status Execute(Lease& lease, std::string_view sql, Deadline deadline);

/// DBPOOL_ERR_BUSY if a streamed result of the lease is still open.
Status NoOpenStream(const Lease& lease);

}  // namespace dbp

#endif  // DBP_SQL_RUN_H_
