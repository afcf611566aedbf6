#include "sql/query_copy.h"

#include <algorithm>

namespace dbp {

namespace {

bool HasData(const dbpool_value& value) {
  return value.data && (value.type == DBPOOL_TEXT || value.type == DBPOOL_BYTES);
}

}  // namespace

size_t SizeOfCopy(const Query& query) {
  size_t size = query.params.size_bytes() + query.sql.size();
  for (const dbpool_value& value : query.params) size += HasData(value) ? value.size : 0;
  return size;
}

Query CopyQuery(const Query& query, char* memory) {
  Query copy = query;
  auto* const params = reinterpret_cast<dbpool_value*>(memory);
  char* at = std::copy_n(reinterpret_cast<const char*>(query.params.data()),
                         query.params.size_bytes(), memory);
  copy.params = {params, query.params.size()};
  copy.sql = {at, query.sql.size()};
  at = std::copy(query.sql.begin(), query.sql.end(), at);
  for (dbpool_value& value : std::span(params, query.params.size())) {
    if (!HasData(value)) continue;
    char* const data = at;
    at = std::copy_n(value.data, value.size, at);
    value.data = data;
  }
  return copy;
}

QueryCopy::QueryCopy(const Query& query)
    : memory_(std::make_unique_for_overwrite<char[]>(SizeOfCopy(query) + 1)),  // aligned, as all of new is
      query_(CopyQuery(query, memory_.get())) {}

}  // namespace dbp
