#include "capi/async.h"
#include "capi/query.h"
#include "sql/run.h"
#include "sql/work.h"

// The asynchronous calls on a lease, and on a result that keeps one.

namespace dbp {

namespace {

Status Freed() noexcept {
  try {
    return Cancelled("cancelled: its result was freed");
  } catch (const std::bad_alloc&) {
    return Status::Bare(DBPOOL_ERR_CANCELLED);
  }
}

class AbiFetch final : public FetchOp {
 public:
  /// Keeps the handle until it has delivered.
  AbiFetch(dbpool_fetch_cb callback, void* user_data, dbpool_result& handle, uint32_t max_rows)
      : FetchOp(*handle.result, max_rows),
        callback_(callback),
        user_data_(user_data),
        handle_(handle) {
    handle_.references.Add();
  }
  ~AbiFetch() override {
    if (handle_.references.Drop()) delete &handle_;
  }

 private:
  void Deliver() noexcept override {
    if (handle_.references.Last() && status_.code() >= 0) {  // the caller's is gone
      batch_ = {};
      status_ = Freed();
    }
    const dbpool_batch batch = {
        .struct_size = sizeof batch,
        .row_count = batch_.rows,
        .column_count = static_cast<uint32_t>(handle_.result->rows().columns().size()),
        .cells = batch_.cells,
    };
    const dbpool_status code = status_.code();
    callback_(user_data_, code, &batch, ErrorOf(status_));
  }

  const dbpool_fetch_cb callback_;
  void* const user_data_;
  dbpool_result& handle_;
};

/// A call on a lease that gives nothing but its status. make(&work, &timeout) checks the arguments.
template <class Make>
dbpool_status OnLease(dbpool_conn conn, dbpool_loop* loop, dbpool_done_cb callback, void* user_data,
                      dbpool_op* out_op, dbpool_error** error, Make make) {
  return Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    std::unique_ptr<Work> work;
    Nanos timeout = kDefaultTimeout;
    DBP_RETURN_IF_ERROR(make(&work, &timeout));
    return Op::New<AbiDone>(callback, user_data).Start(where, conn, std::move(work), timeout, op);
  });
}

template <class Plain>
Status MakePlain(std::unique_ptr<Work>* out, Nanos*) {
  *out = std::make_unique<Plain>();
  return Status::Ok();
}

dbpool_status NamedSavepoint(dbpool_conn conn, dbpool_loop* loop, SavepointVerb verb,
                             const char* name, dbpool_done_cb callback, void* user_data,
                             dbpool_op* out_op, dbpool_error** error) {
  return OnLease(conn, loop, callback, user_data, out_op, error,
                 [&](std::unique_ptr<Work>* work, Nanos*) {
                   return name ? SavepointWork::Make(verb, name, work) : NullArgument("name");
                 });
}

}  // namespace

}  // namespace dbp

using dbp::Loop;
using dbp::Nanos;
using dbp::NullArgument;
using dbp::Op;
using dbp::SavepointVerb;
using dbp::Status;
using dbp::Work;

extern "C" {

dbpool_status dbpool_conn_query_async(dbpool_conn conn, dbpool_loop* loop, const char* sql,
                                      size_t sql_size, const dbpool_value* params,
                                      size_t param_count, const dbpool_query_options* options,
                                      dbpool_query_cb callback, void* user_data, dbpool_op* out_op,
                                      dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read(sql, sql_size, params, param_count, options));
    auto work = std::make_unique<dbp::CopiedQueryWork>(given.query);
    auto handle = std::make_unique<dbpool_result>();
    auto& query = Op::New<dbp::AbiQuery<dbp::QueryOp>>(callback, user_data, std::move(handle));
    return query.Start(where, conn, std::move(work), given.timeout, op);
  });
}

dbpool_status dbpool_conn_describe_async(dbpool_conn conn, dbpool_loop* loop, const char* sql,
                                         size_t sql_size, dbpool_query_cb callback, void* user_data,
                                         dbpool_op* out_op, dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    std::string_view text;
    DBP_RETURN_IF_ERROR(dbp::ReadSql(sql, sql_size, &text));
    auto work = std::make_unique<dbp::CopiedDescribeWork>(text);
    auto handle = std::make_unique<dbpool_result>();
    auto& query = Op::New<dbp::AbiQuery<dbp::QueryOp>>(callback, user_data, std::move(handle));
    return query.Start(where, conn, std::move(work), dbp::kDefaultTimeout, op);
  });
}

