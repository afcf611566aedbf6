#include <gtest/gtest.h>

#include "options/table.h"
#include "tests/unit/options/resolved.h"

namespace dbp {
namespace {

std::string ReadMessage(Options* options) {
  const Status status = options->ReadEnvironment("T_");
  EXPECT_EQ(status.code(), DBPOOL_ERR_OPTION);
  return std::string(status.message());
}

Config ResolvedFromEnvironment(Pairs variables, const char* uri, Pairs setters = {}) {
  const TestEnvironment environment(variables);
  Options options;
  SetAll(&options, setters);
  Status status = options.ReadEnvironment("T_");
  EXPECT_TRUE(status.ok()) << status.message();
  Config config;
  status = Resolve(uri, &options, &config);
  EXPECT_TRUE(status.ok()) << status.message();
  return config;
}

TEST(TheEnvironment, IsReadByPrefixAndNameInCapitals) {
  const Config config =
      ResolvedFromEnvironment({{"T_POOL_SIZE", "7"}, {"T_POOL_RECYCLE", "60"}}, "sqlite:x");
  EXPECT_EQ(config.pool_size, 7u);
  EXPECT_EQ(config.max_lifetime, 60 * kSecond);
}

TEST(TheEnvironment, GivesEveryOptionUnderEveryName) {
  for (const Spec& spec : Table()) {
    ForEachName(spec, [&](std::string_view name) {
      std::string variable = "T_";
      for (const char c : name) variable += static_cast<char>(toupper(c));
      const char* value = spec.fallback[0]                             ? spec.fallback
                          : spec.uri                                   ? "sqlite:x"
                          : spec.type == Type::kText && name != "port" ? "text"
                                                                       : "5";
      const TestEnvironment environment({{variable.c_str(), value}});
      Options options;
      const Status status = options.ReadEnvironment("T_");
      EXPECT_TRUE(status.ok()) << status.message();
      EXPECT_TRUE(options.environment_texts().contains(spec.name)) << variable;
    });
  }
}

TEST(TheEnvironment, NamesTheDatabase) {
  EXPECT_EQ(ResolvedFromEnvironment({{"T_DB_URI", "sqlite:x"}}, nullptr).sqlite.path, "x");
  EXPECT_EQ(ResolvedFromEnvironment({{"T_HOST", "h"}}, nullptr).postgres.hosts.at(0).host, "h");
}

TEST(TheEnvironment, MayHoldOtherVariablesWithThePrefix) {
  const TestEnvironment environment({{"T_UNKNOWN", "x"}, {"T_", "y"}, {"T_pool_size", "0"}});
  Options options;
  EXPECT_TRUE(options.ReadEnvironment("T_").ok());
  EXPECT_TRUE(options.environment_texts().empty());
}

TEST(TheEnvironment, IsRefusedWithTheNameOfTheVariableWhenAValueIsBad) {
  const TestEnvironment environment({{"T_MAXCONN", "many"}, {"T_LAZY", "on"}});
  Options options;
  const std::string message = ReadMessage(&options);
  for (const char* part : {"T_MAXCONN", "max_size", "'many'", "1 to 20000"}) {
    EXPECT_TRUE(Contains(message, part)) << message;
  }
  EXPECT_TRUE(options.environment_texts().empty());
}

TEST(TheEnvironment, IsRefusedWhenTwoNamesOfOneOptionContradict) {
  const TestEnvironment environment({{"T_MINCONN", "1"}, {"T_MIN_SIZE", "2"}});
  Options options;
  const std::string message = ReadMessage(&options);
  EXPECT_TRUE(Contains(message, "T_MINCONN") && Contains(message, "T_MIN_SIZE")) << message;
}

TEST(TheEnvironment, IsRefusedWhenTwoUrisContradict) {
  const TestEnvironment environment(
      {{"T_URI", "postgresql://u:Q7xWv9@h"}, {"T_DB_URI", "sqlite:y"}});
  Options options;
  EXPECT_FALSE(Contains(ReadMessage(&options), "Q7xW"));
}

TEST(TheEnvironment, MaySayTheSameTwice) {
  const Config config =
      ResolvedFromEnvironment({{"T_POOL_TIMEOUT", "60"}, {"T_ACQUIRE_TIMEOUT", "1m"}}, "sqlite:x");
  EXPECT_EQ(config.acquire_timeout, 60 * kSecond);
}

TEST(TheEnvironment, IsWeakerThanTheUriAndTheSetters) {
  const Pairs variables = {{"T_POOL_SIZE", "7"}, {"T_MAX_OVERFLOW", "8"}, {"T_MAX_USES", "9"}};
  const Config config =
      ResolvedFromEnvironment(variables, "sqlite:x?max_overflow=2&max_uses=3", {{"max_uses", "4"}});
  EXPECT_EQ(config.pool_size, 7u);
  EXPECT_EQ(config.max_overflow, 2u);
  EXPECT_EQ(config.max_uses, 4u);
}

TEST(TheEnvironment, GivesWayToTheUriInThePartsToo) {
  const Config config = ResolvedFromEnvironment(
      {{"T_HOST", "weak"}, {"T_PASSWORD", "p"}, {"T_URI", "sqlite:x"}}, "postgresql://strong/db");
  EXPECT_EQ(config.postgres.hosts.at(0).host, "strong");
  EXPECT_EQ(config.postgres.password.Reveal(), "p");
}

TEST(TheEnvironment, IsNotAskedForOptionsOfTheOtherDatabase) {
  const Config config =
      ResolvedFromEnvironment({{"T_JOURNAL_MODE", "delete"}, {"T_USER", "u"}}, "sqlite:x");
  EXPECT_EQ(config.sqlite.journal_mode, "delete");
  EXPECT_EQ(
      ResolvedFromEnvironment({{"T_JOURNAL_MODE", "delete"}}, "postgresql://h").sqlite.journal_mode,
      "wal");
}

TEST(TheEnvironment, CannotNameOneDatabaseInTwoWays) {
  const TestEnvironment environment({{"T_URI", "postgresql://a/d"}, {"T_HOST", "b"}});
  Options options;
  ASSERT_TRUE(options.ReadEnvironment("T_").ok());
  Config config;
  const Status status = Resolve(nullptr, &options, &config);
  EXPECT_EQ(status.code(), DBPOOL_ERR_OPTION);
  EXPECT_TRUE(Contains(std::string(status.message()), "host")) << status.message();
}

TEST(TheEnvironment, WantsAPrefixThatCanBeOne) {
  Options options;
  EXPECT_EQ(options.ReadEnvironment("A=").code(), DBPOOL_ERR_OPTION);
  EXPECT_EQ(options.ReadEnvironment(std::string_view("A\0", 2)).code(), DBPOOL_ERR_OPTION);
}

}  // namespace
}  // namespace dbp
