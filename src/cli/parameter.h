#ifndef DBP_CLI_PARAMETER_H_
#define DBP_CLI_PARAMETER_H_

#include <string>
#include <vector>

#include "cli/api.h"

namespace dbp::cli {

/// The parameters of a statement, as typed on the command line, and the memory they point to.
///
/// A value is text unless it starts with the letter of a type and a colon: i:42, f:1.5, b:true,
/// x:0aff (bytes), null: (nothing after it), t:text (for text that would look like one of these).
/// PostgreSQL infers the type of text and numbers from the statement.
class Parameters {
 public:
  /// Throws std::invalid_argument, naming the parameter, for a value its type cannot hold.
  explicit Parameters(std::vector<std::string> arguments);

  std::span<const dbpool_value> values() const { return values_; }

 private:
  std::vector<std::string> memory_;
  std::vector<dbpool_value> values_;
};

}  // namespace dbp::cli

#endif  // DBP_CLI_PARAMETER_H_
