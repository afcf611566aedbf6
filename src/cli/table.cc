#include "cli/table.h"

#include <algorithm>
#include <utility>

#include "cli/text.h"

namespace dbp::cli {

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(DisplayWidth(column.title));
}

void Table::AddRow(std::vector<Cell> row) {
  for (size_t i = 0; i < row.size(); ++i)
    widths_[i] = std::max(widths_[i], DisplayWidth(row[i].text));
  rows_.push_back(std::move(row));
}

std::string Table::Line(const Look& look, const std::vector<Cell>& cells,
                        const char* separator) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    const Cell& cell = cells[i];
    const size_t fill = widths_[i] - DisplayWidth(cell.text);
    line += ' ';
    if (columns_[i].right) line += std::string(fill, ' ');
    line += Paint(look, cell.ink, cell.text);
    if (!columns_[i].right && !last) line += std::string(fill, ' ');
    if (!last) line += std::string(" ") + separator;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string Table::Rule(const Look& look) const {
  std::string rule;
  for (size_t i = 0; i < widths_.size(); ++i) {
    if (i > 0) rule += look.unicode ? "┼" : "+";
    for (size_t n = 0; n < widths_[i] + 2; ++n) rule += look.unicode ? "─" : "-";
  }
  return rule;
}

std::string Table::Render(const Look& look, const std::string& indent) const {
  const char* separator = look.unicode ? "│" : "|";
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Ink::kBold});
  std::string text = indent + Line(look, titles, separator) + '\n' + indent + Rule(look) + '\n';
  for (const auto& row : rows_) text += indent + Line(look, row, separator) + '\n';
  return text;
}

}  // namespace dbp::cli
