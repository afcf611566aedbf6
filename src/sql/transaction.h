#ifndef DBP_SQL_TRANSACTION_H_
#define DBP_SQL_TRANSACTION_H_

#include <dbpool/types.h>

#include <functional>
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

}  // namespace dbp

#endif  // DBP_SQL_TRANSACTION_H_
