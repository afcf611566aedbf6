#ifndef DBP_CAPI_HANDLES_H_
#define DBP_CAPI_HANDLES_H_

#include <dbpool/dbpool.h>

#include <memory>
#include <optional>

#include "base/ref_count.h"
#include "base/status.h"
#include "options/options.h"
#include "pool/pool.h"
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
};

#endif  // DBP_CAPI_HANDLES_H_
