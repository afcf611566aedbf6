#include "capi/query.h"

#include "capi/handles.h"
#include "sql/connection.h"
#include "sql/transaction.h"

namespace dbp {

namespace {

constexpr size_t kMostParams = 65535;  // the PostgreSQL protocol counts them in 16 bits

}  // namespace

Status QueryArguments::Read(const char* sql, size_t sql_size, const dbpool_value* params,
                            size_t param_count, const dbpool_query_options* options) {
  DBP_RETURN_IF_ERROR(ReadSql(sql, sql_size, &query.sql));
  if (param_count > kMostParams) return Status::Invalid("more than 65535 parameters");
  if (!params && param_count > 0) return NullArgument("params");
  query.params = {params, param_count};
  // What a parameter may hold is the driver's to say.
  dbpool_query_options given;
  DBP_RETURN_IF_ERROR(ReadStruct(options, &given));
  constexpr uint32_t kKnown = DBPOOL_QUERY_STREAM | DBPOOL_QUERY_READ_ONLY | DBPOOL_QUERY_ALONE;
  if (given.flags & ~kKnown) return Status::Invalid("unknown flags in the query options");
  query.stream = given.flags & DBPOOL_QUERY_STREAM;
  query.read_only = given.flags & DBPOOL_QUERY_READ_ONLY;
  alone = given.flags & DBPOOL_QUERY_ALONE;
  return ReadTimeoutOption(given.timeout_ms, kDefaultTimeout, &timeout);
}

Status ReadTxOptions(const dbpool_tx_options* options, dbpool_tx_options* out, Nanos* timeout) {
  DBP_RETURN_IF_ERROR(ReadStruct(options, out));
  if (out->isolation < DBPOOL_ISOLATION_DEFAULT || out->isolation > DBPOOL_ISOLATION_SERIALIZABLE) {
    return Status::Invalid("unknown isolation");
  }
  if (out->flags & ~uint32_t{DBPOOL_TX_READ_ONLY | DBPOOL_TX_DEFERRABLE}) {
    return Status::Invalid("unknown flags in the transaction options");
  }
  return ReadTimeoutOption(out->timeout_ms, kDefaultTimeout, timeout);
}

namespace {

/// Makes room for the result before anything runs, so that no result is lost for want of memory.
template <class Run>
Status WithResult(dbpool_result** out, Run run) {
  auto handle = std::make_unique<dbpool_result>();
  DBP_RETURN_IF_ERROR(run(&handle->result));
  if (out) *out = handle.release();
  return Status::Ok();
}

Status NamedSavepoint(dbpool_conn conn, SavepointVerb verb, const char* name) {
  if (!name) return NullArgument("name");
  return Savepoint(conn, verb, name);
}

/// The caller's function as the sql room wants it.
TransactionBody Body(dbpool_transaction_fn fn, void* user_data) {
  return [=](dbpool_conn conn) -> Status {
    dbpool_error* error = nullptr;
    const dbpool_status code = fn(user_data, conn, &error);
    std::unique_ptr<dbpool_error> owned(error);
    if (code == DBPOOL_OK || !owned || !owned->info) return Status::Bare(code);
    return Status::FromInfo(code, std::move(owned->info));
  };
}

}  // namespace

}  // namespace dbp

using dbp::Guarded;
using dbp::NullArgument;
using dbp::Status;

extern "C" {

dbpool_status dbpool_conn_query(dbpool_conn conn, const char* sql, size_t sql_size,
                                const dbpool_value* params, size_t param_count,
                                const dbpool_query_options* options, dbpool_result** out,
                                dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read(sql, sql_size, params, param_count, options));
    return dbp::WithResult(out, [&](auto* result) {
      return dbp::RunQuery(conn, given.query, given.timeout, result);
    });
  });
}

dbpool_status dbpool_query(dbpool* pool, const char* sql, size_t sql_size,
                           const dbpool_value* params, size_t param_count,
                           const dbpool_query_options* options, dbpool_result** out,
                           dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!pool) return NullArgument("pool");
    if (pool->pool->forked()) return dbp::Forked();
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read(sql, sql_size, params, param_count, options));
    return dbp::WithResult(out, [&](auto* result) {
      return dbp::RunOneShot(*pool->pool, given.query, given.timeout, result);
    });
  });
}

