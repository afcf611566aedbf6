#ifndef DBP_CLI_FAILURE_TEXT_H_
#define DBP_CLI_FAILURE_TEXT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/api.h"

namespace dbp::cli {

/// All a failure knows, as lines for stderr. sql: the statement, for the caret under its line; ""
/// if there is none.
std::string DescribeFailure(const Failure& failure, const std::string& sql);

/// The same as a JSON object; empty fields are left out.
nlohmann::ordered_json FailureToJson(const Failure& failure);

/// kExitUsage for a wrong option or URI, else kExitFailed.
int ExitCodeOf(const Failure& failure);

}  // namespace dbp::cli

#endif  // DBP_CLI_FAILURE_TEXT_H_
