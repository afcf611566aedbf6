#ifndef DBP_CLI_CHART_H_
#define DBP_CLI_CHART_H_

#include <string>
#include <vector>

#include "cli/histogram.h"
#include "cli/terminal.h"

namespace dbp::cli {

/// A bar that fills `fraction` (0 to 1) of `width` columns, to an eighth of a column in Unicode.
/// More than nothing always shows. Not padded.
std::string Bar(const Look& look, double fraction, size_t width);

/// The same as progress: filled up to `width` with a track.
std::string Gauge(const Look& look, double fraction, size_t width);

struct BarLine {
  std::string label;
  double amount;
  std::string value;  ///< the amount as text
  Ink ink = Ink::kAccent;
};

/// Lines of label, bar and value, on one scale, each starting with `indent`; not wider than 78
/// columns.
std::string BarChart(const Look& look, const std::vector<BarLine>& lines,
                     const std::string& indent);

/// How often times fell into each of some 8 to 16 spans of equal, round width.
std::string DistributionChart(const Look& look, const Histogram& times, const std::string& indent);

}  // namespace dbp::cli

#endif  // DBP_CLI_CHART_H_
