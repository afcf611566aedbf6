#ifndef DBP_DRIVER_SQLITE_ERRORS_H_
#define DBP_DRIVER_SQLITE_ERRORS_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "base/status.h"
#include "options/config.h"
#include "driver/sqlite/watch.h"

namespace dbp::sqlite {

/// The last failure of a handle as a status: what the watch stopped as TIMEOUT, CANCELLED or
/// BROKEN, all else as SQL with the nearest SQLSTATE. offset: where in the caller's text the
/// statement begins.
Status SqliteError(sqlite3* db, int rc, uint32_t phase, const Watch& watch, size_t offset = 0);

/// Why a database could not be opened, naming its path and what to do. Looks at the file with
/// stat(2) and access(2) only: opening and closing it would drop the process's locks on it.
Status SqliteConnectError(sqlite3* db, int rc, const std::string& path, SqliteMode mode,
                          const Watch& watch);

/// A write that is refused before it runs.
Status ReadOnlyError();

}  // namespace dbp::sqlite

#endif  // DBP_DRIVER_SQLITE_ERRORS_H_
