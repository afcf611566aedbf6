#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

using nlohmann::json;

class Ping : public CliTest {};

TEST_F(Ping, SaysWhoAnswers) {
  const Outcome outcome = Dbpool({"ping", uri_});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("SQLite 3.")) << outcome.out;
  EXPECT_NE(outcome.out.find("\n  writes      allowed\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\n  round trip  "), std::string::npos) << outcome.out;
}

TEST_F(Ping, TakesTheUriFromTheEnvironment) {
  const Outcome outcome = Dbpool({"ping"}, {"DBPOOL_URI=" + uri_});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Ping, JsonHoldsWhatTheProbeKnows) {
  const Outcome outcome = Dbpool({"ping", uri_, "--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer["ok"], true);
  EXPECT_EQ(answer["product"], "SQLite");
  EXPECT_EQ(answer["read_only"], false);
  EXPECT_TRUE(answer["max_connections"].is_null());
  EXPECT_GT(answer["connect_ns"], 0);
}

TEST_F(Ping, AMissingFileIsAFailureWithItsCause) {
  const Outcome outcome = Dbpool({"ping", uri_ + "?mode=rw"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("dbpool: ")) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(folder_.Entries().empty());
}

TEST_F(Ping, AFailureIsJsonToo) {
  const Outcome outcome =
      Dbpool({"ping", "--json", "--timeout", "2s", "postgresql://127.0.0.1:1/x"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer["ok"], false);
  EXPECT_EQ(answer["error"]["status"], "DBPOOL_ERR_CONNECT") << outcome.out;
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Ping, AnUnknownSchemeIsWrongUse) {
  const Outcome outcome = Dbpool({"ping", "mysql://user:hidden@host/db"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err.find("hidden"), std::string::npos) << outcome.err;
}

TEST_F(Ping, NoDatabaseIsWrongUse) {
  EXPECT_EQ(Dbpool({"ping"}).exit_code, 2);
}

}  // namespace
}  // namespace dbp::cli_test
