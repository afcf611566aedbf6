#include "tests/unit/driver_postgres/fixture.h"

#include <cstdlib>

#include "driver/postgres/libpq.h"

namespace dbp {
namespace {

Config FromUri(const char* variable) {
  const char* uri = std::getenv(variable);
  if (!uri) {
    std::fprintf(stderr, "%s is not set: run by tests/support/with_postgres\n", variable);
    std::abort();
  }
  const postgres::ConninfoPtr options(PQconninfoParse(uri, nullptr));
  Config config;
  config.kind = DatabaseKind::kPostgres;
  PostgresHost host;
  for (const PQconninfoOption* o = options.get(); o->keyword; ++o) {
    const std::string name = o->keyword, value = o->val ? o->val : "";
    if (value.empty()) continue;
    if (name == "host") {
      host.host = value;
    } else if (name == "port") {
      host.port = value;
    } else if (name == "password") {
      config.postgres.password = Secret(value);
    } else {
      config.postgres.keywords.emplace_back(name, value);
    }
  }
  config.postgres.hosts = {host};
  return config;
}

}  // namespace

dbpool_value Int(int64_t i) {
  dbpool_value v = {};
  v.type = DBPOOL_INT64;
  v.num.i64 = i;
  return v;
}

dbpool_value Text(std::string_view text) {
  return {text.data(), static_cast<uint32_t>(text.size()), DBPOOL_TEXT, 0, 0, {0}};
}

dbpool_value Bytes(std::string_view bytes) {
  return {bytes.data(), static_cast<uint32_t>(bytes.size()), DBPOOL_BYTES, 0, 0, {0}};
}

Config SocketConfig() {
  return FromUri("DBPOOL_TEST_POSTGRES_URL");
}

Config TcpConfig(int port) {
  Config config = FromUri("DBPOOL_TEST_POSTGRES_TCP_URL");
  if (port) config.postgres.hosts[0].port = std::to_string(port);
  return config;
}

std::unique_ptr<TcpProxy> MakeProxy() {
  return std::make_unique<TcpProxy>("127.0.0.1", std::stoi(TcpConfig().postgres.hosts[0].port));
}

Status Open(const Config& config, std::unique_ptr<Connection>* out, Nanos limit) {
  std::unique_ptr<Driver> driver;
  DBP_RETURN_IF_ERROR(MakePostgresDriver(config, &driver));
  return driver->Connect(Deadline::After(limit), nullptr, out);
}

std::unique_ptr<Connection> MustOpen(const Config& config) {
  std::unique_ptr<Connection> connection;
  const Status status = Open(config, &connection);
  if (!status.ok()) {
    std::fprintf(stderr, "no connection: %s\n", Describe(status).c_str());
    std::abort();
  }
  return connection;
}

Status RunSql(Connection& c, std::string_view sql, std::vector<dbpool_value> params,
           std::unique_ptr<Rows>* rows) {
  c.StartQuery(Query{sql, params, false, false}, Deadline::Never());
  if (!Pump(c, Deadline::After(kGenerous))) return Status::Error(DBPOOL_ERR_INTERNAL, "it hangs");
  return c.Finish(rows);
}

std::string Ask(Connection& c, std::string_view sql, std::vector<dbpool_value> params) {
  std::unique_ptr<Rows> rows;
  const Status status = RunSql(c, sql, std::move(params), &rows);
  if (!status.ok()) return Describe(status);
  const Rows::Batch batch = rows->Take(1);
  if (batch.rows == 0) return "(no row)";
  const dbpool_value& cell = batch.cells[0];
  return cell.type == DBPOOL_NULL ? "(null)" : std::string(cell.data, cell.size);
}

Status ResetNow(Connection& c, ResetMode mode) {
  if (!c.NeedsReset(mode)) return Status::Ok();
  c.StartReset(mode, Deadline::Never());
  if (!Pump(c, Deadline::After(kGenerous))) return Status::Error(DBPOOL_ERR_INTERNAL, "it hangs");
  return c.Finish(nullptr);
}

std::string PidOf(Connection& c) {
  return Ask(c, "SELECT pg_catalog.pg_backend_pid()");
}

void Terminate(const std::string& pid) {
  const auto other = MustOpen(SocketConfig());
  EXPECT_EQ(Ask(*other, "SELECT pg_terminate_backend(" + pid + ", 20000)"), "t");
}

}  // namespace dbp
