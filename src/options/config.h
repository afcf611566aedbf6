#ifndef DBP_OPTIONS_CONFIG_H_
#define DBP_OPTIONS_CONFIG_H_

#include <dbpool/options.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/fork.h"
#include "base/secret.h"
#include "base/time.h"

namespace dbp {

enum class IdleOrder : uint8_t { kLifo, kFifo };
enum class ResetMode : uint8_t { kNone, kRollback, kSmart, kFull };
enum class DatabaseKind : uint8_t { kPostgres, kSqlite };
enum class SqliteMode : uint8_t { kReadOnly, kReadWrite, kReadWriteCreate };

/// One host of a PostgreSQL URI. An absolute path is a socket directory.
struct PostgresHost {
  std::string host, hostaddr, port;  ///< "" is libpq's default
};

/// What hooks were given, which ends when neither settings nor a pool have it any more.
class HookData {
 public:
  explicit HookData(const dbpool_hooks& hooks) : user_data_(hooks.user_data), destroy_(hooks.destroy) {}
  ~HookData() {
    if (fork_stamp_ == ForkGeneration()) destroy_(user_data_);
  }
  HookData(const HookData&) = delete;
  HookData& operator=(const HookData&) = delete;

 private:
  void* const user_data_;
  void (*const destroy_)(void*);
  const uint32_t fork_stamp_ = ForkGeneration();
};

struct PostgresTarget {
  std::vector<PostgresHost> hosts;  ///< empty: libpq decides (PGHOST, service, its default)
  /// libpq keywords except host, hostaddr, port, password and those that are options of ours; the
  /// names are checked against libpq's own list by the driver.
  std::vector<std::pair<std::string, std::string>> keywords;
  Secret password;
};

struct SqliteTarget {
  std::string path;     ///< "" when memory
  bool memory = false;  ///< one database, shared by the pool's connections and private to it
  SqliteMode mode = SqliteMode::kReadWriteCreate;
  std::string journal_mode = "wal";      ///< lower case, checked
  std::string synchronous = "normal";    ///< lower case, checked
  bool foreign_keys = true;
};

/// Everything a pool is told, parsed and validated once and immutable afterwards. Spans that are off are
/// kForever.
struct Config {
  DatabaseKind kind = DatabaseKind::kSqlite;
  PostgresTarget postgres;
  SqliteTarget sqlite;

  uint32_t pool_size = 5;
  uint32_t max_overflow = 10;
  uint32_t min_size = 5;
  bool min_size_follows = true;  ///< never set: follows pool_size through a resize
  bool lazy = false;
  bool pooling = true;
  uint32_t max_waiters = 100'000;
  uint32_t max_connecting = 4;
  IdleOrder idle_order = IdleOrder::kLifo;
  ResetMode reset = ResetMode::kSmart;

  Nanos acquire_timeout = 30 * kSecond;
  Nanos connect_timeout = 10 * kSecond;
  Nanos query_timeout = 30 * kSecond;
  Nanos lock_timeout = 5 * kSecond;
  bool lock_timeout_set = false;  ///< else there is none behind a pooler
  Nanos reset_timeout = 5 * kSecond;
  Nanos idle_timeout = 600 * kSecond;
  Nanos max_lifetime = 3600 * kSecond;
  double lifetime_jitter = 0.10;  ///< a connection lives max_lifetime * (1 - random * jitter)
  uint64_t max_uses = 0;          ///< 0: no limit
  Nanos keepalive = 120 * kSecond;
  Nanos ping_after = 1 * kSecond;  ///< 0: before every lending; kForever: never

  uint32_t statement_cache = 256;   ///< statements per connection; 0: none
  uint32_t prepare_threshold = 2;   ///< the use at which a statement is prepared by name; 0: never
  bool prepare_threshold_set = false;  ///< else there is none behind a pooler
  uint32_t pipeline_depth = 64;     ///< one-shots that share a connection at once; 0: none does
  std::string application_name;
  std::string init_sql;
  std::string search_path;

  dbpool_hooks hooks = {};
  std::shared_ptr<const HookData> hook_data;
};

}  // namespace dbp

#endif  // DBP_OPTIONS_CONFIG_H_
