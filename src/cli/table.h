#ifndef DBP_CLI_TABLE_H_
#define DBP_CLI_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace dbp::cli {

/// Rows of text in aligned columns, as wide as their widest cell.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;  ///< aligned to the right, as numbers are
  };
  struct Cell {
    std::string text;  ///< REQUIRES: Printable()
    Ink ink = Ink::kPlain;
  };

  explicit Table(std::vector<Column> columns);

  /// REQUIRES: a cell for each column.
  void AddRow(std::vector<Cell> row);
  size_t row_count() const { return rows_.size(); }

  /// Title, rule and rows, each a line that starts with `indent`.
  std::string Render(const Look& look, const std::string& indent = "") const;

 private:
  std::string Line(const Look& look, const std::vector<Cell>& cells, const char* separator) const;
  std::string Rule(const Look& look) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  std::vector<size_t> widths_;
};

}  // namespace dbp::cli

#endif  // DBP_CLI_TABLE_H_
