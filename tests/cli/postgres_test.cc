#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

using nlohmann::json;

class Postgres : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* uri = std::getenv("DBPOOL_TEST_POSTGRES_URL");
    ASSERT_NE(uri, nullptr);
    uri_ = uri;
  }

  Outcome Query(Words words) {
    words.insert(words.begin(), {"query", uri_});
    return Dbpool(words);
  }

  std::string uri_;
};

TEST_F(Postgres, PingKnowsTheServer) {
  const json answer = json::parse(Dbpool({"ping", uri_, "--json"}).out);
  EXPECT_EQ(answer["ok"], true) << answer;
  EXPECT_EQ(answer["product"], "PostgreSQL");
  EXPECT_GT(answer["max_connections"], 0);
  EXPECT_GT(answer["sessions"], 0);
}

TEST_F(Postgres, TheServerInfersTheTypeOfAParameter) {
  const Outcome outcome = Query({"SELECT $1::int + 1 AS a, $2::bytea AS b, $3 AS c, $4::bool AS d",
                                 "--json", "41", "x:0aff", "x", "b:true"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "[\n  {\"a\": 42, \"b\": \"\\\\x0aff\", \"c\": \"x\", \"d\": true}\n]\n");
}

TEST_F(Postgres, JsonKeepsTheDigitsOfANumericAndJsonAsItIs) {
  const Outcome outcome =
      Query({"SELECT 12345678901234567890.50 AS n, '{\"k\": [1]}'::json AS j, "
             "'NaN'::float8 AS x",
             "--json"});
  EXPECT_EQ(outcome.out,
            "[\n  {\"n\": 12345678901234567890.50, \"j\": {\"k\": [1]}, \"x\": \"NaN\"}\n]\n");
}

TEST_F(Postgres, AnErrorShowsPlaceDetailAndHint) {
  const Outcome outcome = Query({"SELECT 'ä', lenght('x')"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("(SQLSTATE 42883)\n"
                             "  line 1: SELECT 'ä', lenght('x')\n"
                             "                      ^\n"
                             "  hint: "),
            std::string::npos)
      << outcome.err;
}

TEST_F(Postgres, AMillionRowsStreamAsCsv) {
  const Outcome outcome = Query({"SELECT i FROM generate_series(1, 1000000) i", "--csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.ends_with("\r\n1000000\r\n"));
}

TEST_F(Postgres, AnInterruptCancelsTheStatement) {
  Running running(
      {"query", uri_, "--csv", "SELECT i, pg_sleep(i / 1000) FROM generate_series(1, 2000) i"}, {});
  ASSERT_TRUE(running.WaitFor("\r\n"));
  running.Signal(SIGINT);
  EXPECT_EQ(running.Finish().exit_code, 130);
}

TEST_F(Postgres, BenchAndDemoDropTheirTables) {
  EXPECT_EQ(Dbpool({"bench", uri_, "--workload", "mixed", "--duration", "200ms"}).exit_code, 0);
  const Outcome demo = Dbpool({"demo", uri_, "--seconds", "0.6"});
  EXPECT_EQ(demo.exit_code, 0) << demo.err;
  EXPECT_EQ(
      Query({"SELECT count(*) AS n FROM pg_tables WHERE tablename LIKE 'dbpool%'", "--csv"}).out,
      "n\r\n0\r\n");
}

TEST_F(Postgres, AWrongPasswordSaysSoWithoutShowingIt) {
  const char* tcp = std::getenv("DBPOOL_TEST_POSTGRES_TCP_URL");
  if (!tcp) GTEST_SKIP() << "no TCP server with a password";
  std::string uri = tcp;
  const size_t colon = uri.find(':', uri.find("//"));
  uri.replace(colon + 1, uri.find('@') - colon - 1, "opensesame");
  const Outcome outcome = Dbpool({"ping", uri});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("(SQLSTATE 28P01)"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("opensesame"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace dbp::cli_test
