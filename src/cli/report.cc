#include "cli/report.h"

#include <dbpool/error.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "cli/text.h"

namespace dbp::cli {

namespace {

std::vector<Table::Cell> TimesRow(const char* name, const Histogram& times) {
  std::vector<Table::Cell> row = {{name}};
  for (const double fraction : {0.5, 0.9, 0.99, 0.999})
    row.push_back({Duration(times.Quantile(fraction))});
  row.push_back({Duration(times.max())});
  return row;
}

nlohmann::ordered_json TimesToJson(const Histogram& times) {
  return {{"p50", times.Quantile(0.5)},  {"p90", times.Quantile(0.9)},
          {"p99", times.Quantile(0.99)}, {"p999", times.Quantile(0.999)},
          {"max", times.max()},          {"mean", static_cast<int64_t>(times.mean())},
          {"count", times.count()}};
}

std::string Errors(const BenchReport& report, const Look& look) {
  std::string text;
  for (const auto& [status, error] : report.load.errors) {
    text += Paint(look, Ink::kBad,
                  fmt::format("  {:>12}  {}", Grouped(error.count), dbpool_status_name(status)));
    text += fmt::format("\n{:16}{}\n", "", Printable(error.first));
  }
  return text;
}

}  // namespace

std::string RenderReport(const BenchReport& report, const Look& look) {
  const LoadResult& load = report.load;
  Table table({{""}, {"p50", true}, {"p90", true}, {"p99", true}, {"p99.9", true}, {"max", true}});
  table.AddRow(TimesRow("latency", load.latency));
  table.AddRow(TimesRow("wait for a connection", load.wait));
  std::string text = table.Render(look, " ");
  text += fmt::format("\n  {:>12}  requests in {}: {} per second\n", Grouped(load.latency.count()),
                      Duration(load.elapsed),
                      Paint(look, Ink::kBold, Grouped(static_cast<uint64_t>(load.per_second()))));
  text += fmt::format("  {:>12}  failed\n", Grouped(load.failed()));
  text += Errors(report, look);
  if (report.users > 0 || report.rate > 0)
    text += fmt::format("  {:>12}  were due but not begun when the time was over\n",
                        Grouped(load.overdue));
  text += fmt::format("  {:>12}  of {} leases waited in the queue, {} timed out\n",
                      Grouped(report.after.waited - report.before.waited),
                      Grouped(report.after.acquired - report.before.acquired),
                      Grouped(report.after.timed_out - report.before.timed_out));
  text += fmt::format("  {:>12}  connections opened, {} closed; at most {} at a time\n",
                      Grouped(report.after.opened - report.before.opened),
                      Grouped(report.after.closed - report.before.closed), report.after.limit);
  return text;
}

nlohmann::ordered_json ReportToJson(const BenchReport& report) {
  const dbpool_statistics &before = report.before, &after = report.after;
  nlohmann::ordered_json errors = nlohmann::ordered_json::object();
  for (const auto& [status, error] : report.load.errors)
    errors[dbpool_status_name(status)] = {{"count", error.count}, {"first", error.first}};
  return {{"workload", report.workload},
          {"threads", report.threads},
          {"users", report.users},
          {"rate_per_second", report.rate},
          {"pooling", report.pooling},
          {"interrupted", report.interrupted},
          {"elapsed_ns", report.load.elapsed},
          {"requests", report.load.latency.count()},
          {"failed", report.load.failed()},
          {"overdue", report.load.overdue},
          {"per_second", report.load.per_second()},
          {"latency_ns", TimesToJson(report.load.latency)},
          {"wait_ns", TimesToJson(report.load.wait)},
          {"errors", errors},
          {"pool",
           {{"limit", after.limit},
            {"acquired", after.acquired - before.acquired},
            {"waited", after.waited - before.waited},
            {"timed_out", after.timed_out - before.timed_out},
            {"opened", after.opened - before.opened},
            {"closed", after.closed - before.closed},
            {"open_failed", after.open_failed - before.open_failed}}}};
}

}  // namespace dbp::cli
