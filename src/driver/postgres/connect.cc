#include "driver/postgres/connect.h"

#include <poll.h>

#include <algorithm>
#include <random>

#include "driver/postgres/conninfo.h"
#include "driver/postgres/errors.h"
#include "driver/pump.h"

// Connecting, with our own deadline over TCP, TLS and authentication: libpq's connect_timeout
// covers none of the last two, and its non-blocking mode never leaves a host that accepts and then
// keeps silent. So each host is an attempt of its own, with its share of the time left.

namespace dbp::postgres {
namespace {

constexpr Nanos kSlice = 100 * kMillisecond;  // between two looks at *abandoned
constexpr Nanos kShareWithoutLimit =
    30 * kSecond;  // per host, but for the last, if there is no deadline

struct ConnDeleter {
  void operator()(PGconn* pg) const { PQfinish(pg); }
};
using ConnPtr = std::unique_ptr<PGconn, ConnDeleter>;

void DropNotice(void*, const PGresult*) {}

bool Abandoned(const std::atomic<bool>* flag) {
  return flag && flag->load(std::memory_order_relaxed);
}

Status GivenUp() {
  return Status::Error(DBPOOL_ERR_CANCELLED, "connecting was given up", DBPOOL_PHASE_CONNECT, "",
                       DBPOOL_FLAG_CANCELLED);
}

std::string NameOf(const PostgresHost* host) {
  if (!host) return "the server";
  std::string name = host->host.empty() ? host->hostaddr : host->host;
  if (name.empty()) name = "localhost";
  return "\"" + name + "\"" + (host->port.empty() ? "" : ", port " + host->port);
}

const char* StepName(ConnStatusType status) {
  switch (status) {
    case CONNECTION_NEEDED:
    case CONNECTION_STARTED:
      return "its network connection";
    case CONNECTION_MADE:
      return "its first answer";
    case CONNECTION_SSL_STARTUP:
      return "TLS";
    case CONNECTION_AWAITING_RESPONSE:
      return "authentication";
    default:
      return "the start of the session";
  }
}

Status TimedOut(const PostgresHost* host, const char* step) {
  return Status::Error(DBPOOL_ERR_TIMEOUT,
                       "connecting to " + NameOf(host) + " took too long, waiting for " + step,
                       DBPOOL_PHASE_CONNECT, "", DBPOOL_FLAG_TIMEOUT | DBPOOL_FLAG_RETRYABLE);
}

struct Attempt {
  const Config& config;
  const PostgresHost* host;  // NULL: libpq decides
  const char* session_attrs;
  Deadline deadline;
  const std::atomic<bool>* abandoned;
};

// Drives libpq until the session is open.
Status Establish(const Attempt& attempt, PGconn* pg) {
  PostgresPollingStatusType want = PGRES_POLLING_WRITING;
  while (want != PGRES_POLLING_OK) {
    if (want == PGRES_POLLING_FAILED || PQstatus(pg) == CONNECTION_BAD) {
      return FromConnectText(PQerrorMessage(pg), attempt.config.postgres.password);
    }
    const short events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd p = {PQsocket(pg), events, 0};  // asked anew each time: libpq changes sockets
    for (int ready = 0; ready <= 0;) {
      if (Abandoned(attempt.abandoned)) return GivenUp();
      if (attempt.deadline.Passed()) return TimedOut(attempt.host, StepName(PQstatus(pg)));
      ready = poll(&p, 1, attempt.deadline.Earlier(Deadline::After(kSlice)).PollMillis());
    }
    want = PQconnectPoll(pg);
  }
  return Status::Ok();
}

Status SetUp(const Attempt& attempt, PgConnection* connection) {
  connection->StartSetup();
  while (!Pump(*connection, attempt.deadline.Earlier(Deadline::After(kSlice)))) {
    if (Abandoned(attempt.abandoned)) return GivenUp();
    if (attempt.deadline.Passed())
      return TimedOut(attempt.host, "the session's settings and init_sql");
  }
  return connection->Finish(nullptr);
}

Status ConnectOne(const Attempt& attempt, const std::shared_ptr<const Config>& config,
                  std::unique_ptr<Connection>* out) {
  const Conninfo info(attempt.config, attempt.host, attempt.session_attrs);
  ConnPtr pg(PQconnectStartParams(info.keywords(), info.values(), 0));
  if (!pg) return Status::NoMemory();
  PQsetErrorVerbosity(pg.get(),
                      PQERRORS_VERBOSE);  // only so does the text of a failure have the SQLSTATE
  PQsetNoticeReceiver(pg.get(), &DropNotice, nullptr);
  DBP_RETURN_IF_ERROR(Establish(attempt, pg.get()));
  PQsetErrorVerbosity(pg.get(), PQERRORS_DEFAULT);
  auto connection = std::make_unique<PgConnection>(pg.release(), config);
  DBP_RETURN_IF_ERROR(SetUp(attempt, connection.get()));
  *out = std::move(connection);
  return Status::Ok();
}

// A server that refuses the user, the database or our init_sql speaks for all hosts, as in libpq.
// One that is starting, full or gone does not, nor one that is not of the kind asked for.
bool TriesNextHost(const Status& status) {
  if (status.code() == DBPOOL_ERR_TIMEOUT) return true;
  if (status.code() != DBPOOL_ERR_CONNECT && status.code() != DBPOOL_ERR_BROKEN) return false;
  return status.sqlstate().empty() || status.has_flag(DBPOOL_FLAG_RETRYABLE);
}

Deadline ShareOf(Deadline deadline, size_t attempts_left) {
  if (attempts_left <= 1) return deadline;
  if (deadline.never()) return Deadline::After(kShareWithoutLimit);
  return Deadline::After(deadline.Left() / static_cast<Nanos>(attempts_left));
}

// The last failure, with those before it in its detail.
Status Joined(Status last, std::string earlier) {
  if (!earlier.empty() && last.info()) {
    std::string& detail = last.mutable_info().detail;
    detail = detail.empty() ? std::move(earlier) : detail + "; " + earlier;
  }
  return last;
}

}  // namespace

Status ConnectToAny(const std::shared_ptr<const Config>& config, Deadline deadline,
                    const std::atomic<bool>* abandoned, std::unique_ptr<Connection>* out) {
  std::vector<const PostgresHost*> hosts;
  for (const PostgresHost& host : config->postgres.hosts) hosts.push_back(&host);
  if (KeywordOf(config->postgres, "load_balance_hosts") == "random") {
    std::shuffle(hosts.begin(), hosts.end(), std::minstd_rand(std::random_device{}()));
  }
  std::vector<const char*> passes = {nullptr};
  if (KeywordOf(config->postgres, "target_session_attrs") == "prefer-standby" && hosts.size() > 1) {
    passes = {"standby", "any"};
  }
  if (hosts.empty()) hosts.push_back(nullptr);
  size_t left = hosts.size() * passes.size();
  std::string earlier;
  for (const char* attrs : passes) {
    for (const PostgresHost* host : hosts) {
      const Attempt attempt = {*config, host, attrs, ShareOf(deadline, left), abandoned};
      Status status = ConnectOne(attempt, config, out);
      if (status.ok()) return status;
      if (--left == 0 || !TriesNextHost(status) || deadline.Passed())
        return Joined(std::move(status), earlier);
      earlier += (earlier.empty() ? "before it " : "; ") + NameOf(host) + ": " +
                 std::string(status.message());
    }
  }
  return Status::Error(DBPOOL_ERR_INTERNAL, "no host to connect to", DBPOOL_PHASE_CONNECT);
}

}  // namespace dbp::postgres
