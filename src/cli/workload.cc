#include "cli/workload.h"

#include <fmt/format.h>
#include <utility>

namespace dbp::cli {

namespace {

// Borrows, and says how long that took.
struct TimedLease {
  explicit TimedLease(const Pool& pool) : began(Now()), lease(pool), waited(Now() - began) {}

  int64_t began;
  Lease lease;
  int64_t waited;
};

void ReadAll(Result result) {
  dbpool_batch batch;
  while (result.Fetch(&batch)) {
  }
}

}  // namespace

std::optional<Workload> WorkloadOf(const std::string& name) {
  constexpr std::pair<const char*, Workload> kNames[] = {{"acquire", Workload::kAcquire},
                                                         {"point", Workload::kPoint},
                                                         {"mixed", Workload::kMixed},
                                                         {"scan", Workload::kScan}};
  for (const auto& [known, workload] : kNames) {
    if (name == known) return workload;
  }
  return std::nullopt;
}

Work MakeWork(Workload workload, const Pool& pool, const std::string& table, int64_t rows) {
  const std::string point = fmt::format("SELECT name, price FROM {} WHERE id = $1", table);
  const std::string update = fmt::format("UPDATE {} SET price = price + 1 WHERE id = $1", table);
  const std::string scan = fmt::format("SELECT id, name, price FROM {}", table);
  switch (workload) {
    case Workload::kAcquire:
      return [&pool](Random&) { return TimedLease(pool).waited; };
    case Workload::kPoint:
    case Workload::kMixed:
      return [&pool, point, update, rows, workload](Random& random) {
        const dbpool_value key = IntegerValue(random.Between(1, rows));
        const bool write = workload == Workload::kMixed && random.Next() % 5 == 0;
        const TimedLease timed(pool);
        ReadAll(timed.lease.Query(write ? update : point, {&key, 1}));
        return timed.waited;
      };
    case Workload::kScan:
      return [&pool, scan](Random&) {
        const TimedLease timed(pool);
        ReadAll(timed.lease.Query(scan, {}));
        return timed.waited;
      };
  }
  return {};
}

}  // namespace dbp::cli
