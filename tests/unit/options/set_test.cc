#include <gtest/gtest.h>

#include "tests/unit/options/resolved.h"

namespace dbp {
namespace {

std::string SetMessage(std::string_view name, std::string_view value) {
  Options options;
  const Status status = options.Set(name, value);
  EXPECT_EQ(status.code(), DBPOOL_ERR_OPTION) << name << "=" << value;
  EXPECT_TRUE(options.explicit_texts().empty());
  return std::string(status.message());
}

TEST(SettingAnOption, NamesOptionValueAndRangeWhenItIsBad) {
  EXPECT_EQ(SetMessage("pool_size", "0"),
            "pool_size: the value '0' is not allowed; allowed: 1 to 10000");
  EXPECT_EQ(SetMessage("reset", "hard"),
            "reset: the value 'hard' is not allowed; allowed: none, rollback, smart, full");
  EXPECT_TRUE(Contains(SetMessage("pool_recycle", "soon"), "max_lifetime: the value 'soon'"));
}

TEST(SettingAnOption, RefusesEachTypesNonsense) {
  for (const char* text : {"", "-1", "1e3", "NaN", "10 ", "99999999999999999999", "5.5"}) {
    SetMessage("pool_size", text);
  }
  for (const char* text :
       {"", "-1s", "1e3", "nan", "1 s", "87601h", "99999999999999999999h", "fast"}) {
    SetMessage("query_timeout", text);
  }
  SetMessage("lifetime_jitter", "91%");
  SetMessage("lifetime_jitter", "-1");
  SetMessage("lazy", "perhaps");
  SetMessage("mode", "rx");
  SetMessage("port", "65536");
  SetMessage("port", "1,x");
  SetMessage("host", "a b");
  SetMessage("reset_timeout", "off");
}

TEST(SettingAnOption, SuggestsTheNameThatWasMeant) {
  EXPECT_EQ(SetMessage("pool_sise", "1"), "unknown option 'pool_sise'; did you mean 'pool_size'?");
  EXPECT_TRUE(Contains(SetMessage("banana", "1"), "unknown option 'banana'"));
}

TEST(SettingAnOption, RefusesControlBytesInAnyValue) {
  for (const char* name : {"user", "password", "dbname", "application_name", "search_path", "uri",
                           "host", "pool_size", "init_sql"}) {
    const std::string_view nul("a\0b", 3);
    EXPECT_TRUE(Contains(SetMessage(name, nul), name)) << name;
    SetMessage(name, "x\x1b");
    SetMessage(name, "x\x7f");
  }
  SetMessage("application_name", "a\nb");
}

TEST(SettingAnOption, LetsInitSqlHaveLinesAndTabs) {
  Options options;
  EXPECT_TRUE(options.Set("init_sql", "SET a = 1;\r\n\tSET b = 2").ok());
}

TEST(SettingAnOption, NeverShowsAPassword) {
  const std::string message = SetMessage("password", "Q7xW\nv9LmZk2p");
  EXPECT_FALSE(Contains(message, "Q7xW") || Contains(message, "v9Lm"));
  EXPECT_FALSE(Contains(SetMessage("host", "postgresql://u:Q7xWv9LmZk2p@h"), "Q7xW"));
  EXPECT_FALSE(Contains(SetMessage("uri", "postgresql://u:Q7xWv9LmZk2p@h:x"), "Q7xW"));
  EXPECT_FALSE(Contains(SetMessage("pool_size", "password=Q7xWv9LmZk2p"), "Q7xW"));
  EXPECT_FALSE(Contains(SetMessage("u://u:Q7xWv9LmZk2p@h", "x"), "Q7xW"));
}

TEST(SettingAnOption, ChecksAUriAtOnce) {
  EXPECT_TRUE(Contains(SetMessage("uri", "mysql://h"), "'mysql'"));
  EXPECT_TRUE(Contains(SetMessage("db_uri", "nonsense"), "uri: "));
}

TEST(SettingAnOption, CountsTheLastCallWhateverTheAlias) {
  const Config config = Resolved("sqlite:x", {{"max_lifetime", "1h"}, {"pool_recycle", "60"}});
  EXPECT_EQ(config.max_lifetime, 60 * kSecond);
}

TEST(SettingAnOption, KeepsTextsUnderTheirOwnName) {
  Options options;
  SetAll(&options, {{"database", "d"}, {"pool_pre_ping", "1"}});
  EXPECT_EQ(options.explicit_texts().at("dbname"), "d");
  EXPECT_EQ(options.explicit_texts().at("ping_after"), "0");
}

TEST(SettingAnOption, TakesTheWordsThatMeanOff) {
  for (const char* word : {"off", "none", "OFF"}) {
    const Config config = Resolved("postgresql://h", {{"acquire_timeout", word},
                                                      {"connect_timeout", word},
                                                      {"query_timeout", word},
                                                      {"lock_timeout", word},
                                                      {"idle_timeout", word},
                                                      {"max_lifetime", word},
                                                      {"keepalive", word},
                                                      {"ping_after", word},
                                                      {"max_uses", word},
                                                      {"prepare_threshold", word},
                                                      {"statement_cache", word},
                                                      {"lifetime_jitter", word}});
    for (const Nanos span :
         {config.acquire_timeout, config.connect_timeout, config.query_timeout, config.lock_timeout,
          config.idle_timeout, config.max_lifetime, config.keepalive, config.ping_after}) {
      EXPECT_EQ(span, kForever);
    }
    EXPECT_EQ(config.max_uses, 0u);
    EXPECT_EQ(config.prepare_threshold, 0u);
    EXPECT_EQ(config.statement_cache, 0u);
    EXPECT_EQ(config.lifetime_jitter, 0);
  }
}

TEST(SettingAnOption, KnowsMinusOneAsNoRecyclingAndZeroAsNoConnectTimeout) {
  EXPECT_EQ(Resolved("sqlite:x", {{"pool_recycle", "-1"}}).max_lifetime, kForever);
  EXPECT_EQ(Resolved("postgresql://h?connect_timeout=0").connect_timeout, kForever);
}

TEST(PingAfter, IsADurationOrABoolean) {
  const auto ping = [](const char* name, const char* text) {
    return Resolved("sqlite:x", {{name, text}}).ping_after;
  };
  EXPECT_EQ(ping("ping_after", "0"), 0);
  EXPECT_EQ(ping("ping_after", "1"), kSecond);
  EXPECT_EQ(ping("ping_after", "true"), 0);
  EXPECT_EQ(ping("ping_after", "false"), kForever);
  EXPECT_EQ(ping("ping_after", "30s"), 30 * kSecond);
}

TEST(PingAfter, ReadsZeroAndOneOfPoolPrePingAsBooleans) {
  const auto ping = [](const char* text) {
    return Resolved("sqlite:x", {{"pool_pre_ping", text}}).ping_after;
  };
  EXPECT_EQ(ping("1"), 0);
  EXPECT_EQ(ping("0"), kForever);
  EXPECT_EQ(ping("True"), 0);
  EXPECT_EQ(ping("False"), kForever);
  EXPECT_EQ(Resolved("sqlite:x?pool_pre_ping=0").ping_after, kForever);
}

}  // namespace
}  // namespace dbp
