#ifndef DBP_DRIVER_POSTGRES_DRIVER_H_
#define DBP_DRIVER_POSTGRES_DRIVER_H_

#include <memory>

#include "driver/driver.h"

namespace dbp {

Status MakePostgresDriver(const Config& config, std::unique_ptr<Driver>* out);

}  // namespace dbp

#endif  // DBP_DRIVER_POSTGRES_DRIVER_H_
