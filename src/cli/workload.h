#ifndef DBP_CLI_WORKLOAD_H_
#define DBP_CLI_WORKLOAD_H_

#include <optional>
#include <string>

#include "cli/api.h"
#include "cli/load.h"

namespace dbp::cli {

enum class Workload { kAcquire, kPoint, kMixed, kScan };

/// "acquire", "point", "mixed" or "scan"; nothing for another word.
std::optional<Workload> WorkloadOf(const std::string& name);

/// The request of a workload, on a table as ScratchTable makes it. Each borrows a connection,
/// works, and gives it back.
///  acquire  nothing in between
///  point    one row by its key
///  mixed    4 of 5 as point, else an update of one row by its key
///  scan     all rows, buffered, every batch read
/// The pool must outlive the work.
Work MakeWork(Workload workload, const Pool& pool, const std::string& table, int64_t rows);

}  // namespace dbp::cli

#endif  // DBP_CLI_WORKLOAD_H_
