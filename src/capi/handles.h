#ifndef DBP_CAPI_HANDLES_H_
#define DBP_CAPI_HANDLES_H_

#include <dbpool/dbpool.h>

#include <memory>
#include <optional>

#include "base/ref_count.h"
#include "base/status.h"
#include "loop/loop.h"
#include "options/options.h"
#include "pool/pool.h"
#include "sql/pipeline.h"
#include "sql/result.h"

// What the opaque types of the ABI are.

struct dbpool {
  dbp::RefCount references;
  std::shared_ptr<dbp::Pool> pool;
};

struct dbpool_options {
  dbp::Options options;
};

struct dbpool_error {
  dbpool_status code;
  std::unique_ptr<dbp::ErrorInfo> info;  ///< may be NULL
};

struct dbpool_result {
  std::optional<dbp::Result> result;  ///< there whenever the caller has the handle
  dbp::RefCount references;           ///< the caller's, and that of a fetch under way
  dbpool_op fetch = 0;                ///< the last one that was pending
};

struct dbpool_pipeline {
  std::shared_ptr<dbp::Pipeline> pipeline;  ///< shared with the call that runs it
};

namespace dbp {

/// What every call on a pool asks first.
Status Usable(const dbpool* pool);
Status ResolveConfig(const char* uri, const dbpool_options* options, Config* out);
Status ReadAcquireOptions(const dbpool& pool, const dbpool_acquire_options* options, AcquireRequest* out);

/// A dbpool_loop is a Loop under another name, which nothing defines. Not for NULL, the shared one.
inline Loop* Inner(dbpool_loop* loop) { return reinterpret_cast<Loop*>(loop); }

/// NULL is the shared one, started if need be.
inline Status LoopOrShared(dbpool_loop* loop, Loop** out) {
  if (!loop) return Loop::Default(out);
  *out = Inner(loop);
  return Status::Ok();
}

}  // namespace dbp

#endif  // DBP_CAPI_HANDLES_H_
