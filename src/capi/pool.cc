#include <cstdio>
#include <string>

#include "capi/guard.h"
#include "capi/handles.h"
#include "sql/connection.h"
#include "sql/probe.h"

using dbp::Guarded;
using dbp::Nanos;
using dbp::NullArgument;
using dbp::ReadTimeout;
using dbp::Status;

using dbp::ResolveConfig;
using dbp::Usable;

namespace dbp {

Status Usable(const dbpool* pool) {
  if (!pool) return NullArgument("pool");
  return pool->pool->forked() ? Forked() : Status::Ok();
}

Status ResolveConfig(const char* uri, const dbpool_options* options, Config* out) {
  return Resolve(uri, options ? &options->options : nullptr, out);
}

Status ReadAcquireOptions(const dbpool& pool, const dbpool_acquire_options* options,
                          AcquireRequest* out) {
  dbpool_acquire_options given;
  DBP_RETURN_IF_ERROR(ReadStruct(options, &given));
  if (given.access > DBPOOL_ACCESS_WRITE) return Status::Invalid("unknown access");
  if (given.flags & ~uint32_t{DBPOOL_ACQUIRE_NO_WAIT}) return Status::Invalid("unknown flags");
  *out = {.access = given.access, .tag = given.tag};
  DBP_RETURN_IF_ERROR(
      ReadTimeoutOption(given.timeout_ms, pool.pool->config().acquire_timeout, &out->timeout));
  if (given.flags & DBPOOL_ACQUIRE_NO_WAIT) out->timeout = 0;
  return Status::Ok();
}

}  // namespace dbp

namespace {

constexpr uint32_t kMostConnections = 10'000;

template <size_t kSize>
void Copy(const std::string& from, char (&to)[kSize]) {
  std::snprintf(to, kSize, "%s", from.c_str());
}

dbpool_server ToAbi(const dbp::ProbeReport& report) {
  dbpool_server server = {};
  Copy(report.server.product, server.product);
  Copy(report.server.version, server.version);
  Copy(report.server.database, server.database);
  Copy(report.server.user, server.user);
  Copy(report.server.tls, server.tls);
  server.read_only = report.server.read_only;
  server.in_recovery = report.server.in_recovery;
  server.max_connections = report.server.max_connections;
  server.sessions = report.server.sessions;
  server.connect_ns = report.connect;
  server.round_trip_ns = report.round_trip;
  return server;
}

}  // namespace

extern "C" {

uint32_t dbpool_version(void) {
  return DBPOOL_VERSION_MAJOR << 16 | DBPOOL_VERSION_MINOR << 8 | DBPOOL_VERSION_PATCH;
}

dbpool_status dbpool_create(const char* uri, const dbpool_options* options, dbpool** out,
                            dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    dbp::Config config;
    DBP_RETURN_IF_ERROR(ResolveConfig(uri, options, &config));
    std::unique_ptr<dbp::Driver> driver;
    DBP_RETURN_IF_ERROR(dbp::MakeDriver(config, &driver));
    auto handle = std::make_unique<dbpool>();
    DBP_RETURN_IF_ERROR(dbp::Pool::Create(std::move(config), std::move(driver), &handle->pool));
    *out = handle.release();
    return Status::Ok();
  });
}

dbpool* dbpool_ref(dbpool* pool) {
  if (pool) pool->references.Add();
  return pool;
}

void dbpool_unref(dbpool* pool) {
  if (!pool || !pool->references.Drop()) return;
  if (pool->pool->forked()) return;  // the parent's: left alone, memory and all
  dbpool_close(pool, 0, nullptr);
  delete pool;
}

dbpool_status dbpool_close(dbpool* pool, int64_t timeout_ms, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    DBP_RETURN_IF_ERROR(Usable(pool));
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(ReadTimeout(timeout_ms, pool->pool->config().acquire_timeout, &timeout));
    return pool->pool->Close(timeout);
  });
}

dbpool_status dbpool_acquire(dbpool* pool, int64_t timeout_ms, dbpool_conn* out,
                             dbpool_error** error) {
  if (out) *out = 0;
  if (out && pool && timeout_ms >= -1 && !pool->pool->forked() &&
      pool->pool->AcquireIdle(out) == dbp::Pool::Idle::kTaken) {
    return DBPOOL_OK;
  }
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    DBP_RETURN_IF_ERROR(Usable(pool));
    dbp::AcquireRequest request;
    DBP_RETURN_IF_ERROR(
        ReadTimeout(timeout_ms, pool->pool->config().acquire_timeout, &request.timeout));
    return pool->pool->Acquire(request, out);
  });
}

dbpool_status dbpool_acquire_with(dbpool* pool, const dbpool_acquire_options* options,
                                  dbpool_conn* out, dbpool_error** error) {
  if (out) *out = 0;
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    DBP_RETURN_IF_ERROR(Usable(pool));
    dbp::AcquireRequest request;
    DBP_RETURN_IF_ERROR(dbp::ReadAcquireOptions(*pool, options, &request));
    return pool->pool->Acquire(request, out);
  });
}

dbpool_status dbpool_release(dbpool_conn conn) {
  return Guarded(nullptr, [&] { return dbp::Pool::Release(conn); });
}

dbpool_status dbpool_stats(dbpool* pool, dbpool_statistics* out) {
  return Guarded(nullptr, [&]() -> Status {
    DBP_RETURN_IF_ERROR(Usable(pool));
    dbpool_statistics statistics = {};
    pool->pool->Stats(&statistics);
    return dbp::WriteStruct(statistics, out);
  });
}

dbpool_status dbpool_invalidate(dbpool* pool, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    DBP_RETURN_IF_ERROR(Usable(pool));
    return pool->pool->Invalidate();
  });
}

dbpool_status dbpool_reconnect(dbpool* pool, int64_t timeout_ms, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    DBP_RETURN_IF_ERROR(Usable(pool));
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(ReadTimeout(timeout_ms, pool->pool->config().connect_timeout, &timeout));
    return pool->pool->Reconnect(timeout);
  });
}

dbpool_status dbpool_resize(dbpool* pool, uint32_t pool_size, uint32_t max_overflow,
                            dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    DBP_RETURN_IF_ERROR(Usable(pool));
    if (pool_size < 1 || pool_size > kMostConnections || max_overflow > kMostConnections) {
      return Status::Invalid("pool_size is 1 to 10000, max_overflow 0 to 10000");
    }
    return pool->pool->Resize(pool_size, max_overflow);
  });
}

dbpool_status dbpool_health(dbpool* pool, int64_t timeout_ms, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    DBP_RETURN_IF_ERROR(Usable(pool));
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(ReadTimeout(timeout_ms, pool->pool->config().acquire_timeout, &timeout));
    return pool->pool->Health(timeout);
  });
}

dbpool_status dbpool_probe(const char* uri, const dbpool_options* options, int64_t timeout_ms,
                           dbpool_server* out, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    DBP_RETURN_IF_ERROR(dbp::WriteStruct(dbpool_server{}, out));
    dbp::Config config;
    DBP_RETURN_IF_ERROR(ResolveConfig(uri, options, &config));
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(ReadTimeout(timeout_ms, config.connect_timeout, &timeout));
    dbp::ProbeReport report;
    DBP_RETURN_IF_ERROR(dbp::Probe(std::move(config), timeout, &report));
    return dbp::WriteStruct(ToAbi(report), out);
  });
}

}  // extern "C"
