#ifndef DBP_POOL_CHECKS_H_
#define DBP_POOL_CHECKS_H_

#include "driver/driver.h"
#include "pool/slot.h"

namespace dbp {

/// One round trip. If the deadline passes first the connection is aborted: its answer would come at the wrong time.
Status Ping(Connection& connection, Deadline deadline);

// The same for who must not wait: begin, then step the connection until it is done or the deadline has passed.

/// The deadline as it is kept: there are 50 ms at least, impatience shall not cost a healthy connection.
Deadline BeginPing(Connection& connection, Deadline deadline);
Status PingOutcome(Connection& connection);
Status PingIsLate(Connection& connection);

/// Waits for the reset under way, if there is one. DBPOOL_ERR_TIMEOUT with slot.reset_by still set: the
/// caller's deadline came first and the reset may yet succeed. Otherwise a failure ends the connection.
Status FinishReset(Slot& slot, Deadline deadline);
/// What the reset, stepped to its end, came to.
Status ResetOutcome(Slot& slot);
/// A deadline has passed: the caller's, or that of the reset.
Status ResetIsLate(Slot& slot);

}  // namespace dbp

#endif  // DBP_POOL_CHECKS_H_
