#include "cli/chart.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "cli/text.h"

namespace dbp::cli {

namespace {

constexpr size_t kChartWidth = 78;

// 1, 2 or 5 times a power of ten, so that `longest` takes at most 12 spans.
int64_t SpanWidth(int64_t longest) {
  int64_t width = 1;
  for (int step = 0; longest / width >= 12; ++step)
    width = step % 3 == 1 ? width / 2 * 5 : width * 2;
  return width;
}

std::string Repeat(const char* piece, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

std::string Bar(const Look& look, double fraction, size_t width) {
  if (!(fraction > 0)) return "";
  const double columns = std::min(fraction, 1.0) * static_cast<double>(width);
  if (!look.unicode) return std::string(std::max<size_t>(1, std::lround(columns)), '#');
  constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<size_t>(std::max(1L, std::lround(columns * 8)));
  return Repeat("█", eighths / 8) + kEighths[eighths % 8];
}

std::string Gauge(const Look& look, double fraction, size_t width) {
  const auto filled =
      static_cast<size_t>(std::lround(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(width)));
  const char* full = look.unicode ? "━" : "=";
  const char* track = look.unicode ? "─" : "-";
  return Paint(look, Ink::kAccent, Repeat(full, filled)) +
         Paint(look, Ink::kDim, Repeat(track, width - filled));
}

std::string BarChart(const Look& look, const std::vector<BarLine>& lines,
                     const std::string& indent) {
  size_t label_width = 0, value_width = 0;
  double most = 0;
  for (const BarLine& line : lines) {
    label_width = std::max(label_width, DisplayWidth(line.label));
    value_width = std::max(value_width, DisplayWidth(line.value));
    most = std::max(most, line.amount);
  }
  const size_t around = indent.size() + label_width + value_width + 3;
  const size_t width = std::max<size_t>(8, std::min(look.width - 2, kChartWidth) - around);
  std::string text;
  for (const BarLine& line : lines) {
    const std::string bar = Bar(look, most > 0 ? line.amount / most : 0, width);
    text += fmt::format("{}{}  {}{} {}\n", indent, PadRight(line.label, label_width),
                        Paint(look, line.ink, bar), std::string(width - DisplayWidth(bar), ' '),
                        PadLeft(line.value, value_width));
  }
  return text;
}

std::string DistributionChart(const Look& look, const Histogram& times, const std::string& indent) {
  const int64_t span = SpanWidth(std::max<int64_t>(times.max(), 1));
  std::vector<BarLine> lines;
  for (int64_t from = 0; from <= times.max(); from += span) {
    const uint64_t count = times.CountBetween(from, from + span);
    lines.push_back({PadLeft("< " + RoundDuration(from + span), 8), static_cast<double>(count),
                     Grouped(count)});
  }
  return BarChart(look, lines, indent);
}

}  // namespace dbp::cli
