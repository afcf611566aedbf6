#include <cstring>
#include <new>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/query.h"
#include "sql/async_acquire.h"
#include "sql/async_lease.h"
#include "sql/async_pool.h"
#include "sql/one_shot.h"

// Each call: check the arguments, make an op that knows the callback, start it. What the op delivers
// was made room for before, but for the error object, which may be NULL.

namespace dbp {

namespace {

/// The error that goes with a status; NULL for none.
dbpool_error* ErrorOf(Status& status) {
  dbpool_error* error = nullptr;
  Report(std::move(status), &error);
  return error;
}

class AbiAcquire final : public AcquireOp {
 public:
  AbiAcquire(dbpool_acquire_cb callback, void* user_data, std::shared_ptr<Pool> pool,
             const AcquireRequest& request, std::unique_ptr<char[]> tag)
      : AcquireOp(std::move(pool), request, std::move(tag)), callback_(callback), user_data_(user_data) {}

 private:
  void Deliver() noexcept override {
    dbpool_conn conn = 0;
    Status status = Take(&conn);
    const dbpool_status code = status.code();
    callback_(user_data_, code, conn, ErrorOf(status));
  }

  const dbpool_acquire_cb callback_;
  void* const user_data_;
};

/// `Base`: QueryOp or OneShotOp.
template <class Base>
class AbiQuery final : public Base {
 public:
  template <class... Args>
  AbiQuery(dbpool_query_cb callback, void* user_data, std::unique_ptr<dbpool_result> handle, Args&&... args)
      : Base(std::forward<Args>(args)..., &handle->result),
        callback_(callback),
        user_data_(user_data),
        handle_(std::move(handle)) {}

 private:
  void Deliver() noexcept override {
    const dbpool_status code = this->status_.code();
    if (code < 0) handle_.reset();
    callback_(user_data_, code, handle_.release(), ErrorOf(this->status_));
  }

  const dbpool_query_cb callback_;
  void* const user_data_;
  std::unique_ptr<dbpool_result> handle_;
};

class AbiDone final : public LeaseOp {
 public:
  AbiDone(dbpool_done_cb callback, void* user_data) : callback_(callback), user_data_(user_data) {}

 private:
  void Deliver() noexcept override {
    const dbpool_status code = status_.code();
    callback_(user_data_, code, ErrorOf(status_));
  }

  const dbpool_done_cb callback_;
  void* const user_data_;
};

class AbiFetch final : public FetchOp {
 public:
  /// Keeps the handle until it has delivered.
  AbiFetch(dbpool_fetch_cb callback, void* user_data, dbpool_result& handle, uint32_t max_rows)
      : FetchOp(*handle.result, max_rows), callback_(callback), user_data_(user_data), handle_(handle) {
    handle_.references.Add();
  }
  ~AbiFetch() override {
    if (handle_.references.Drop()) delete &handle_;
  }

