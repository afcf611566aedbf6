#include <gtest/gtest.h>

#include <tuple>

#include "options/table.h"
#include "tests/unit/options/resolved.h"

namespace dbp {
namespace {

/// Everything in a Config but the address of a PostgreSQL server, to be compared.
auto Fields(const Config& c) {
  return std::tie(c.sqlite.journal_mode, c.sqlite.synchronous, c.sqlite.foreign_keys, c.sqlite.mode,
                  c.pool_size, c.max_overflow, c.min_size, c.min_size_follows, c.lazy, c.pooling,
                  c.max_waiters, c.max_connecting, c.idle_order, c.reset, c.acquire_timeout, c.connect_timeout,
                  c.query_timeout, c.lock_timeout, c.reset_timeout, c.idle_timeout, c.max_lifetime,
                  c.lifetime_jitter, c.max_uses, c.keepalive, c.ping_after, c.statement_cache, c.pipeline_depth,
                  c.prepare_threshold, c.prepare_threshold_set, c.lock_timeout_set, c.application_name,
                  c.init_sql, c.search_path);
}

/// A value that is allowed and is not the default.
const char* OtherValue(const Spec& spec) {
  switch (spec.type) {
    case Type::kText:
      return "other";
    case Type::kInteger:
      return "3";
    case Type::kDuration:
      return "77s";
    case Type::kPercent:
      return "33";
    case Type::kBoolean:
      return spec.fallback == std::string_view("on") ? "off" : "on";
    case Type::kChoice:
      return spec.name == std::string_view("mode") ? "ro" : "full";
  }
  return "";
}

TEST(Resolving, GivesTheDefaultsOfConfigItself) {
  EXPECT_EQ(Fields(Resolved("sqlite:x")), Fields(Config()));
  EXPECT_EQ(Fields(Resolved("postgresql://h")), Fields(Config()));
}

TEST(Resolving, LetsEveryOptionThatIsNoPartOfTheAddressReachTheConfig) {
  for (const Spec& spec : Table()) {
    if (std::string_view(spec.group) == "connection") continue;
    const char* value = OtherValue(spec);
    if (spec.name == std::string_view("idle_order")) value = "fifo";
    if (spec.name == std::string_view("journal_mode")) value = "truncate";
    const char* uri = spec.scope == Scope::kPostgres ? "postgresql://h" : "sqlite:x";
    ForEachName(spec, [&](std::string_view name) {
      const Config config = Resolved(uri, {{std::string(name).c_str(), value}});
      EXPECT_NE(Fields(config), Fields(Config())) << name;
      const Config queried =
          Resolved((std::string(uri) + "?" + std::string(name) + "=" + value).c_str());
      EXPECT_EQ(Fields(queried), Fields(config)) << name;
    });
  }
}

TEST(Resolving, PrefersSettersToTheQuery) {
  EXPECT_EQ(Resolved("sqlite:x?max_uses=3").max_uses, 3u);
  EXPECT_EQ(Resolved("sqlite:x?max_uses=3", {{"max_uses", "4"}}).max_uses, 4u);
}

TEST(Resolving, TakesTheUriAsAnOption) {
  EXPECT_EQ(Resolved(nullptr, {{"uri", "sqlite:x"}}).sqlite.path, "x");
  EXPECT_EQ(Resolved(nullptr, {{"connection_string", "sqlite:x"}}).sqlite.path, "x");
  EXPECT_EQ(Resolved("sqlite:x", {{"uri", "sqlite:x"}}).sqlite.path, "x");
}

TEST(Resolving, RefusesTwoDifferentUrisWithoutShowingThem) {
  const std::string message =
      Refusal("postgresql://u:Q7xWv9@h", {{"uri", "postgresql://u:LmZk2p@h"}});
  EXPECT_TRUE(message.starts_with("uri: "));
  EXPECT_FALSE(Contains(message, "Q7xW") || Contains(message, "LmZk")) << message;
}

TEST(Resolving, SaysHowToNameADatabaseWhenNoneIsNamed) {
  Config config;
  const Status status = Resolve(nullptr, nullptr, &config);
  EXPECT_EQ(status.code(), DBPOOL_ERR_OPTION);
  for (const char* part : {"uri", "postgresql://", "sqlite:", "host", "dbname"}) {
    EXPECT_TRUE(Contains(std::string(status.message()), part)) << status.message();
  }
  Refusal(nullptr, {{"pool_size", "3"}});
  Refusal(nullptr, {{"password", "p"}});
  Refusal(nullptr, {{"host", ""}});
  Refusal("");
}

TEST(Resolving, TakesAnyPartOfAnAddressForPostgres) {
  for (const char* name : {"host", "dbname", "user"}) {
    EXPECT_EQ(Resolved(nullptr, {{name, "x"}}).kind, DatabaseKind::kPostgres) << name;
  }
}

TEST(Resolving, TakesAnEmptyPartAsNotGiven) {
  EXPECT_EQ(Resolved("postgresql://h/d", {{"host", ""}, {"dbname", ""}}).postgres.hosts.at(0).host,
            "h");
  EXPECT_EQ(Resolved("sqlite:x", {{"user", ""}, {"password", ""}}).sqlite.path, "x");
}

TEST(Resolving, NamesOptionValueAndRangeOfABadParameter) {
  EXPECT_EQ(Refusal("sqlite:x?pool_size=many"),
            "uri: pool_size: the value 'many' is not allowed; allowed: 1 to 10000");
}

TEST(Resolving, RefusesAnOptionTwiceInTheQueryUnderTwoNames) {
  EXPECT_TRUE(Contains(Refusal("sqlite:x?max_size=9&maxconn=9"), "max_size"));
}

TEST(Resolving, RefusesAUriInTheQueryOfAUri) {
  Refusal("sqlite:x?uri=sqlite:y");
}

TEST(Resolving, CopiesTheHooks) {
  Options options;
  int data = 0;
  dbpool_hooks hooks = {};
  hooks.user_data = &data;
  options.SetHooks(hooks);
  Config config;
  ASSERT_TRUE(Resolve("sqlite:x", &options, &config).ok());
  EXPECT_EQ(config.hooks.user_data, &data);
}

TEST(Resolving, LeavesTheConfigAloneOnFailure) {
  Config config;
  config.pool_size = 77;
  EXPECT_FALSE(Resolve("sqlite:x?pool_size=3&min_size=9", nullptr, &config).ok());
  EXPECT_EQ(config.pool_size, 77u);
}

}  // namespace
}  // namespace dbp
