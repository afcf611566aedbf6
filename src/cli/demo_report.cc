#include "cli/demo_report.h"

#include <dbpool/error.h>

#include <fmt/format.h>
#include <vector>

#include "cli/chart.h"
#include "cli/demo_steps.h"
#include "cli/table.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

uint64_t Whole(double number) {
  return static_cast<uint64_t>(number + 0.5);
}

// How many times better, "23x", "1.4x"; "" if it cannot be told.
std::string Factor(double better, double worse) {
  if (!(better > 0) || !(worse > 0)) return "";
  const double factor = better / worse;
  return factor >= 9.95 ? fmt::format("{}x", Grouped(Whole(factor)))
                        : fmt::format("{:.1f}x", factor);
}

std::vector<Table::Cell> Row(const char* label, const LoadResult& result, Ink ink) {
  const Histogram& latency = result.latency;
  return {{label, ink},
          {Grouped(Whole(result.per_second())), ink},
          {Duration(latency.Quantile(0.5))},
          {Duration(latency.Quantile(0.99))},
          {Duration(latency.max())},
          {Grouped(result.failed())}};
}

std::string TableOf(const Look& look, const LoadResult& without, const LoadResult& with) {
  const auto times = [&](double fraction) {
    return Factor(static_cast<double>(without.latency.Quantile(fraction)),
                  static_cast<double>(with.latency.Quantile(fraction)));
  };
  Table table(
      {{""}, {"requests/s", true}, {"p50", true}, {"p99", true}, {"max", true}, {"failed", true}});
  table.AddRow(Row(kWithoutPool, without, Ink::kBad));
  table.AddRow(Row(kWithPool, with, Ink::kGood));
  table.AddRow({{"better by"},
                {Factor(with.per_second(), without.per_second()), Ink::kBold},
                {times(0.5), Ink::kBold},
                {times(0.99), Ink::kBold},
                {times(1.0), Ink::kBold},
                {""}});
  return table.Render(look, "  ");
}

std::string LatencyBars(const Look& look, const char* name, const LoadResult& without,
                        const LoadResult& with, double fraction) {
  const auto line = [&](const char* label, const LoadResult& result, Ink ink) {
    const int64_t value = result.latency.Quantile(fraction);
    return BarLine{fmt::format("{:<4} {:<16}", name, label), static_cast<double>(value),
                   PadLeft(Duration(value), 9), ink};
  };
  return BarChart(look, {line(kWithoutPool, without, Ink::kBad), line(kWithPool, with, Ink::kGood)},
                  "   ");
}

}  // namespace

std::string RenderWaits(const Look& look, const LoadResult& burst) {
  return DistributionChart(look, burst.wait, "   ");
}

std::string RenderStatistics(const dbpool_statistics& s) {
  return fmt::format(
      "   connections {:>9} open  {:>11} idle    {:>9} leased {:>6} limit\n"
      "   leases      {:>9} given {:>11} waited  {:>9} timed out\n"
      "   connections {:>9} opened{:>11} closed  {:>9} failed to open\n"
      "   waiting     {:>9} in all{:>11} longest\n",
      s.open, s.idle, s.leased, s.limit, Grouped(s.acquired), Grouped(s.waited),
      Grouped(s.timed_out), Grouped(s.opened), Grouped(s.closed), Grouped(s.open_failed),
      Duration(static_cast<int64_t>(s.wait_ns)), Duration(static_cast<int64_t>(s.wait_max_ns)));
}

std::string RenderComparison(const Look& look, const LoadResult& without, const LoadResult& with) {
  std::string text = TableOf(look, without, with);
  const auto throughput = [](const char* label, const LoadResult& result, Ink ink) {
    return BarLine{fmt::format("     {:<16}", label), result.per_second(),
                   PadLeft(Grouped(Whole(result.per_second())), 9), ink};
  };
  text += "\n  " + Paint(look, Ink::kBold, "Requests per second") + " (longer is better)\n";
  text += BarChart(
      look, {throughput(kWithoutPool, without, Ink::kBad), throughput(kWithPool, with, Ink::kGood)},
      "   ");
  text += "\n  " + Paint(look, Ink::kBold, "Time of a request") + " (shorter is better)\n";
  text += LatencyBars(look, "p50", without, with, 0.5);
  text += LatencyBars(look, "p99", without, with, 0.99);
  text += LatencyBars(look, "max", without, with, 1.0);
  return text;
}

std::string RenderFailures(const Look& look, const LoadResult& result) {
  std::string text;
  for (const auto& [status, error] : result.errors) {
    text += fmt::format("   {}\n",
                        Paint(look, Ink::kBad,
                              fmt::format("{} requests failed: {}: {}", Grouped(error.count),
                                          dbpool_status_name(status), Printable(error.first))));
  }
  return text;
}

}  // namespace dbp::cli
