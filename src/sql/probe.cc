#include "sql/probe.h"

#include <new>

#include "pool/checks.h"
#include "pool/lease.h"
#include "pool/pool.h"

namespace dbp {

namespace {

Status Ask(dbpool_conn token, Deadline deadline, ProbeReport* out) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(token));
  DBP_RETURN_IF_ERROR(lease.connection().Inspect(deadline, &out->server));
  const Nanos began = Now();
  DBP_RETURN_IF_ERROR(Ping(lease.connection(), deadline));
  out->round_trip = Now() - began;
  return Status::Ok();
}

Status AskOne(Pool& pool, Deadline deadline, ProbeReport* out) {
  dbpool_conn token = 0;
  DBP_RETURN_IF_ERROR(pool.Acquire({.timeout = deadline.Left()}, &token));
  Status status;
  try {
    status = Ask(token, deadline, out);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
  (void)Pool::Release(token);
  return status;
}

}  // namespace

// A pool of one: so that a name server that does not answer hangs on a worker and not here.
Status Probe(Config config, Nanos timeout, ProbeReport* out) {
  config.pool_size = config.min_size = 1;
  config.max_overflow = 0;
  config.lazy = false;
  config.connect_timeout = timeout;
  config.hooks = {};
  const Nanos began = Now();
  const Deadline deadline = Deadline::After(timeout, began);
  std::unique_ptr<Driver> driver;
  DBP_RETURN_IF_ERROR(MakeDriver(config, &driver));
  std::shared_ptr<Pool> pool;
  DBP_RETURN_IF_ERROR(Pool::Create(std::move(config), std::move(driver), &pool));
  out->connect = Now() - began;
  Status status;
  try {
    status = AskOne(*pool, deadline, out);
  } catch (const std::bad_alloc&) {
    status = Status::NoMemory();
  }
  (void)pool->Close(0);
  return status;
}

}  // namespace dbp
