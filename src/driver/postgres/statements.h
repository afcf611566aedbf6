#ifndef DBP_DRIVER_POSTGRES_STATEMENTS_H_
#define DBP_DRIVER_POSTGRES_STATEMENTS_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "driver/postgres/columns.h"
#include "driver/sql_text.h"
#include "driver/statement_cache.h"

// Which statements are prepared by name, and when. Key: SQL text and a byte per parameter
// where one has a type of its own. The
// first uses of a text run unnamed; at use number prepare_threshold it gets a name, in the same
// round trip. A name is used only once the server has confirmed it, and never a second time in a
// session, so that a statement whose fate is unknown cannot collide.

namespace dbp::postgres {

/// Makes the transaction it stands at the head of read-only.
inline constexpr char kPromiseName[] = "dbp_read_only";
inline constexpr char kPromiseSql[] =
    "SELECT pg_catalog.set_config('transaction_read_only', 'on', true)";

struct Statement {
  SqlTraits traits;
  std::shared_ptr<const PgColumns> columns;  ///< of its last result
  uint32_t uses = 0;
  bool ready = false;      ///< the server has it under its name
  bool preparing = false;  ///< the server was asked to, and has not answered yet
  bool evicted = false;    ///< no longer in the cache, but under way still
  uint64_t number = 0;     ///< 0 before the first attempt to prepare it
  char name[20] = "";      ///< "dbp_<number>"
  Status refusal;          ///< why the server did not prepare it the last time, if it was asked in a pipeline
};
using StatementPtr = std::shared_ptr<Statement>;

class Statements {
 public:
  Statements(uint32_t capacity, uint32_t threshold) : cache_(capacity), threshold_(threshold) {}

  /// The entry of a text. Counts one use.
  StatementPtr Get(std::string_view sql, std::span<const dbpool_value> params);
  /// From now on nothing is prepared by name: the next statement may meet another session.
  void StopPreparing() { threshold_ = 0; }
  bool prepares() const { return threshold_ > 0; }
  /// Whether this use is the one that prepares it by name.
  bool ShouldPrepare(const Statement& statement) const;
  /// Gives it a fresh name.
  void Name(Statement* statement);
  /// The server's answer to preparing it.
  void Prepared(Statement* statement, bool ok);
  /// The name is poisoned; the statement will get another one. on_server: that still has it.
  void Drop(Statement* statement, bool on_server);

  /// Names the server should give up, oldest first; at most max are removed from the list.
  std::vector<std::string> TakeDead(size_t max);
  bool has_dead() const { return !dead_.empty(); }
  /// The session has lost its prepared statements (DISCARD ALL, DEALLOCATE ALL).
  void Forget();

 private:
  bool keeps() const { return cache_.capacity() > 0; }

  StatementCache<StatementPtr> cache_;
  uint32_t threshold_;
  uint64_t last_number_ = 0;
  std::string key_;
  std::vector<std::string> dead_;
};

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_STATEMENTS_H_
