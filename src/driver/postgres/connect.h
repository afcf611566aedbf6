#ifndef DBP_DRIVER_POSTGRES_CONNECT_H_
#define DBP_DRIVER_POSTGRES_CONNECT_H_

#include <atomic>
#include <memory>

#include "driver/postgres/connection.h"

namespace dbp::postgres {

/// Opens a session on one of the hosts and sets it up. See Driver::Connect().
Status ConnectToAny(const std::shared_ptr<const Config>& config, Deadline deadline,
                    const std::atomic<bool>* abandoned, std::unique_ptr<Connection>* out);

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_CONNECT_H_
