#include "sql/query_copy.h"

#include <algorithm>
#include <cstring>
#include <new>

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

QueryCopy::QueryCopy(const Query& query)
    : memory_(new char[SizeOfCopy(query) + 1]), query_(query) {
  auto* const params = reinterpret_cast<dbpool_value*>(memory_.get());  // aligned, as all of new is
  char* at = std::copy_n(reinterpret_cast<const char*>(query.params.data()),
                         query.params.size_bytes(), memory_.get());
  query_.params = {params, query.params.size()};
  query_.sql = {at, query.sql.size()};
  at = std::copy(query.sql.begin(), query.sql.end(), at);
  for (dbpool_value& value : std::span(params, query.params.size())) {
    if (!HasData(value)) continue;
    char* const data = at;
    at = std::copy_n(value.data, value.size, at);
    value.data = data;
  }
}

}  // namespace dbp
