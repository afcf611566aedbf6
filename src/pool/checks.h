#ifndef DBP_POOL_CHECKS_H_
#define DBP_POOL_CHECKS_H_

#include "driver/driver.h"
#include "pool/slot.h"

namespace dbp {

/// One round trip, for which there are 50 ms at least: impatience shall not cost a healthy connection. If the
/// deadline passes first the connection is aborted: its answer would come at the wrong time.
Status Ping(Connection& connection, Deadline deadline);

/// Waits for the reset under way, if there is one. DBPOOL_ERR_TIMEOUT with slot.reset_by still set: the
/// caller's deadline came first and the reset may yet succeed. Otherwise a failure ends the connection.
Status FinishReset(Slot& slot, Deadline deadline);

/// Whether an idle connection's socket has something to say: an end of the connection, or a notice. One
/// system call, no round trip; false for a driver without a socket.
bool SocketIsReadable(const Connection& connection);

}  // namespace dbp

#endif  // DBP_POOL_CHECKS_H_
