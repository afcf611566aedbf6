#ifndef DBP_DRIVER_PUMP_H_
#define DBP_DRIVER_PUMP_H_

#include "driver/driver.h"

namespace dbp {

/// Steps the operation under way until it is done, waiting in poll(2) on this thread. REQUIRES: it is none that
/// may want a turn.
/// Returns false if the deadline came first; the operation is then still under way.
bool Pump(Connection& connection, Deadline deadline);

/// Waits in poll(2) for what a step wants, until the deadline at most. May return early.
void AwaitSocket(int fd, Want want, Deadline deadline, Nanos now = Now());

}  // namespace dbp

#endif  // DBP_DRIVER_PUMP_H_
