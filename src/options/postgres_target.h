#ifndef DBP_OPTIONS_POSTGRES_TARGET_H_
#define DBP_OPTIONS_POSTGRES_TARGET_H_

#include "base/status.h"
#include "options/config.h"
#include "options/sources.h"

namespace dbp {

/// The address out of host, port, hostaddr, user, dbname, password and libpq's keywords. Lists go
/// together as in libpq: as many hosts as hostaddrs, and one port or one per host.
Status MakePostgresTarget(const Sources& sources, PostgresTarget* out);

}  // namespace dbp

#endif  // DBP_OPTIONS_POSTGRES_TARGET_H_
