#include "sql/transaction.h"

#include <string>

#include "sql/connection.h"
#include "sql/run.h"

namespace dbp {

namespace {

constexpr size_t kLongestName = 63;

Status Refused(const char* sqlstate, const char* message) {
  return Status::Error(DBPOOL_ERR_SQL, message, DBPOOL_PHASE_QUERY, sqlstate,
                       DBPOOL_FLAG_NOT_SENT);
}

Status NoTransaction() { return Refused("25P01", "no transaction is open on this lease"); }

Deadline DefaultDeadline(const Lease& lease) {
  return Deadline::After(lease.pool().config().query_timeout);
}

Status PinForTransaction(dbpool_conn token, Lease* lease) {
  DBP_RETURN_IF_ERROR(lease->Pin(token));
  return NoOpenStream(*lease);
}

/// A read-only transaction is over: the lease may write again as far as it was acquired for that.
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

Status Begin(dbpool_conn token, const dbpool_tx_options& options, Nanos timeout) {
  Lease lease;
  DBP_RETURN_IF_ERROR(PinForTransaction(token, &lease));
  Connection& connection = lease.connection();
  if (connection.tx_state() != TxState::kNone) {
    return Refused("25001", "a transaction is open on this lease already");
  }
  const Deadline deadline =
      timeout == kDefaultTimeout ? DefaultDeadline(lease) : Deadline::After(timeout);
  DBP_RETURN_IF_ERROR(EndReadOnly(lease));
  DBP_RETURN_IF_ERROR(Execute(lease, lease.pool().driver().BeginSql(options), deadline));
  if (!(options.flags & DBPOOL_TX_READ_ONLY)) return Status::Ok();
  lease.slot().read_only_tx = true;
  return connection.SetReadOnly(true);
}

Status Commit(dbpool_conn token) {
  Lease lease;
  DBP_RETURN_IF_ERROR(PinForTransaction(token, &lease));
  if (lease.connection().tx_state() == TxState::kNone) return NoTransaction();
  Status status = Execute(lease, "COMMIT", DefaultDeadline(lease));
  const bool lost = status.has_flag(DBPOOL_FLAG_CONN_BROKEN) || lease.connection().broken();
  if (status.failed() && lost && !status.has_flag(DBPOOL_FLAG_NOT_SENT)) {
    status.add_flags(DBPOOL_FLAG_OUTCOME_UNKNOWN);
  }
  // 25P02 ends the transaction, too; a busy SQLite leaves it open for another try.
  if (!lost && lease.connection().tx_state() == TxState::kNone) {
    if (Status ended = EndReadOnly(lease); ended.failed() && status.ok()) return ended;
  }
  return status;
}

Status Rollback(dbpool_conn token) {
  Lease lease;
  DBP_RETURN_IF_ERROR(PinForTransaction(token, &lease));
  if (lease.connection().tx_state() == TxState::kNone) return NoTransaction();
  DBP_RETURN_IF_ERROR(Execute(lease, "ROLLBACK", DefaultDeadline(lease)));
  return EndReadOnly(lease);
}

Status Savepoint(dbpool_conn token, SavepointVerb verb, std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name.find('\0') != name.npos) {
    return Status::Invalid("the name of a savepoint has 1 to 63 bytes");
  }
  Lease lease;
  DBP_RETURN_IF_ERROR(PinForTransaction(token, &lease));
  if (lease.connection().tx_state() == TxState::kNone) return NoTransaction();
  const char* verbs[] = {"SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "};
  return Execute(lease, verbs[static_cast<size_t>(verb)] + Quoted(name), DefaultDeadline(lease));
}

}  // namespace dbp
