#ifndef DBP_CLI_REPORT_H_
#define DBP_CLI_REPORT_H_

#include <dbpool/pool.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/load.h"
#include "cli/terminal.h"

namespace dbp::cli {

/// What a benchmark was and what came of it.
struct BenchReport {
  std::string workload;
  uint32_t threads = 0;
  uint32_t users = 0;  ///< 0: none
  double rate = 0;     ///< per second; 0: none
  bool pooling = true;
  bool interrupted = false;
  LoadResult load;
  dbpool_statistics before = {}, after = {};
};

std::string RenderReport(const BenchReport& report, const Look& look);
nlohmann::ordered_json ReportToJson(const BenchReport& report);

}  // namespace dbp::cli

#endif  // DBP_CLI_REPORT_H_
