#include "sql/work.h"

#include <algorithm>
#include <utility>

#include "pool/checks.h"

namespace dbp {

Nanos QueryTimeout(const Pool& pool, Nanos timeout) {
  return timeout == kDefaultTimeout ? pool.config().query_timeout : timeout;
}

Status Perform(dbpool_conn token, Work& work, Nanos timeout, std::unique_ptr<Rows>* rows) {
  Lease lease;
  DBP_RETURN_IF_ERROR(lease.Pin(token));
  if (!work.reads_stream()) DBP_RETURN_IF_ERROR(NoOpenStream(lease));
  const Deadline deadline = Deadline::After(QueryTimeout(lease.pool(), timeout));
  DBP_RETURN_IF_ERROR(work.Start(lease, deadline));
  return work.End(lease, Run(lease, deadline, rows, work.at_deadline()));
}

Status QueryWork::Start(Lease& lease, Deadline deadline) {
  lease.connection().StartQuery(query_, deadline);
  return Status::Ok();
}

Status FetchWork::Start(Lease& lease, Deadline deadline) {
  lease.connection().StartFetch(rows_, max_, deadline);
  return Status::Ok();
}

Status DescribeWork::Start(Lease& lease, Deadline deadline) {
  lease.connection().StartDescribe(sql_, deadline);
  return Status::Ok();
}

Nanos PingTimeout(Nanos timeout) {
  return timeout == kDefaultTimeout ? timeout : std::max(timeout, 50 * kMillisecond);
}

Status PingWork::Start(Lease& lease, Deadline deadline) {
  lease.connection().StartPing(deadline);
  return Status::Ok();
}

Status PingWork::End(Lease&, Status outcome) {
  return std::move(outcome.set_phase(DBPOOL_PHASE_PING));
}

// ---- transactions

namespace {

Status Refused(const char* sqlstate, const char* message) {
  return Status::Error(DBPOOL_ERR_SQL, message, DBPOOL_PHASE_QUERY, sqlstate, DBPOOL_FLAG_NOT_SENT);
}

Status StartInTransaction(Lease& lease, std::string_view sql, Deadline deadline) {
  if (lease.connection().tx_state() == TxState::kNone) {
    return Refused("25P01", "no transaction is open on this lease");
  }
  lease.connection().StartQuery({.sql = sql}, deadline);
  return Status::Ok();
}

Status EndReadOnly(Lease& lease) {
  Slot& slot = lease.slot();
  if (!slot.read_only_tx) return Status::Ok();
  slot.read_only_tx = false;
  return lease.connection().SetReadOnly(slot.read_only);
}

std::string Quoted(std::string_view name) {
  std::string text = "\"";
  for (char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

}  // namespace

Status LeaveReadOnlyTransaction(Lease& lease, Status outcome) {
  const Connection& connection = lease.connection();
  if (!lease.slot().read_only_tx || connection.broken() || connection.tx_state() != TxState::kNone) return outcome;
  Status ended = EndReadOnly(lease);
  return outcome.ok() ? std::move(ended) : std::move(outcome);
}

Status QueryWork::End(Lease& lease, Status outcome) { return LeaveReadOnlyTransaction(lease, std::move(outcome)); }

Status BeginWork::Start(Lease& lease, Deadline deadline) {
  if (lease.connection().tx_state() != TxState::kNone) {
    return Refused("25001", "a transaction is open on this lease already");
  }
  DBP_RETURN_IF_ERROR(EndReadOnly(lease));
  sql_ = lease.pool().driver().BeginSql(options_);
  lease.connection().StartQuery({.sql = sql_}, deadline);
  return Status::Ok();
}

Status BeginWork::End(Lease& lease, Status outcome) {
  if (!outcome.ok() || !(options_.flags & DBPOOL_TX_READ_ONLY)) return outcome;
  lease.slot().read_only_tx = true;
  return lease.connection().SetReadOnly(true);
}

Status CommitWork::Start(Lease& lease, Deadline deadline) {
  return StartInTransaction(lease, "COMMIT", deadline);
}

Status CommitWork::End(Lease& lease, Status outcome) {
  const bool lost = outcome.has_flag(DBPOOL_FLAG_CONN_BROKEN) || lease.connection().broken();
  if (outcome.failed() && lost && !outcome.has_flag(DBPOOL_FLAG_NOT_SENT)) {
    outcome.add_flags(DBPOOL_FLAG_OUTCOME_UNKNOWN);
  }
  // 25P02 ends the transaction, too; a busy SQLite leaves it open for another try.
  return LeaveReadOnlyTransaction(lease, std::move(outcome));
}

Status RollbackWork::Start(Lease& lease, Deadline deadline) {
  return StartInTransaction(lease, "ROLLBACK", deadline);
}

Status RollbackWork::End(Lease& lease, Status outcome) {
  return outcome.ok() ? EndReadOnly(lease) : std::move(outcome);
}

Status SavepointWork::Make(SavepointVerb verb, std::string_view name, std::unique_ptr<Work>* out) {
  constexpr size_t kLongestName = 63;
  if (name.empty() || name.size() > kLongestName || name.find('\0') != name.npos) {
    return Status::Invalid("the name of a savepoint has 1 to 63 bytes");
  }
  *out = std::make_unique<SavepointWork>(verb, name);
  return Status::Ok();
}

SavepointWork::SavepointWork(SavepointVerb verb, std::string_view name) {
  constexpr const char* kVerbs[] = {"SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "};
  sql_ = kVerbs[static_cast<size_t>(verb)] + Quoted(name);
}

Status SavepointWork::Start(Lease& lease, Deadline deadline) {
  return StartInTransaction(lease, sql_, deadline);
}

}  // namespace dbp
