#ifndef DBP_CLI_DEMO_STEPS_H_
#define DBP_CLI_DEMO_STEPS_H_

#include <cstdint>
#include <string>

#include "cli/api.h"
#include "cli/load.h"
#include "cli/scratch.h"
#include "cli/terminal.h"

namespace dbp::cli {

inline constexpr uint32_t kDemoConnections = 8;
inline constexpr uint32_t kBurstThreads = 64;
inline constexpr int64_t kBurstWork =
    2'000'000;  ///< ns a borrower keeps its connection after the query

inline constexpr const char* kWithoutPool = "open-query-close";
inline constexpr const char* kWithPool = "pooled";

/// As many as the machine has processors, 2 to 8: nobody waits for a connection, and few for a
/// processor.
uint32_t ComparisonThreads();

/// Step (a), once per pool: the same point query from the same number of threads, for `duration`
/// ns; live while it runs, then one line with the figures.
LoadResult RunComparison(const Look& look, const char* label, const Pool& pool,
                         const ScratchTable& table, int64_t duration);

/// Step (b): all kBurstThreads at once, again and again, on the pool's connections. Each borrows
/// one, asks, works for kBurstWork with it, and gives it back.
LoadResult RunBurst(const Look& look, const Pool& pool, const ScratchTable& table,
                    int64_t duration);

}  // namespace dbp::cli

#endif  // DBP_CLI_DEMO_STEPS_H_