dbpool_status dbpool_conn_describe(dbpool_conn conn, const char* sql, size_t sql_size,
                                   dbpool_result** out, dbpool_error** error) {
  if (out) *out = nullptr;
  return Guarded(error, [&]() -> Status {
    if (!out) return NullArgument("out");
    std::string_view text;
    DBP_RETURN_IF_ERROR(dbp::ReadSql(sql, sql_size, &text));
    return dbp::WithResult(out, [&](auto* result) { return dbp::Describe(conn, text, result); });
  });
}

dbpool_status dbpool_conn_begin(dbpool_conn conn, const dbpool_tx_options* options,
                                dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    dbpool_tx_options given;
    dbp::Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTxOptions(options, &given, &timeout));
    return dbp::Begin(conn, given, timeout);
  });
}

dbpool_status dbpool_conn_commit(dbpool_conn conn, dbpool_error** error) {
  return Guarded(error, [&] { return dbp::Commit(conn); });
}

dbpool_status dbpool_conn_rollback(dbpool_conn conn, dbpool_error** error) {
  return Guarded(error, [&] { return dbp::Rollback(conn); });
}

dbpool_status dbpool_conn_savepoint(dbpool_conn conn, const char* name, dbpool_error** error) {
  return Guarded(error, [&] { return dbp::NamedSavepoint(conn, dbp::SavepointVerb::kSet, name); });
}

dbpool_status dbpool_conn_rollback_to(dbpool_conn conn, const char* name, dbpool_error** error) {
  return Guarded(error, [&] { return dbp::NamedSavepoint(conn, dbp::SavepointVerb::kRollBackTo, name); });
}

dbpool_status dbpool_conn_release_savepoint(dbpool_conn conn, const char* name,
                                            dbpool_error** error) {
  return Guarded(error, [&] { return dbp::NamedSavepoint(conn, dbp::SavepointVerb::kRelease, name); });
}

dbpool_status dbpool_conn_ping(dbpool_conn conn, int64_t timeout_ms, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    dbp::Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTimeout(timeout_ms, dbp::kDefaultTimeout, &timeout));
    return dbp::PingLease(conn, timeout);
  });
}

dbpool_status dbpool_conn_cancel(dbpool_conn conn, dbpool_error** error) {
  return Guarded(error, [&] { return dbp::RequestCancel(conn); });
}

void* dbpool_conn_native(dbpool_conn conn) {
  void* handle = nullptr;
  (void)Guarded(nullptr, [&] {
    handle = dbp::NativeHandle(conn);
    return Status::Ok();
  });
  return handle;
}

uint64_t dbpool_conn_id(dbpool_conn conn) { return dbp::ConnectionId(conn); }

dbpool_status dbpool_conn_set_data(dbpool_conn conn, void* data, void (*destroy)(void*), dbpool_error** error) {
  return Guarded(error, [&] { return dbp::PutHostData(conn, {data, destroy}); });
}

void* dbpool_conn_data(dbpool_conn conn) { return dbp::FindHostData(conn); }

dbpool_status dbpool_transaction(dbpool* pool, dbpool_transaction_fn fn, void* user_data,
                                 const dbpool_tx_options* options, dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!pool) return NullArgument("pool");
    if (!fn) return NullArgument("fn");
    if (pool->pool->forked()) return dbp::Forked();
    dbpool_tx_options given;
    dbp::Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTxOptions(options, &given, &timeout));
    return dbp::RunTransaction(*pool->pool, dbp::Body(fn, user_data), given, timeout);
  });
}

dbpool_status dbpool_transaction_again(dbpool* pool, const dbpool_tx_options* options,
                                       const dbpool_error* failure, uint32_t attempt, int64_t* pause_ms,
                                       dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!pool) return NullArgument("pool");
    if (!failure) return NullArgument("failure");
    if (!pause_ms) return NullArgument("pause_ms");
    if (attempt == 0) return Status::Invalid("attempt is 0; it counts from 1");
    dbpool_tx_options given;
    dbp::Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTxOptions(options, &given, &timeout));
    const Status known =
        failure->info ? Status::FromInfo(failure->code, std::make_unique<dbp::ErrorInfo>(*failure->info))
                      : Status::Bare(failure->code);
    const auto pause = dbp::PauseBeforeRetry(*pool->pool, known, given, attempt);
    if (!pause) return Status::Bare(DBPOOL_DONE);
    *pause_ms = *pause / dbp::kMillisecond;
    return Status::Ok();
  });
}

}  // extern "C"
