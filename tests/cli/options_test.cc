#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

TEST(OptionsCommand, AreListedByGroup) {
  const Outcome outcome = Dbpool({"options"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("\n  pool_size           "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("also maxconn, max_connections\n"), std::string::npos) << outcome.out;
}

TEST(OptionsCommand, MarkdownHasARowForEach) {
  const Outcome outcome = Dbpool({"options", "--markdown"});
  EXPECT_TRUE(outcome.out.starts_with(
      "| option (aliases) | type | default | meaning |\n|---|---|---|---|\n"));
  EXPECT_NE(outcome.out.find("\n| `acquire_timeout` (`pool_timeout`, `checkout_timeout`) | "),
            std::string::npos)
      << outcome.out;
}

TEST(OptionsCommand, JsonHasEveryField) {
  const auto list = nlohmann::json::parse(Dbpool({"options", "--json"}).out);
  ASSERT_GT(list.size(), 20u);
  for (const auto& option : list) {
    for (const char* field : {"name", "type", "range", "default", "group", "help"})
      EXPECT_TRUE(option[field].is_string()) << option;
    EXPECT_TRUE(option["aliases"].is_array()) << option;
  }
}

}  // namespace
}  // namespace dbp::cli_test
