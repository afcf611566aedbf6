#include <cstdio>
#include <string_view>
#include <utility>

#include "cli/result_writer.h"

namespace dbp::cli {

namespace {

class CsvWriter : public ResultWriter {
 public:
  explicit CsvWriter(std::string null) : null_(std::move(null)) {}

  void Begin(std::span<const dbpool_column> columns) override {
    if (columns.empty()) return;
    std::string line = first_ ? "" : "\r\n";
    first_ = false;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) line += ',';
      AppendField(&line, columns[i].name);
    }
    Write(line + "\r\n");
  }

  void Rows(const dbpool_batch& batch) override {
    std::string lines;
    for (uint32_t r = 0; r < batch.row_count; ++r) {
      for (uint32_t c = 0; c < batch.column_count; ++c) {
        const dbpool_value& value = batch.cells[r * batch.column_count + c];
        if (c > 0) lines += ',';
        if (value.type == DBPOOL_NULL)
          lines += null_;
        else
          AppendField(&lines, FormatValue(value));
      }
      lines += "\r\n";
    }
    Write(lines);
  }

  void End(const Result&) override {}
  bool streams() const override { return true; }

 private:
  static void Write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

  // Quoted where it must be, and where it would look like NULL.
  void AppendField(std::string* line, std::string_view field) const {
    if (field != null_ && field.find_first_of(",\"\r\n") == std::string_view::npos &&
        !field.empty()) {
      *line += field;
      return;
    }
    *line += '"';
    for (const char c : field) {
      if (c == '"') *line += '"';
      *line += c;
    }
    *line += '"';
  }

  const std::string null_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeCsvWriter(std::string null) {
  return std::make_unique<CsvWriter>(std::move(null));
}

}  // namespace dbp::cli
