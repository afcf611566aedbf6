#include "driver/driver.h"
#include "driver/postgres/driver.h"
#include "driver/sqlite/driver.h"

namespace dbp {

Status MakeDriver(const Config& config, std::unique_ptr<Driver>* out) {
  switch (config.kind) {
    case DatabaseKind::kPostgres:
      return MakePostgresDriver(config, out);
    case DatabaseKind::kSqlite:
      return MakeSqliteDriver(config, out);
  }
  return Status::Error(DBPOOL_ERR_INTERNAL, "unknown database kind");
}

}  // namespace dbp
