#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

using nlohmann::json;

class Bench : public CliTest {
 protected:
  json Measure(Words more) {
    more.insert(more.begin(), {"bench", uri_, "--json", "--duration", "200ms"});
    const Outcome outcome = Dbpool(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out);
  }

  std::string Tables() { return Query({"SELECT count(*) AS n FROM sqlite_schema", "--csv"}).out; }
};

TEST_F(Bench, EveryWorkloadSucceedsAndItsTableIsDropped) {
  for (const char* workload : {"acquire", "point", "mixed", "scan"}) {
    const json report =
        Measure({"--workload", workload, "--threads", "4", "--pool-size", "2", "--rows", "100"});
    EXPECT_EQ(report["workload"], workload);
    EXPECT_GT(report["requests"], 0) << workload;
    EXPECT_EQ(report["failed"], 0) << report["errors"];
    EXPECT_EQ(report["pool"]["limit"], 2);
    EXPECT_EQ(Tables(), "n\r\n0\r\n");
  }
}

TEST_F(Bench, QuantilesAreInOrder) {
  const json latency = Measure({})["latency_ns"];
  EXPECT_LE(latency["p50"], latency["p90"]);
  EXPECT_LE(latency["p90"], latency["p99"]);
  EXPECT_LE(latency["p99"], latency["p999"]);
  EXPECT_LE(latency["p999"], latency["max"]);
  EXPECT_GT(latency["p50"], 0);
}

TEST_F(Bench, WithoutAPoolEveryRequestOpensAConnection) {
  const json report = Measure({"--no-pool", "--threads", "2"});
  EXPECT_EQ(report["pooling"], false);
  EXPECT_GE(report["pool"]["opened"], report["requests"]);
}

TEST_F(Bench, ARateIsKeptAndNotExceeded) {
  const json report = Measure({"--rate", "100", "--threads", "4"});
  // One each 10 ms of the time that it took, the first at once.
  EXPECT_LE(report["requests"].get<int64_t>(), report["elapsed_ns"].get<int64_t>() / 10'000'000 + 1);
  EXPECT_GT(report["requests"], 0);
}

// One thread and one connection cannot do 100,000 scans a second: what was due earlier counts as
// waiting.
TEST_F(Bench, LatencyCountsFromTheMomentARequestWasDue) {
  const json report = Measure({"--rate", "1000000", "--threads", "1", "--workload", "scan"});
  EXPECT_GT(report["overdue"], 0);
  EXPECT_GT(report["latency_ns"]["max"], 100'000'000);
  EXPECT_LT(report["wait_ns"]["p50"], report["latency_ns"]["p50"]);
}

TEST_F(Bench, UsersThinkBetweenRequests) {
  const json report = Measure({"--users", "10", "--think", "20ms..50ms"});
  EXPECT_EQ(report["threads"], 10);
  EXPECT_LE(report["requests"].get<int64_t>(), 10 * (report["elapsed_ns"].get<int64_t>() / 20'000'000 + 1));
  EXPECT_GT(report["requests"], 0);
}

TEST_F(Bench, ATableOfThatNameIsLeftAlone) {
  Sql("CREATE TABLE dbpool_bench (mine INTEGER)");
  const Outcome outcome = Dbpool({"bench", uri_, "--duration", "100ms"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("dbpool_bench"), std::string::npos) << outcome.err;
  EXPECT_EQ(Query({"SELECT count(mine) AS n FROM dbpool_bench", "--csv"}).out, "n\r\n0\r\n");
}

TEST_F(Bench, FailuresAreCountedByStatus) {
  // One connection for eight scanning threads that wait one millisecond at most.
  const json report = Measure({"--threads", "8", "--pool-size", "1", "--workload", "scan", "--rows",
                               "20000", "-o", "acquire_timeout=1ms"});
  EXPECT_GT(report["failed"], 0);
  EXPECT_EQ(report["errors"]["DBPOOL_ERR_TIMEOUT"]["count"], report["failed"]) << report["errors"];
}

TEST_F(Bench, AnInterruptReportsAndCleansUp) {
  Running running({"bench", uri_, "--duration", "1h", "--rows", "100"}, {});
  ASSERT_TRUE(running.WaitFor("failed"));  // the first progress line
  running.Signal(SIGINT);
  const Outcome outcome = running.Finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_NE(outcome.out.find("per second"), std::string::npos) << outcome.out;
  EXPECT_EQ(Tables(), "n\r\n0\r\n");
}

TEST_F(Bench, WhatIsOutOfRangeIsWrongUse) {
  const Words wrong[] = {{"--threads", "0"},
                         {"--threads", "1025"},
                         {"--duration", "2h"},
                         {"--duration", "x"},
                         {"--workload", "tpcc"},
                         {"--rate", "0"},
                         {"--think", "1s..2s"},
                         {"--users", "2", "--rate", "2"},
                         {"--users", "2", "--think", "2s..1s"}};
  for (Words words : wrong) {
    words.insert(words.begin(), {"bench", uri_});
    EXPECT_EQ(Dbpool(words).exit_code, 2) << words[2] << words[3];
  }
}

}  // namespace
}  // namespace dbp::cli_test
