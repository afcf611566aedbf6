#ifndef DBP_SQL_TRANSACTION_H_
#define DBP_SQL_TRANSACTION_H_

#include <dbpool/types.h>

#include <functional>
#include <optional>
#include <string_view>

#include "pool/pool.h"
#include "sql/work.h"

namespace dbp {

Status Begin(dbpool_conn token, const dbpool_tx_options& options, Nanos timeout);
Status Commit(dbpool_conn token);
Status Rollback(dbpool_conn token);

Status Savepoint(dbpool_conn token, SavepointVerb verb, std::string_view name);

/// The work of a transaction; OK commits. It may run several times.
using TransactionBody = std::function<Status(dbpool_conn)>;
/// Acquire, begin, body, commit or roll back, release; again while the database says that this may help.
Status RunTransaction(Pool& pool, const TransactionBody& body, const dbpool_tx_options& options,
                      Nanos timeout);

/// For those who step through a transaction themselves: how long to wait before it is run again, if its `failure` at
/// that attempt (from 1) is one that another run may mend.
std::optional<Nanos> PauseBeforeRetry(const Pool& pool, const Status& failure, const dbpool_tx_options& options,
                                      uint32_t attempt);

}  // namespace dbp

#endif  // DBP_SQL_TRANSACTION_H_
