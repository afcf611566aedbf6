#include "base/status.h"

namespace dbp {

Status Status::Error(dbpool_status code, std::string message, uint32_t phase,
                     std::string_view sqlstate, uint32_t flags) {
  Status s;
  s.code_ = code;
  s.info_ = new ErrorInfo;
  s.info_->message = std::move(message);
  s.info_->phase = phase;
  s.info_->flags = flags;
  sqlstate.copy(s.info_->sqlstate, 5);
  return s;
}

void Status::Free(ErrorInfo* info) { delete info; }

ErrorInfo& Status::mutable_info() {
  if (!info_) info_ = new ErrorInfo;
  return *info_;
}

Status& Status::set_phase(uint32_t phase) {
  if (info_) info_->phase = phase;
  return *this;
}

Status& Status::add_flags(uint32_t flags) {
  if (info_) info_->flags |= flags;
  return *this;
}

Status Status::Clone() const {
  Status s;
  s.code_ = code_;
  if (info_) s.info_ = new ErrorInfo(*info_);
  return s;
}

const char* StatusName(dbpool_status code) {
  switch (code) {
#define DBP_NAME(name) \
  case name:           \
    return #name
    DBP_NAME(DBPOOL_OK);
    DBP_NAME(DBPOOL_DONE);
    DBP_NAME(DBPOOL_PENDING);
    DBP_NAME(DBPOOL_ERR_INVALID);
    DBP_NAME(DBPOOL_ERR_OPTION);
    DBP_NAME(DBPOOL_ERR_NOMEM);
    DBP_NAME(DBPOOL_ERR_TIMEOUT);
    DBP_NAME(DBPOOL_ERR_FULL);
    DBP_NAME(DBPOOL_ERR_CLOSED);
    DBP_NAME(DBPOOL_ERR_STALE);
    DBP_NAME(DBPOOL_ERR_BUSY);
    DBP_NAME(DBPOOL_ERR_FORKED);
    DBP_NAME(DBPOOL_ERR_CONNECT);
    DBP_NAME(DBPOOL_ERR_AUTH);
    DBP_NAME(DBPOOL_ERR_BROKEN);
    DBP_NAME(DBPOOL_ERR_SQL);
    DBP_NAME(DBPOOL_ERR_CANCELLED);
    DBP_NAME(DBPOOL_ERR_UNAVAILABLE);
    DBP_NAME(DBPOOL_ERR_UNSUPPORTED);
    DBP_NAME(DBPOOL_ERR_INTERNAL);
#undef DBP_NAME
  }
  return "DBPOOL_UNKNOWN";
}

}  // namespace dbp
