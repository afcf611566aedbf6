#include "capi/async.h"

#include <cstring>
#include <new>

#include "capi/query.h"
#include "sql/async_acquire.h"
#include "sql/async_pool.h"
#include "sql/one_shot.h"

// The asynchronous calls on a pool.

namespace dbp {

namespace {

class AbiAcquire final : public AcquireOp {
 public:
  AbiAcquire(dbpool_acquire_cb callback, void* user_data, std::shared_ptr<Pool> pool,
             const AcquireRequest& request, std::unique_ptr<char[]> tag)
      : AcquireOp(std::move(pool), request, std::move(tag)),
        callback_(callback),
        user_data_(user_data) {}

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

class AbiCreate final : public CreateOp {
 public:
  AbiCreate(dbpool_create_cb callback, void* user_data, std::unique_ptr<dbpool> handle,
            Config config, std::unique_ptr<Driver> driver)
      : CreateOp(std::move(config), std::move(driver)),
        callback_(callback),
        user_data_(user_data),
        handle_(std::move(handle)) {}

 private:
  void Deliver() noexcept override {
    const dbpool_status code = status_.code();
    if (code < 0) {
      handle_.reset();
    } else {
      handle_->pool = std::move(pool_);
    }
    callback_(user_data_, code, handle_.release(), ErrorOf(status_));
  }

  const dbpool_create_cb callback_;
  void* const user_data_;
  std::unique_ptr<dbpool> handle_;
};

class AbiClose final : public CloseOp {
 public:
  AbiClose(dbpool_done_cb callback, void* user_data, std::shared_ptr<Pool> pool, Nanos timeout)
      : CloseOp(std::move(pool), timeout), callback_(callback), user_data_(user_data) {}

 private:
  void Deliver() noexcept override {
    const dbpool_status code = status_.code();
    callback_(user_data_, code, ErrorOf(status_));
  }

  const dbpool_done_cb callback_;
  void* const user_data_;
};

std::unique_ptr<char[]> Copy(const char* text) {
  if (!text) return nullptr;
  const size_t size = std::strlen(text) + 1;
  auto copy = std::make_unique_for_overwrite<char[]>(size);
  std::memcpy(copy.get(), text, size);
  return copy;
}

Status StartAcquire(dbpool& pool, dbpool_loop* loop, AcquireRequest request,
                    dbpool_acquire_cb callback, void* user_data, dbpool_conn* out_now,
                    dbpool_op* out_op) {
  const bool plain = request.access == DBPOOL_ACCESS_DEFAULT && !request.tag;
  if (plain && pool.pool->AcquireIdle(out_now) == dbp::Pool::Idle::kTaken) return Status::Ok();
  Loop* where = nullptr;
  DBP_RETURN_IF_ERROR(LoopOrShared(loop, &where));
  std::unique_ptr<char[]> tag = Copy(request.tag);
  request.tag = tag.get();
  auto& op = Op::New<AbiAcquire>(callback, user_data, pool.pool, request, std::move(tag));
  return op.Start(*where, out_now, out_op);
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
    auto handle = std::make_unique<dbpool>();
    auto& creating = Op::New<dbp::AbiCreate>(callback, user_data, std::move(handle),
                                             std::move(config), std::move(driver));
    return creating.Start(where, op);
  });
}

dbpool_status dbpool_close_async(dbpool* pool, dbpool_loop* loop, int64_t timeout_ms,
                                 dbpool_done_cb callback, void* user_data, dbpool_op* out_op,
                                 dbpool_error** error) {
  return dbp::Async(callback, loop, out_op, error, [&](Loop& where, dbpool_op* op) -> Status {
    DBP_RETURN_IF_ERROR(dbp::Usable(pool));
    Nanos timeout = 0;
    DBP_RETURN_IF_ERROR(
        dbp::ReadTimeout(timeout_ms, pool->pool->config().acquire_timeout, &timeout));
    return Op::New<dbp::AbiClose>(callback, user_data, pool->pool, timeout).Start(where, op);
  });
}

dbpool_status dbpool_acquire_async(dbpool* pool, dbpool_loop* loop, int64_t timeout_ms,
                                   dbpool_acquire_cb callback, void* user_data,
                                   dbpool_conn* out_now, dbpool_op* out_op, dbpool_error** error) {
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
    auto& query =
        Op::New<dbp::AbiQuery<dbp::OneShotOp>>(callback, user_data, std::move(handle), pool->pool);
    return query.Start(where, given.query, given.timeout, given.alone, op);
  });
}

dbpool_status dbpool_op_cancel(dbpool_op op) {
  return Op::Cancel(op);
}

}  // extern "C"
