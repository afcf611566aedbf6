#include "driver/postgres/connection.h"
#include "driver/pump.h"

namespace dbp::postgres {
namespace {

constexpr char kInspectSql[] =
    "SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(), "
    "CURRENT_USER::pg_catalog.text, pg_catalog.pg_is_in_recovery(), "
    "pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on', "
    "pg_catalog.current_setting('max_connections')::pg_catalog.int8, "
    "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity "
    "WHERE backend_type OPERATOR(pg_catalog.=) 'client backend')";

std::string Text(const dbpool_value& cell) {
  return cell.data ? std::string(cell.data, cell.size) : "";
}

std::string TlsOf(PGconn* pg) {
  if (!PQsslInUse(pg)) return "";
  const char* protocol = PQsslAttribute(pg, "protocol");
  const char* cipher = PQsslAttribute(pg, "cipher");
  return std::string(protocol ? protocol : "TLS") + (cipher ? std::string(" ") + cipher : "");
}

}  // namespace

Status PgConnection::Inspect(Deadline deadline, ServerInfo* out) {
  if (Begin(Op::kQuery)) SendText(kInspectSql);
  if (!Pump(*this, deadline)) {
    Abort();
    return Status::Error(DBPOOL_ERR_TIMEOUT, "the server did not say what it is in time",
                         DBPOOL_PHASE_QUERY, "", DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_CONN_BROKEN);
  }
  std::unique_ptr<Rows> rows;
  DBP_RETURN_IF_ERROR(Finish(&rows));
  const Rows::Batch batch = rows->Take(1);
  if (batch.rows != 1 || rows->columns().size() != 7) {
    return Status::Error(DBPOOL_ERR_INTERNAL, "the server's answer has another form",
                         DBPOOL_PHASE_QUERY);
  }
  const dbpool_value* cells = batch.cells;
  out->product = "PostgreSQL";
  out->version = Text(cells[0]);
  out->database = Text(cells[1]);
  out->user = Text(cells[2]);
  out->in_recovery = cells[3].num.i64 != 0;
  out->read_only = cells[4].num.i64 != 0;
  out->max_connections = cells[5].num.i64;
  out->sessions = cells[6].num.i64;
  out->tls = TlsOf(pg_);
  return Status::Ok();
}

}  // namespace dbp::postgres
