#ifndef DBP_CAPI_ASYNC_H_
#define DBP_CAPI_ASYNC_H_

#include <memory>
#include <utility>

#include "capi/guard.h"
#include "capi/handles.h"
#include "sql/async_lease.h"

// Each asynchronous call: check the arguments, make an op that knows the callback, start it. What
// the op delivers was made room for before, but for the error object, which may be NULL.

namespace dbp {

/// The error that goes with a status; NULL for none.
inline dbpool_error* ErrorOf(Status& status) {
  dbpool_error* error = nullptr;
  Report(std::move(status), &error);
  return error;
}

/// `Base`: QueryOp or OneShotOp.
template <class Base>
class AbiQuery final : public Base {
 public:
  template <class... Args>
  AbiQuery(dbpool_query_cb callback, void* user_data, std::unique_ptr<dbpool_result> handle,
           Args&&... args)
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

/// What every asynchronous call does around its own: *out_op is 0 unless the call is pending, and
/// the callback is there. start(out_op)
template <class Callback, class Start>
dbpool_status Begin(Callback callback, dbpool_op* out_op, dbpool_error** error, Start start) {
  dbpool_op ignored = 0;
  if (!out_op) out_op = &ignored;
  *out_op = 0;
  return Guarded(error,
                 [&]() -> Status { return callback ? start(out_op) : NullArgument("callback"); });
}

/// The same for those that need their loop. start(loop, out_op)
template <class Callback, class Start>
dbpool_status Async(Callback callback, dbpool_loop* loop, dbpool_op* out_op, dbpool_error** error,
                    Start start) {
  return Begin(callback, out_op, error, [&](dbpool_op* op) -> Status {
    Loop* where = nullptr;
    DBP_RETURN_IF_ERROR(LoopOrShared(loop, &where));
    return start(*where, op);
  });
}

}  // namespace dbp

#endif  // DBP_CAPI_ASYNC_H_
