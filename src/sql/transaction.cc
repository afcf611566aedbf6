#include "sql/transaction.h"

namespace dbp {

Status Begin(dbpool_conn token, const dbpool_tx_options& options, Nanos timeout) {
  BeginWork work(options);
  return Perform(token, work, timeout, nullptr);
}

Status Commit(dbpool_conn token) {
  CommitWork work;
  return Perform(token, work, kDefaultTimeout, nullptr);
}

Status Rollback(dbpool_conn token) {
  RollbackWork work;
  return Perform(token, work, kDefaultTimeout, nullptr);
}

Status Savepoint(dbpool_conn token, SavepointVerb verb, std::string_view name) {
  std::unique_ptr<Work> work;
  DBP_RETURN_IF_ERROR(SavepointWork::Make(verb, name, &work));
  return Perform(token, *work, kDefaultTimeout, nullptr);
}

}  // namespace dbp
