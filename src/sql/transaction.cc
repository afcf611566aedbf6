#include "sql/transaction.h"

#include "sql/work.h"

namespace dbp {

namespace {

constexpr size_t kLongestName = 63;

}  // namespace

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
  if (name.empty() || name.size() > kLongestName || name.find('\0') != name.npos) {
    return Status::Invalid("the name of a savepoint has 1 to 63 bytes");
  }
  const char* verbs[] = {"SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "};
  SavepointWork work(verbs[static_cast<size_t>(verb)], name);
  return Perform(token, work, kDefaultTimeout, nullptr);
}

}  // namespace dbp
