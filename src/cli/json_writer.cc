#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "cli/result_writer.h"

namespace dbp::cli {

namespace {

std::string Quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The database's own digits: a numeric keeps all of them. What JSON has no number for (NaN,
// Infinity) is a text, and so is what only claims to be JSON.
std::string ToJson(const dbpool_value& value, uint32_t kind) {
  if (value.type == DBPOOL_NULL) return "null";
  const std::string text = FormatValue(value);
  const bool number = value.type == DBPOOL_INT64 || value.type == DBPOOL_BOOL ||
                      (value.type == DBPOOL_FLOAT64 && std::isfinite(value.num.f64));
  if (number) return text;
  const bool may_be_json = kind == DBPOOL_KIND_JSON || kind == DBPOOL_KIND_NUMERIC;
  if (may_be_json && value.type == DBPOOL_TEXT && nlohmann::json::accept(text)) return text;
  return Quote(text);
}

class JsonWriter : public ResultWriter {
 public:
  void Begin(std::span<const dbpool_column> columns) override {
    keys_.clear();
    kinds_.clear();
    rows_ = 0;
    std::set<std::string> used;
    for (const dbpool_column& column : columns) {
      std::string name = column.name;
      for (int n = 2; !used.insert(name).second; ++n) name = fmt::format("{}_{}", column.name, n);
      keys_.push_back(Quote(name));
      kinds_.push_back(column.kind);
    }
    if (!columns.empty()) fmt::print("[");
  }

  void Rows(const dbpool_batch& batch) override {
    std::string lines;
    for (uint32_t r = 0; r < batch.row_count; ++r) {
      lines += rows_++ == 0 ? "\n  {" : ",\n  {";
      for (uint32_t c = 0; c < batch.column_count; ++c) {
        if (c > 0) lines += ", ";
        lines += keys_[c];
        lines += ": ";
        lines += ToJson(batch.cells[r * batch.column_count + c], kinds_[c]);
      }
      lines += '}';
    }
    std::fwrite(lines.data(), 1, lines.size(), stdout);
  }

  void End(const Result& result) override {
    if (!keys_.empty()) {
      fmt::print("{}]\n", rows_ > 0 ? "\n" : "");
    } else {
      fmt::print("{{\"command\": {}, \"affected\": {}}}\n", Quote(result.Command()),
                 result.Affected());
    }
  }

  bool streams() const override { return true; }

 private:
  std::vector<std::string> keys_;  // quoted
  std::vector<uint32_t> kinds_;
  uint64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeJsonWriter() {
  return std::make_unique<JsonWriter>();
}

}  // namespace dbp::cli
