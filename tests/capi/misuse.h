#ifndef DBP_TESTS_CAPI_MISUSE_H_
#define DBP_TESTS_CAPI_MISUSE_H_

#include <functional>
#include <vector>

#include "tests/capi/capi.h"

// Calls with arguments that are wrong.

namespace dbp::capi {

/// A call that must answer DBPOOL_ERR_INVALID, with an error and without.
struct Wrong {
  const char* what;
  std::function<dbpool_status(dbpool_error**)> call;
};

inline void ExpectInvalid(const std::vector<Wrong>& table) {
  for (const Wrong& wrong : table) {
    SCOPED_TRACE(wrong.what);
    Error error;
    EXPECT_STATUS(wrong.call(error.out()), DBPOOL_ERR_INVALID);
    ASSERT_NE(error.get(), nullptr);
    EXPECT_STATUS(dbpool_error_code(error.get()), DBPOOL_ERR_INVALID);
    EXPECT_NE(error.message(), "");
    EXPECT_STATUS(wrong.call(nullptr), DBPOOL_ERR_INVALID);
  }
}

}  // namespace dbp::capi

#endif  // DBP_TESTS_CAPI_MISUSE_H_
