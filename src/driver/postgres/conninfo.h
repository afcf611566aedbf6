#ifndef DBP_DRIVER_POSTGRES_CONNINFO_H_
#define DBP_DRIVER_POSTGRES_CONNINFO_H_

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "options/config.h"

namespace dbp::postgres {

/// Whether the running libpq knows every keyword: else ERR_OPTION that names it.
Status CheckKeywords(const PostgresTarget& target);

/// The value of a keyword of the target, "" if it is not given.
std::string KeywordOf(const PostgresTarget& target, std::string_view name);

/// Keywords and values for PQconnectStartParams. It points into config and host, which must live as
/// long.
class Conninfo {
 public:
  /// host NULL: libpq decides. session_attrs NULL: as configured.
  Conninfo(const Config& config, const PostgresHost* host, const char* session_attrs);
  const char* const* keywords() const { return keywords_.data(); }
  const char* const* values() const { return values_.data(); }

 private:
  void Add(const char* keyword, const char* value);
  std::vector<const char*> keywords_, values_;
};

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_CONNINFO_H_
