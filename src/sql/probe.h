#ifndef DBP_SQL_PROBE_H_
#define DBP_SQL_PROBE_H_

#include "driver/driver.h"
#include "options/config.h"

namespace dbp {

struct ProbeReport {
  ServerInfo server;
  Nanos connect = 0;
  Nanos round_trip = 0;
};

/// One connection: opened, asked who it is, closed.
Status Probe(Config config, Nanos timeout, ProbeReport* out);

}  // namespace dbp

#endif  // DBP_SQL_PROBE_H_
