#ifndef DBP_SQL_QUERY_COPY_H_
#define DBP_SQL_QUERY_COPY_H_

#include <cstddef>
#include <memory>

#include "driver/driver.h"

namespace dbp {

/// A query with memory of its own, in one allocation.
class QueryCopy {
 public:
  QueryCopy() = default;
  explicit QueryCopy(const Query& query);

  /// Points into the copy, wherever that is moved.
  const Query& query() const { return query_; }

 private:
  std::unique_ptr<char[]> memory_;
  Query query_;
};

/// What a copy takes, and the copy. REQUIRES: memory of that size, aligned for a dbpool_value.
size_t SizeOfCopy(const Query& query);
Query CopyQuery(const Query& query, char* memory);

}  // namespace dbp

#endif  // DBP_SQL_QUERY_COPY_H_
