#ifndef DBP_TESTS_UNIT_DRIVER_POSTGRES_FIXTURE_H_
#define DBP_TESTS_UNIT_DRIVER_POSTGRES_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "driver/postgres/driver.h"
#include "driver/pump.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/testing.h"

namespace dbp {

inline constexpr char kPassword[] = "dbpool-test";

dbpool_value Int(int64_t i);
dbpool_value Text(std::string_view text);
dbpool_value Bytes(std::string_view bytes);

/// The superuser over the unix socket.
Config SocketConfig();
/// The role dbpool over TCP, with its password; port 0 is the server's.
Config TcpConfig(int port = 0);
/// Where the server's unix socket is.
std::unique_ptr<TcpProxy> MakeProxy();

Status Open(const Config& config, std::unique_ptr<Connection>* out, Nanos limit = kGenerous);
/// Aborts the test program if there is no connection.
std::unique_ptr<Connection> MustOpen(const Config& config);

/// Runs to the end. *rows may be NULL.
Status RunSql(Connection& c, std::string_view sql, std::vector<dbpool_value> params = {},
           std::unique_ptr<Rows>* rows = nullptr);
/// The first cell as text; the error's description instead.
std::string Ask(Connection& c, std::string_view sql, std::vector<dbpool_value> params = {});
/// As the pool does it: nothing if there is no need.
Status ResetNow(Connection& c, ResetMode mode);
std::string PidOf(Connection& c);
/// Ends another session and waits until the server has.
void Terminate(const std::string& pid);

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_DRIVER_POSTGRES_FIXTURE_H_
