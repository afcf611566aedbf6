#ifndef DBP_DRIVER_PUMP_H_
#define DBP_DRIVER_PUMP_H_

#include "driver/driver.h"

namespace dbp {

/// Steps the operation under way until it is done, waiting in poll(2) on this thread.
/// Returns false if the deadline came first; the operation is then still under way.
bool Pump(Connection& connection, Deadline deadline);

}  // namespace dbp

#endif  // DBP_DRIVER_PUMP_H_
