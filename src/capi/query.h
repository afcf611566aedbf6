#ifndef DBP_CAPI_QUERY_H_
#define DBP_CAPI_QUERY_H_

#include "capi/guard.h"
#include "driver/driver.h"

namespace dbp {

/// The arguments that every call that runs SQL takes, checked.
struct QueryArguments {
  Query query;
  Nanos timeout = 0;  ///< kDefaultTimeout if not given
  bool alone = false;  ///< for a one-shot

  Status Read(const char* sql, size_t sql_size, const dbpool_value* params, size_t param_count,
              const dbpool_query_options* options);
};

Status ReadTxOptions(const dbpool_tx_options* options, dbpool_tx_options* out, Nanos* timeout);

}  // namespace dbp

#endif  // DBP_CAPI_QUERY_H_
