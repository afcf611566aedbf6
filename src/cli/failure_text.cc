#include "cli/failure_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/commands.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

constexpr const char* kPhases[] = {"", "queue", "connect", "ping", "reset", "query", "close"};

const char* PhaseName(uint32_t phase) {
  return phase < std::size(kPhases) ? kPhases[phase] : "";
}

// Where `position` (from 1) is in the statement, in bytes. PostgreSQL counts characters, SQLite
// bytes; only SQLite's errors have a native code.
size_t ByteOffset(const std::string& sql, const dbpool_error* error) {
  const auto position = static_cast<size_t>(dbpool_error_position(error) - 1);
  if (dbpool_error_native_code(error) != 0) return std::min(position, sql.size());
  size_t offset = 0;
  for (size_t character = 0; character < position && offset < sql.size(); ++character)
    offset += CodePointSize(sql, offset);
  return offset;
}

// The line of the statement with the error, and a caret under the place.
std::string Caret(const std::string& sql, const dbpool_error* error) {
  if (sql.empty() || dbpool_error_position(error) <= 0) return "";
  const size_t offset = ByteOffset(sql, error);
  const size_t newline = offset == 0 ? std::string::npos : sql.rfind('\n', offset - 1);
  const size_t start = newline == std::string::npos ? 0 : newline + 1;
  const size_t end = std::min(sql.find('\n', start), sql.size());
  const auto line_number =
      std::count(sql.begin(), sql.begin() + static_cast<long>(start), '\n') + 1;
  const std::string label = fmt::format("  line {}: ", line_number);
  // A window around the place keeps a long line readable.
  constexpr size_t kBefore = 40, kAfter = 30;
  size_t from = offset - start > kBefore ? offset - kBefore : start;
  while (from > start && IsContinuation(sql[from])) --from;
  size_t to = std::min(end, offset + kAfter);
  while (to < end && IsContinuation(sql[to])) ++to;
  const std::string before = Printable(sql.substr(from, offset - from));
  return fmt::format("{}{}{}\n{:{}}^\n", label, before, Printable(sql.substr(offset, to - offset)),
                     "", label.size() + DisplayWidth(before));
}

void AddLine(std::string* text, const char* label, const char* value) {
  if (*value) *text += fmt::format("  {}: {}\n", label, Printable(value));
}

}  // namespace

std::string DescribeFailure(const Failure& failure, const std::string& sql) {
  const dbpool_error* error = failure.error();
  const std::string state = dbpool_error_sqlstate(error);
  std::string text = fmt::format("dbpool: {}{}\n", Printable(failure.what()),
                                 state.empty() ? "" : fmt::format(" (SQLSTATE {})", state));
  text += Caret(sql, error);
  AddLine(&text, "detail", dbpool_error_detail(error));
  AddLine(&text, "hint", dbpool_error_hint(error));
  AddLine(&text, "cause", dbpool_error_cause(error));
  AddLine(&text, "table", dbpool_error_table(error));
  AddLine(&text, "column", dbpool_error_column(error));
  AddLine(&text, "constraint", dbpool_error_constraint(error));
  if (dbpool_error_flags(error) & DBPOOL_FLAG_OUTCOME_UNKNOWN)
    text += "  note: the connection was lost before the answer; the work may have been done\n";
  return text;
}

nlohmann::ordered_json FailureToJson(const Failure& failure) {
  const dbpool_error* error = failure.error();
  nlohmann::ordered_json json = {{"status", dbpool_status_name(failure.status())},
                                 {"message", failure.what()}};
  const std::pair<const char*, const char*> texts[] = {
      {"sqlstate", dbpool_error_sqlstate(error)},
      {"detail", dbpool_error_detail(error)},
      {"hint", dbpool_error_hint(error)},
      {"cause", dbpool_error_cause(error)},
      {"phase", PhaseName(dbpool_error_phase(error))}};
  for (const auto& [name, value] : texts) {
    if (*value) json[name] = value;
  }
  json["retryable"] = (dbpool_error_flags(error) & DBPOOL_FLAG_RETRYABLE) != 0;
  return json;
}

int ExitCodeOf(const Failure& failure) {
  return failure.status() == DBPOOL_ERR_OPTION ? kExitUsage : kExitFailed;
}

}  // namespace dbp::cli
