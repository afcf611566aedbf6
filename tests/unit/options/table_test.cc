#include "options/table.h"

#include <gtest/gtest.h>

#include <set>

#include "options/options.h"
#include "options/values.h"

namespace dbp {
namespace {

TEST(OptionTable, HasEveryNameAndAliasOnce) {
  std::set<std::string> names;
  for (const Spec& spec : Table()) {
    ForEachName(spec, [&](std::string_view name) {
      EXPECT_TRUE(names.emplace(name).second) << name;
      EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
      EXPECT_EQ(FindSpec(name), &spec) << name;
    });
  }
}

TEST(OptionTable, HasTheOptionsAndAliasesThatPeopleKnow) {
  for (const char* name : {"uri",
                           "db_uri",
                           "connection_string",
                           "host",
                           "port",
                           "dbname",
                           "database",
                           "user",
                           "username",
                           "password",
                           "pool_size",
                           "max_overflow",
                           "max_size",
                           "maxconn",
                           "max_connections",
                           "min_size",
                           "minconn",
                           "min_connections",
                           "lazy",
                           "lazy_init",
                           "acquire_timeout",
                           "pool_timeout",
                           "checkout_timeout",
                           "connect_timeout",
                           "query_timeout",
                           "command_timeout",
                           "lock_timeout",
                           "reset_timeout",
                           "idle_timeout",
                           "max_lifetime",
                           "pool_recycle",
                           "lifetime_jitter",
                           "max_uses",
                           "keepalive",
                           "ping_after",
                           "pool_pre_ping",
                           "max_waiters",
                           "max_connecting",
                           "idle_order",
                           "reset",
                           "statement_cache",
                           "prepare_threshold",
                           "application_name",
                           "init_sql",
                           "search_path",
                           "schema",
                           "pooling",
                           "journal_mode",
                           "synchronous",
                           "foreign_keys",
                           "mode"}) {
    EXPECT_NE(FindSpec(name), nullptr) << name;
  }
  EXPECT_EQ(FindSpec(""), nullptr);
  EXPECT_EQ(FindSpec("Pool_Size"), nullptr);
}

TEST(OptionTable, HasDefaultsThatItsOwnRulesAllow) {
  for (const Spec& spec : Table()) {
    Value value;
    if (spec.fallback[0] == '\0') continue;
    const Status status = ParseValue(spec, spec.fallback, true, &value);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(OptionTable, TellsEachOptionInWords) {
  const std::set<std::string> groups = {"connection", "size", "time", "session", "sqlite"};
  for (const Spec& spec : Table()) {
    EXPECT_STRNE(spec.range, "") << spec.name;
    EXPECT_STRNE(spec.help, "") << spec.name;
    EXPECT_TRUE(groups.contains(spec.group)) << spec.name;
  }
}

TEST(OptionTable, GivesOnlyTextsAndSizesNoPlaceOfTheirOwn) {
  const std::set<std::string> combined = {"uri",      "host",     "port",      "dbname",
                                          "user",     "password", "pool_size", "max_overflow",
                                          "max_size", "min_size"};
  for (const Spec& spec : Table()) {
    EXPECT_EQ(spec.store == nullptr, combined.contains(spec.name)) << spec.name;
  }
}

TEST(OptionTable, RefusesWhatLiesJustOutsideTheRange) {
  for (const Spec& spec : Table()) {
    if (spec.type != Type::kInteger && spec.type != Type::kDuration) continue;
    const char* unit = spec.type == Type::kDuration ? "us" : "";
    const int64_t scale = spec.type == Type::kDuration ? kMicrosecond : 1;
    const auto ok = [&](int64_t number) {
      Value value;
      return ParseValue(spec, std::to_string(number) + unit, true, &value).ok();
    };
    EXPECT_TRUE(ok(spec.max / scale)) << spec.name;
    EXPECT_FALSE(ok(spec.max / scale + 1)) << spec.name;
    EXPECT_TRUE(ok(spec.min / scale)) << spec.name;
    EXPECT_FALSE(ok(spec.min / scale - 1)) << spec.name;
  }
}

TEST(OptionTable, IsListedForPeopleToItsEnd) {
  size_t count = 0;
  dbpool_option option = {};
  std::set<std::string> types;
  for (; OptionAt(count, &option); ++count) {
    types.insert(option.type);
    EXPECT_STREQ(option.name, Table()[count].name);
    EXPECT_STREQ(option.default_value, Table()[count].fallback);
  }
  EXPECT_EQ(count, Table().size());
  EXPECT_EQ(types,
            (std::set<std::string>{"text", "integer", "duration", "boolean", "percent", "choice"}));
  EXPECT_FALSE(OptionAt(SIZE_MAX, &option));
}

TEST(OptionTable, KnowsTheNearestName) {
  EXPECT_EQ(NearestName("pool_sise"), "pool_size");
  EXPECT_EQ(NearestName("poolsize"), "pool_size");
  EXPECT_EQ(NearestName("max_conn"), "maxconn");
  EXPECT_EQ(NearestName("banana"), "");
  EXPECT_EQ(NearestName(""), "");
  EXPECT_EQ(NearestName(std::string(10'000, 'x')), "");
}

}  // namespace
}  // namespace dbp
