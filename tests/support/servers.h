#ifndef DBP_TESTS_SUPPORT_SERVERS_H_
#define DBP_TESTS_SUPPORT_SERVERS_H_

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/testing.h"

// Servers that a test may treat badly. They belong to the process: made on its main thread, ended
// with it by the kernel's parent-death signal should it be killed, unprivileged should it be root.

namespace dbp {

/// A program, started and awaited by its own pid.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { Stop(SIGTERM); }

  /// As the owner of `owned_by` if we are root. stdin is /dev/null; stdout and stderr go to `log`.
  void Start(std::vector<std::string> command, const std::string& owned_by, const std::string& log);
  bool running();
  void Stop(int signal);
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// A PostgreSQL cluster of its own, made by tests/support/with_postgres.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  const std::string& url() const { return url_; }          ///< superuser, unix socket
  const std::string& tcp_url() const { return tcp_url_; }  ///< role dbpool, password, 127.0.0.1
  int port() const { return port_; }

  pid_t postmaster() const;  ///< by postmaster.pid
  void Signal(int signal) const;
  void StopImmediately();
  /// With more arguments for postgres; returns when it accepts connections.
  void Start(const std::vector<std::string>& arguments = {});
  /// Speaks TLS from then on, with a certificate for `host` signed by itself, whose path it returns: what
  /// a client gives as sslrootcert.
  std::string StartWithTls(const std::string& host);

 private:
  bool Ready() const;

  std::string url_, tcp_url_, data_, bin_;
  int port_ = 0;
  int stdin_ = -1;  ///< of the script, which ends when this is closed
  pid_t script_ = -1;
  Child server_;  ///< after the first StopImmediately()
  TempDir tls_;
};

/// PgBouncer before a server, on a free loopback port; role dbpool.
class PgBouncer {
 public:
  /// Whether the program is installed.
  static bool Available();
  /// mode: "transaction" or "session". `more` are lines of its [pgbouncer] section.
  PgBouncer(int postgres_port, const std::string& mode, const std::string& more = "");
  ~PgBouncer();

  std::string url() const;
  std::string Log() const;

 private:
  TempDir dir_;
  int port_ = 0;
  Child server_;
};

/// A loopback port that nobody listens on this moment.
int FreePort();
bool AcceptsConnections(int port);

}  // namespace dbp

#endif  // DBP_TESTS_SUPPORT_SERVERS_H_