 private:
  void Deliver() noexcept override {
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

class AbiCreate final : public ErrandOp<CreateErrand> {
 public:
  AbiCreate(dbpool_create_cb callback, void* user_data, std::unique_ptr<dbpool> handle,
            std::shared_ptr<CreateErrand> errand)
      : ErrandOp(std::move(errand)), callback_(callback), user_data_(user_data), handle_(std::move(handle)) {}

 private:
  void Deliver() noexcept override {
    Status status = errand() ? std::move(errand()->status) : Status::Bare(DBPOOL_ERR_CANCELLED);
    const dbpool_status code = status.code();
    if (code < 0) {
      handle_.reset();
    } else {
      handle_->pool = std::move(errand()->pool);
    }
    callback_(user_data_, code, handle_.release(), ErrorOf(status));
  }

  const dbpool_create_cb callback_;
  void* const user_data_;
  std::unique_ptr<dbpool> handle_;
};

class AbiClose final : public ErrandOp<CloseErrand> {
 public:
  AbiClose(dbpool_done_cb callback, void* user_data, std::shared_ptr<CloseErrand> errand)
      : ErrandOp(std::move(errand)), callback_(callback), user_data_(user_data) {}

 private:
  void Deliver() noexcept override {
    Status status = errand() ? std::move(errand()->status) : Status::Bare(DBPOOL_ERR_CANCELLED);
    const dbpool_status code = status.code();
    callback_(user_data_, code, ErrorOf(status));
  }

  const dbpool_done_cb callback_;
  void* const user_data_;
};

Status Find(dbpool_loop* loop, Loop** out) {
  if (!loop) return Loop::Default(out);
  *out = Inner(loop);
  return Status::Ok();
}

/// What every asynchronous call does around its own: *out_op is 0 unless the call is pending, and the callback is
/// there. start(out_op)
template <class Callback, class Start>
dbpool_status Begin(Callback callback, dbpool_op* out_op, dbpool_error** error, Start start) {
  dbpool_op ignored = 0;
  if (!out_op) out_op = &ignored;
  *out_op = 0;
  return Guarded(error, [&]() -> Status { return callback ? start(out_op) : NullArgument("callback"); });
}

/// The same for those that need their loop. start(loop, out_op)
template <class Callback, class Start>
dbpool_status Async(Callback callback, dbpool_loop* loop, dbpool_op* out_op, dbpool_error** error, Start start) {
  return Begin(callback, out_op, error, [&](dbpool_op* op) -> Status {
    Loop* where = nullptr;
    DBP_RETURN_IF_ERROR(Find(loop, &where));
    return start(*where, op);
  });
}

std::unique_ptr<char[]> Copy(const char* text) {
  if (!text) return nullptr;
  const size_t size = std::strlen(text) + 1;
  auto copy = std::make_unique_for_overwrite<char[]>(size);
  std::memcpy(copy.get(), text, size);
  return copy;
}

Status StartAcquire(dbpool& pool, dbpool_loop* loop, AcquireRequest request, dbpool_acquire_cb callback,
                    void* user_data, dbpool_conn* out_now, dbpool_op* out_op) {
  const bool plain = request.access == DBPOOL_ACCESS_DEFAULT && !request.tag;
  if (plain && pool.pool->AcquireIdle(out_now)) return Status::Ok();
  Loop* where = nullptr;
  DBP_RETURN_IF_ERROR(Find(loop, &where));
  std::unique_ptr<char[]> tag = Copy(request.tag);
  request.tag = tag.get();
  auto& op = Op::New<AbiAcquire>(callback, user_data, pool.pool, request, std::move(tag));
  return op.Start(*where, out_now, out_op);
}

dbpool_status OnLease(dbpool_conn conn, dbpool_loop* loop, std::unique_ptr<Work> (*work)(),
                      Nanos timeout, dbpool_done_cb callback, void* user_data, dbpool_op* out_op,
                      dbpool_error** error) {
  return Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) {
    std::unique_ptr<Work> todo = work();
    return Op::New<AbiDone>(callback, user_data).Start(where, conn, std::move(todo), timeout, op);
  });
}

template <class Kind>
std::unique_ptr<Work> Make() {
  return std::make_unique<Kind>();
}

}  // namespace

}  // namespace dbp

using dbp::Loop;
using dbp::Nanos;
using dbp::NullArgument;
using dbp::Op;
using dbp::Status;

extern "C" {

dbpool_status dbpool_create_async(const char* uri, const dbpool_options* options, dbpool_loop* loop,
                                  dbpool_create_cb callback, void* user_data, dbpool_op* out_op,
                                  dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    dbp::Config config;
    DBP_RETURN_IF_ERROR(dbp::ResolveConfig(uri, options, &config));
    std::unique_ptr<dbp::Driver> driver;
    DBP_RETURN_IF_ERROR(dbp::MakeDriver(config, &driver));
    auto errand = std::make_shared<dbp::CreateErrand>(std::move(config), std::move(driver));
    auto handle = std::make_unique<dbpool>();
    auto& creating =
        Op::New<dbp::AbiCreate>(callback, user_data, std::move(handle), std::move(errand));
    return creating.Start(where, op);
  });
}

dbpool_status dbpool_close_async(dbpool* pool, dbpool_loop* loop, int64_t timeout_ms,
                                 dbpool_done_cb callback, void* user_data, dbpool_op* out_op,
                                 dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    DBP_RETURN_IF_ERROR(dbp::Usable(pool));
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTimeout(timeout_ms, pool->pool->config().acquire_timeout, &timeout));
    auto errand = std::make_shared<dbp::CloseErrand>(pool->pool, timeout);
    return Op::New<dbp::AbiClose>(callback, user_data, std::move(errand)).Start(where, op);
  });
}

dbpool_status dbpool_acquire_async(dbpool* pool, dbpool_loop* loop, int64_t timeout_ms,
                                   dbpool_acquire_cb callback, void* user_data, dbpool_conn* out_now,
                                   dbpool_op* out_op, dbpool_error** error) {
  if (out_now) *out_now = 0;
  return dbp::Begin(callback, out_op, error, [&](dbpool_op* op) -> Status {
    if (!out_now) return NullArgument("out_now");
    DBP_RETURN_IF_ERROR(dbp::Usable(pool));
    dbp::AcquireRequest request;
    DBP_RETURN_IF_ERROR(
        dbp::ReadTimeout(timeout_ms, pool->pool->config().acquire_timeout, &request.timeout));
    return dbp::StartAcquire(*pool, loop, request, callback, user_data, out_now, op);
  });
}

