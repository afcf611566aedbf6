#ifndef DBP_DRIVER_POSTGRES_ERRORS_H_
#define DBP_DRIVER_POSTGRES_ERRORS_H_

#include <string_view>

#include "base/secret.h"
#include "base/status.h"
#include "driver/postgres/libpq.h"

// What the server or libpq says, as a Status. One table decides what each SQLSTATE means.

namespace dbp::postgres {

/// A statement's failure. A lost connection is FromLoss()'s matter.
Status FromResult(const PGresult* result, uint32_t phase);

/// Whether the server ends the session with this error (FATAL, PANIC).
bool EndsSession(const PGresult* result);

/// The connection is gone; error is what is known of why (OK: nothing), flags are added.
Status FromLoss(Status error, uint32_t phase, uint32_t flags);

/// A connect that failed, from the text of libpq in its VERBOSE form. The password is cut out.
Status FromConnectText(std::string_view text, const Secret& password);

/// Prepared by name, and that is what went wrong: the statement has not run.
bool IsPoisoned(const Status& status);

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_ERRORS_H_
