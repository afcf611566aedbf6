#include <cstdio>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/result_writer.h"
#include "cli/table.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

bool IsNumber(uint32_t kind) {
  return kind == DBPOOL_KIND_INTEGER || kind == DBPOOL_KIND_FLOAT || kind == DBPOOL_KIND_NUMERIC;
}

// "INSERT: 3 rows"; "CREATE TABLE" for what counts no rows.
std::string Summary(const Result& result) {
  const std::string_view command = result.Command();
  for (const char* counting : {"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"}) {
    if (command != counting) continue;
    return fmt::format("{}: {} row{}\n", command, Grouped(static_cast<uint64_t>(result.Affected())),
                       result.Affected() == 1 ? "" : "s");
  }
  return command.empty() ? "" : fmt::format("{}\n", command);
}

class TableWriter : public ResultWriter {
 public:
  TableWriter(const Look& look, std::string null) : look_(look), null_(std::move(null)) {}

  void Begin(std::span<const dbpool_column> columns) override {
    has_columns_ = !columns.empty();
    if (has_columns_) columns_ = columns;
    rows_.clear();
  }

  // Alignment comes from the values where the database declares no type (SQLite expressions), so
  // the table is laid out at the end.
  void Rows(const dbpool_batch& batch) override {
    for (uint32_t r = 0; r < batch.row_count; ++r) {
      std::vector<Table::Cell> row;
      for (uint32_t c = 0; c < batch.column_count; ++c) {
        const dbpool_value& value = batch.cells[r * batch.column_count + c];
        row.push_back(value.type == DBPOOL_NULL ? Table::Cell{null_, Ink::kDim}
                                                : Table::Cell{Printable(FormatValue(value))});
        Note(c, value);
      }
      rows_.push_back(std::move(row));
    }
  }

  void End(const Result& result) override {
    std::string text = first_ ? "" : "\n";
    first_ = false;
    text += has_columns_ ? Render() : Summary(result);
    std::fwrite(text.data(), 1, text.size(), stdout);
    texts_seen_.clear();
    numbers_seen_.clear();
  }

  bool streams() const override { return false; }

 private:
  void Note(uint32_t column, const dbpool_value& value) {
    texts_seen_.resize(columns_.size());
    numbers_seen_.resize(columns_.size());
    const bool number = value.type == DBPOOL_INT64 || value.type == DBPOOL_FLOAT64;
    if (number)
      numbers_seen_[column] = true;
    else if (value.type != DBPOOL_NULL)
      texts_seen_[column] = true;
  }

  std::string Render() {
    std::vector<Table::Column> titles;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const bool seen = i < numbers_seen_.size() && numbers_seen_[i] && !texts_seen_[i];
      titles.push_back({Printable(columns_[i].name), seen || IsNumber(columns_[i].kind)});
    }
    Table table(std::move(titles));
    const size_t count = rows_.size();
    for (auto& row : rows_) table.AddRow(std::move(row));
    return table.Render(look_) + fmt::format("({} row{})\n", Grouped(count), count == 1 ? "" : "s");
  }

  const Look look_;
  const std::string null_;
  std::span<const dbpool_column> columns_;  // the result's, until End()
  std::vector<std::vector<Table::Cell>> rows_;
  std::vector<bool> texts_seen_, numbers_seen_;
  bool has_columns_ = false;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeTableWriter(const Look& look, std::string null) {
  return std::make_unique<TableWriter>(look, std::move(null));
}

}  // namespace dbp::cli
