#ifndef DBP_CLI_DEMO_REPORT_H_
#define DBP_CLI_DEMO_REPORT_H_

#include <dbpool/pool.h>

#include <string>

#include "cli/load.h"
#include "cli/terminal.h"

namespace dbp::cli {

/// Step (b)'s picture: how long callers waited.
std::string RenderWaits(const Look& look, const LoadResult& burst);

/// Step (c): the pool's own counts.
std::string RenderStatistics(const dbpool_statistics& statistics);

/// The end: a table of both ways, and bars of throughput, p50, p99 and max.
std::string RenderComparison(const Look& look, const LoadResult& without, const LoadResult& with);

/// Failed requests of a step, or "".
std::string RenderFailures(const Look& look, const LoadResult& result);

}  // namespace dbp::cli

#endif  // DBP_CLI_DEMO_REPORT_H_
