#ifndef DBP_DRIVER_POSTGRES_LIBPQ_H_
#define DBP_DRIVER_POSTGRES_LIBPQ_H_

#include <libpq-fe.h>

#include <memory>
#include <string>

// Owners for what libpq hands out. All of this room is in dbp::postgres: the drivers are linked
// together, and the other one has Params and Statements as well. Never used here: PQfn, lo_*,
// PQtrace (hostile servers), select(2).

namespace dbp::postgres {

struct PgDeleter {
  void operator()(PGresult* p) const { PQclear(p); }
  void operator()(PGcancel* p) const { PQfreeCancel(p); }
  void operator()(PQconninfoOption* p) const { PQconninfoFree(p); }
  void operator()(char* p) const { PQfreemem(p); }
};
using ResultPtr = std::unique_ptr<PGresult, PgDeleter>;
using CancelPtr = std::unique_ptr<PGcancel, PgDeleter>;
using ConninfoPtr = std::unique_ptr<PQconninfoOption, PgDeleter>;
using PgText = std::unique_ptr<char, PgDeleter>;

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_LIBPQ_H_