dbpool_status dbpool_acquire_with_async(dbpool* pool, dbpool_loop* loop,
                                        const dbpool_acquire_options* options,
                                        dbpool_acquire_cb callback, void* user_data,
                                        dbpool_conn* out_now, dbpool_op* out_op,
                                        dbpool_error** error) {
  if (out_now) *out_now = 0;
  return dbp::Begin(callback, out_op, error, [&](dbpool_op* op) -> Status {
    if (!out_now) return NullArgument("out_now");
    DBP_RETURN_IF_ERROR(dbp::Usable(pool));
    dbp::AcquireRequest request;
    DBP_RETURN_IF_ERROR(dbp::ReadAcquireOptions(*pool, options, &request));
    return dbp::StartAcquire(*pool, loop, request, callback, user_data, out_now, op);
  });
}

dbpool_status dbpool_query_async(dbpool* pool, dbpool_loop* loop, const char* sql, size_t sql_size,
                                 const dbpool_value* params, size_t param_count,
                                 const dbpool_query_options* options, dbpool_query_cb callback,
                                 void* user_data, dbpool_op* out_op, dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    DBP_RETURN_IF_ERROR(dbp::Usable(pool));
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read(sql, sql_size, params, param_count, options));
    auto handle = std::make_unique<dbpool_result>();
    auto& query = Op::New<dbp::AbiQuery<dbp::OneShotOp>>(callback, user_data, std::move(handle), pool->pool);
    return query.Start(where, given.query, given.timeout, op);
  });
}

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
                                        dbpool_done_cb callback, void* user_data,
                                        dbpool_op* out_op, dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    if (!pipeline) return NullArgument("pipeline");
    dbp::QueryArguments given;
    DBP_RETURN_IF_ERROR(given.Read("", 0, nullptr, 0, options));
    if (given.query.stream) return Status::Invalid("a pipeline is not streamed");
    auto work = std::make_unique<dbp::PipelineWork>(pipeline->pipeline);
    DBP_RETURN_IF_ERROR(work->Claim(given.query.read_only));
    auto& run = Op::New<dbp::AbiDone>(callback, user_data);
    return run.Start(where, conn, std::move(work), given.timeout, op);
  });
}

dbpool_status dbpool_conn_begin_async(dbpool_conn conn, dbpool_loop* loop,
                                      const dbpool_tx_options* options, dbpool_done_cb callback,
                                      void* user_data, dbpool_op* out_op, dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    dbpool_tx_options given;
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTxOptions(options, &given, &timeout));
    auto work = std::make_unique<dbp::BeginWork>(given);
    auto& begin = Op::New<dbp::AbiDone>(callback, user_data);
    return begin.Start(where, conn, std::move(work), timeout, op);
  });
}

dbpool_status dbpool_conn_commit_async(dbpool_conn conn, dbpool_loop* loop, dbpool_done_cb callback,
                                       void* user_data, dbpool_op* out_op, dbpool_error** error) {
  return dbp::OnLease(conn, loop, dbp::Make<dbp::CommitWork>, dbp::kDefaultTimeout, callback,
                      user_data, out_op, error);
}

dbpool_status dbpool_conn_rollback_async(dbpool_conn conn, dbpool_loop* loop,
                                         dbpool_done_cb callback, void* user_data,
                                         dbpool_op* out_op, dbpool_error** error) {
  return dbp::OnLease(conn, loop, dbp::Make<dbp::RollbackWork>, dbp::kDefaultTimeout, callback,
                      user_data, out_op, error);
}

dbpool_status dbpool_conn_ping_async(dbpool_conn conn, dbpool_loop* loop, int64_t timeout_ms,
                                     dbpool_done_cb callback, void* user_data, dbpool_op* out_op,
                                     dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(dbp::ReadTimeout(timeout_ms, dbp::kDefaultTimeout, &timeout));
    auto work = std::make_unique<dbp::PingWork>();
    auto& ping = Op::New<dbp::AbiDone>(callback, user_data);
    return ping.Start(where, conn, std::move(work), dbp::PingTimeout(timeout), op);
  });
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
      result->fetch = fetch.token();  // now: the callback may free the result as soon as it has begun
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

dbpool_status dbpool_op_cancel(dbpool_op op) { return Op::Cancel(op); }

}  // extern "C"
