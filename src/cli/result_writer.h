#ifndef DBP_CLI_RESULT_WRITER_H_
#define DBP_CLI_RESULT_WRITER_H_

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "cli/api.h"
#include "cli/terminal.h"

namespace dbp::cli {

/// Writes results to stdout in one format: for each, Begin, Rows as often as there are batches,
/// End.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  /// No columns: a statement that gives no rows.
  virtual void Begin(std::span<const dbpool_column> columns) = 0;
  virtual void Rows(const dbpool_batch& batch) = 0;
  virtual void End(const Result& result) = 0;
  /// Whether rows are written as they come, so that memory stays bounded.
  virtual bool streams() const = 0;
};

/// An aligned table, then the number of rows. Holds a whole result to measure it.
std::unique_ptr<ResultWriter> MakeTableWriter(const Look& look, std::string null);

/// RFC 4180: a line of names, then the rows; a line ends in CR LF. An empty text is "", NULL is
/// `null` unquoted. Results are separated by an empty line; a statement without rows writes
/// nothing.
std::unique_ptr<ResultWriter> MakeCsvWriter(std::string null);

/// Each result one JSON document: an array of objects, one per line, or {"command", "affected"} for
/// a statement without rows. A name that occurs twice gets _2, _3 ...
std::unique_ptr<ResultWriter> MakeJsonWriter();

/// A value as text; REQUIRES: not NULL.
std::string FormatValue(const dbpool_value& value);

}  // namespace dbp::cli

#endif  // DBP_CLI_RESULT_WRITER_H_