dbpool_status dbpool_pipeline_run_async(dbpool_pipeline* pipeline, dbpool_conn conn,
                                        dbpool_loop* loop, const dbpool_query_options* options,
                                        dbpool_done_cb callback, void* user_data, dbpool_op* out_op,
                                        dbpool_error** error) {
  const auto make = [&](std::unique_ptr<Work>* out, Nanos* timeout) -> Status {
    if (!pipeline) return NullArgument("pipeline");
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read("", 0, nullptr, 0, options));
    if (given.query.stream) return Status::Invalid("a pipeline is not streamed");
    auto work = std::make_unique<dbp::PipelineWork>(pipeline->pipeline);
    DBP_RETURN_IF_ERROR(work->Claim(given.query.read_only));
    *timeout = given.timeout;
    *out = std::move(work);
    return Status::Ok();
  };
  return dbp::OnLease(conn, loop, callback, user_data, out_op, error, make);
}

dbpool_status dbpool_conn_begin_async(dbpool_conn conn, dbpool_loop* loop,
                                      const dbpool_tx_options* options, dbpool_done_cb callback,
                                      void* user_data, dbpool_op* out_op, dbpool_error** error) {
  const auto make = [&](std::unique_ptr<Work>* work, Nanos* timeout) -> Status {
    dbpool_tx_options given;
    DBP_RETURN_IF_ERROR(dbp::ReadTxOptions(options, &given, timeout));
    *work = std::make_unique<dbp::BeginWork>(given);
    return Status::Ok();
  };
  return dbp::OnLease(conn, loop, callback, user_data, out_op, error, make);
}

dbpool_status dbpool_conn_commit_async(dbpool_conn conn, dbpool_loop* loop, dbpool_done_cb callback,
                                       void* user_data, dbpool_op* out_op, dbpool_error** error) {
  return dbp::OnLease(conn, loop, callback, user_data, out_op, error,
                      dbp::MakePlain<dbp::CommitWork>);
}

dbpool_status dbpool_conn_rollback_async(dbpool_conn conn, dbpool_loop* loop,
                                         dbpool_done_cb callback, void* user_data,
                                         dbpool_op* out_op, dbpool_error** error) {
  return dbp::OnLease(conn, loop, callback, user_data, out_op, error,
                      dbp::MakePlain<dbp::RollbackWork>);
}

dbpool_status dbpool_conn_savepoint_async(dbpool_conn conn, dbpool_loop* loop, const char* name,
                                          dbpool_done_cb callback, void* user_data,
                                          dbpool_op* out_op, dbpool_error** error) {
  return dbp::NamedSavepoint(conn, loop, SavepointVerb::kSet, name, callback, user_data, out_op,
                             error);
}

dbpool_status dbpool_conn_rollback_to_async(dbpool_conn conn, dbpool_loop* loop, const char* name,
                                            dbpool_done_cb callback, void* user_data,
                                            dbpool_op* out_op, dbpool_error** error) {
  return dbp::NamedSavepoint(conn, loop, SavepointVerb::kRollBackTo, name, callback, user_data,
                             out_op, error);
}

dbpool_status dbpool_conn_release_savepoint_async(dbpool_conn conn, dbpool_loop* loop,
                                                  const char* name, dbpool_done_cb callback,
                                                  void* user_data, dbpool_op* out_op,
                                                  dbpool_error** error) {
  return dbp::NamedSavepoint(conn, loop, SavepointVerb::kRelease, name, callback, user_data, out_op,
                             error);
}

dbpool_status dbpool_conn_ping_async(dbpool_conn conn, dbpool_loop* loop, int64_t timeout_ms,
                                     dbpool_done_cb callback, void* user_data, dbpool_op* out_op,
                                     dbpool_error** error) {
  const auto make = [&](std::unique_ptr<Work>* work, Nanos* timeout) -> Status {
    Nanos given = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTimeout(timeout_ms, dbp::kDefaultTimeout, &given));
    *timeout = dbp::PingTimeout(given);
    *work = std::make_unique<dbp::PingWork>();
    return Status::Ok();
  };
  return dbp::OnLease(conn, loop, callback, user_data, out_op, error, make);
}

dbpool_status dbpool_result_fetch_async(dbpool_result* result, dbpool_loop* loop, uint32_t max_rows,
                                        dbpool_fetch_cb callback, void* user_data,
                                        dbpool_batch* out_now, dbpool_op* out_op,
                                        dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    DBP_RETURN_IF_ERROR(dbp::WriteStruct(dbpool_batch{}, out_now));
    if (!result) return NullArgument("result");
    dbp::Rows::Batch rows;
    Status status = result->result->FetchNow(max_rows, &rows);
    if (status.code() == DBPOOL_PENDING) {
      auto& fetch = Op::New<dbp::AbiFetch>(callback, user_data, *result, max_rows);
      result->fetch =
          fetch.token();  // now: the callback may free the result as soon as it has begun
      return fetch.Start(where, op);
    }
    if (!status.ok()) return status;
    const dbpool_batch batch = {
        .struct_size = sizeof batch,
        .row_count = rows.rows,
        .column_count = static_cast<uint32_t>(result->result->rows().columns().size()),
        .cells = rows.cells,
    };
    return dbp::WriteStruct(batch, out_now);
  });
}

}  // extern "C"
