#ifndef DBP_BASE_STATUS_H_
#define DBP_BASE_STATUS_H_

#include <dbpool/error.h>
#include <dbpool/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error_fields.h"

namespace dbp {

/// Everything an error can say. What the ABI calls dbpool_error.
struct ErrorInfo {
  std::string message;
  char sqlstate[6] = "";
  int32_t native_code = 0;
  int32_t position = 0;
  uint32_t phase = DBPOOL_PHASE_NONE;
  uint32_t flags = 0;
  std::string detail, hint, schema, table, column, constraint;
  std::string cause;  ///< the last error of connecting
  ErrorFields fields;
  bool has_counts = false;
  uint32_t open = 0, idle = 0, leased = 0, waiting = 0;
};

/// A status code, and for an error what is known about it. OK owns nothing. An error may have no info,
/// when there was no memory for it; readers ask info() for NULL.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Status&& other) noexcept
      : code_(other.code_), info_(std::exchange(other.info_, nullptr)) {}
  Status& operator=(Status&& other) noexcept {
    std::swap(code_, other.code_);
    std::swap(info_, other.info_);
    return *this;
  }
  ~Status() {
    if (info_) Free(info_);
  }

  static Status Ok() { return Status(); }
  /// Without info: allocates nothing.
  static Status Bare(dbpool_status code) {
    Status s;
    s.code_ = code;
    return s;
  }
  static Status FromInfo(dbpool_status code, std::unique_ptr<ErrorInfo> info) {
    Status s = Bare(code);
    s.info_ = info.release();
    return s;
  }
  static Status NoMemory() { return Bare(DBPOOL_ERR_NOMEM); }
  /// REQUIRES: code < 0.
  static Status Error(dbpool_status code, std::string message,
                      uint32_t phase = DBPOOL_PHASE_NONE, std::string_view sqlstate = {},
                      uint32_t flags = 0);
  static Status Invalid(std::string message) { return Error(DBPOOL_ERR_INVALID, std::move(message)); }
  static Status Unsupported(std::string message) {
    return Error(DBPOOL_ERR_UNSUPPORTED, std::move(message));
  }

  bool ok() const { return code_ == DBPOOL_OK; }
  /// An error, not merely "not OK": DONE and PENDING are neither.
  bool failed() const { return code_ < 0; }
  dbpool_status code() const { return code_; }
  const ErrorInfo* info() const { return info_; }
  /// Creates the info if there is none; a reference that stays valid as long as the status.
  ErrorInfo& mutable_info();

  bool has_flag(uint32_t flag) const { return info_ && (info_->flags & flag) == flag; }
  std::string_view sqlstate() const { return info_ ? info_->sqlstate : std::string_view(); }
  std::string_view message() const { return info_ ? std::string_view(info_->message) : std::string_view(); }

  Status& set_phase(uint32_t phase);
  Status& add_flags(uint32_t flags);
  Status Clone() const;
  std::unique_ptr<ErrorInfo> TakeInfo() {
    return std::unique_ptr<ErrorInfo>(std::exchange(info_, nullptr));
  }

 private:
  static void Free(ErrorInfo* info);

  dbpool_status code_ = DBPOOL_OK;
  /// Owned. Not a unique_ptr: its destructor, inlined with all of ErrorInfo's, or called for nothing on
  /// each way through a function, is what a successful call would pay for its errors.
  ErrorInfo* info_ = nullptr;
};

/// "DBPOOL_ERR_TIMEOUT"
const char* StatusName(dbpool_status code);

}  // namespace dbp

/// Leaves the function with a status that is not OK.
#define DBP_RETURN_IF_ERROR(expression)                       \
  do {                                                        \
    if (::dbp::Status dbp_status_ = (expression); !dbp_status_.ok()) return dbp_status_; \
  } while (false)

#endif  // DBP_BASE_STATUS_H_
