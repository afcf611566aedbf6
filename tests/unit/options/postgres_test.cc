#include <gtest/gtest.h>

#include <random>

#include "tests/unit/base/malformed_uris.h"
#include "tests/unit/options/resolved.h"

namespace dbp {
namespace {

std::string Keyword(const Config& config, std::string_view name) {
  for (const auto& [keyword, text] : config.postgres.keywords) {
    if (keyword == name) return text;
  }
  return "(none)";
}

TEST(PostgresTarget, ComesFromAUri) {
  const Config config =
      Resolved("postgresql://u:p%40w@a:1,[::1]/d?sslmode=require&options=-c%20x%3D1");
  EXPECT_EQ(config.kind, DatabaseKind::kPostgres);
  ASSERT_EQ(config.postgres.hosts.size(), 2u);
  EXPECT_EQ(config.postgres.hosts[0].host, "a");
  EXPECT_EQ(config.postgres.hosts[0].port, "1");
  EXPECT_EQ(config.postgres.hosts[1].host, "::1");
  EXPECT_EQ(config.postgres.hosts[1].port, "");
  EXPECT_EQ(config.postgres.password.Reveal(), "p@w");
  EXPECT_EQ(Keyword(config, "user"), "u");
  EXPECT_EQ(Keyword(config, "dbname"), "d");
  EXPECT_EQ(Keyword(config, "sslmode"), "require");
  EXPECT_EQ(Keyword(config, "options"), "-c x=1");
  EXPECT_EQ(Keyword(config, "password"), "(none)");
}

TEST(PostgresTarget, ComesFromPartsWithoutAUriAndWithoutPercentEncoding) {
  const Config config = Resolved(nullptr, {{"host", "h"},
                                           {"port", "5433"},
                                           {"database", "d%41/"},
                                           {"username", "u@x"},
                                           {"password", "p%/@:"}});
  EXPECT_EQ(config.kind, DatabaseKind::kPostgres);
  EXPECT_EQ(config.postgres.hosts.at(0).host, "h");
  EXPECT_EQ(config.postgres.hosts.at(0).port, "5433");
  EXPECT_EQ(Keyword(config, "dbname"), "d%41/");
  EXPECT_EQ(Keyword(config, "user"), "u@x");
  EXPECT_EQ(config.postgres.password.Reveal(), "p%/@:");
}

TEST(PostgresTarget, LeavesWhatNobodySaidToLibpq) {
  const Config config = Resolved("postgresql://");
  EXPECT_TRUE(config.postgres.hosts.empty());
  EXPECT_TRUE(config.postgres.keywords.empty());
  EXPECT_TRUE(config.postgres.password.empty());
  EXPECT_EQ(Keyword(Resolved("postgresql://?service=shop"), "service"), "shop");
}

TEST(PostgresTarget, TakesListsOfHostsAndPorts) {
  const Config each = Resolved(nullptr, {{"host", "a,/run/pg"}, {"port", "1,2"}});
  ASSERT_EQ(each.postgres.hosts.size(), 2u);
  EXPECT_EQ(each.postgres.hosts[1].host, "/run/pg");
  EXPECT_EQ(each.postgres.hosts[1].port, "2");
  const Config one = Resolved(nullptr, {{"host", "a,b"}, {"port", "7"}});
  EXPECT_EQ(one.postgres.hosts[1].port, "7");
  EXPECT_EQ(Resolved("postgresql:///d?host=a,b&port=1,2").postgres.hosts[1].port, "2");
}

TEST(PostgresTarget, RefusesListsThatDoNotMatch) {
  EXPECT_EQ(Refusal(nullptr, {{"host", "a,b"}, {"port", "1,2,3"}}),
            "port: 3 values; allowed: as many as hosts (2) or one");
  EXPECT_TRUE(Contains(Refusal("postgresql:///d?hostaddr=1.2.3.4&host=a,b"), "hostaddr"));
  EXPECT_TRUE(Contains(Refusal("postgresql:///d?hostaddr=name"), "hostaddr"));
}

TEST(PostgresTarget, PutsHostaddrBesideItsHost) {
  const Config config = Resolved("postgresql://a,b/d?hostaddr=10.0.0.1,::1");
  EXPECT_EQ(config.postgres.hosts[0].hostaddr, "10.0.0.1");
  EXPECT_EQ(config.postgres.hosts[1].hostaddr, "::1");
  EXPECT_EQ(Keyword(config, "hostaddr"), "(none)");
  EXPECT_EQ(Resolved("postgresql:///d?hostaddr=10.0.0.1").postgres.hosts.at(0).hostaddr,
            "10.0.0.1");
}

TEST(PostgresTarget, TakesThePartsInTheQueryAsLibpqDoes) {
  const Config config =
      Resolved("postgresql:///?host=%2Ftmp&port=5433&dbname=d&user=u&password=p%26w");
  EXPECT_EQ(config.postgres.hosts.at(0).host, "/tmp");
  EXPECT_EQ(config.postgres.hosts.at(0).port, "5433");
  EXPECT_EQ(Keyword(config, "dbname"), "d");
  EXPECT_EQ(config.postgres.password.Reveal(), "p&w");
  Refusal("postgresql://a/d?host=b");
}

TEST(PostgresTarget, TakesPartsThatAgreeWithTheUriOrFillIt) {
  const Config config =
      Resolved("postgresql://u@h/d", {{"host", "h"}, {"dbname", "d"}, {"password", "p"}});
  EXPECT_EQ(config.postgres.password.Reveal(), "p");
  EXPECT_EQ(Resolved("postgresql://u:p@h", {{"password", "p"}}).postgres.password.Reveal(), "p");
}

TEST(PostgresTarget, RefusesPartsThatContradictTheUri) {
  const char* uri = "postgresql://u:secret@h:1/d";
  for (const char* name : {"host", "dbname", "user"}) {
    EXPECT_EQ(Refusal(uri, {{name, "else"}}),
              std::string(name) +
                  ": the value 'else' contradicts the URI; allowed: the same, or only one of them");
  }
  EXPECT_TRUE(Contains(Refusal(uri, {{"port", "2"}}), "port: the value '2'"));
}

TEST(PostgresTarget, ShowsNoPasswordInAContradiction) {
  const std::string message = Refusal("postgresql://u:Q7xWv9@h/d", {{"password", "LmZk2p"}});
  EXPECT_TRUE(message.starts_with("password: ")) << message;
  EXPECT_FALSE(Contains(message, "Q7xW") || Contains(message, "LmZk")) << message;
}

TEST(PostgresTarget, RefusesOptionsOfSqliteByName) {
  EXPECT_EQ(Refusal("postgresql://h", {{"journal_mode", "wal"}}),
            "journal_mode is an option of SQLite; the database is PostgreSQL");
  Refusal("postgresql://h?mode=ro");
  Refusal(nullptr, {{"host", "h"}, {"foreign_keys", "on"}});
}

TEST(PostgresTarget, TakesConnectTimeoutAndApplicationNameAsOurs) {
  const Config config = Resolved("postgresql://h/d?connect_timeout=3&application_name=x&schema=s");
  EXPECT_EQ(config.connect_timeout, 3 * kSecond);
  EXPECT_EQ(config.application_name, "x");
  EXPECT_EQ(config.search_path, "s");
  EXPECT_TRUE(config.postgres.keywords.size() == 1);
}

TEST(PostgresTarget, KeepsItsPasswordOutOfEveryRefusalOfAMalformedUri) {
  for (const std::string_view uri : kMalformedUris) {
    const std::string message = Refusal(std::string(uri).c_str());
    EXPECT_FALSE(HasPartOfCanary(message)) << message;
    Options options;
    const Status status = options.Set("uri", uri);
    EXPECT_EQ(status.code(), DBPOOL_ERR_OPTION);
    EXPECT_FALSE(HasPartOfCanary(status.message())) << status.message();
  }
}

TEST(PostgresTarget, KeepsItsPasswordOutOfRefusalsWhateverCharactersGetLost) {
  const std::string canary = "qzxwvylmzkjp";  // might be a parameter's name, after a '&'
  std::mt19937 random(2);                     // the same corpus each time
  const auto below = [&random](size_t limit) { return random() % limit; };
  constexpr std::string_view kNoise = ":/?#[]@&=%,+; a";
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string uri =
        "postgresql://user:" + canary + "@host:5432/db?sslmode=x&password=" + canary + "&lazy=on";
    for (size_t change = below(4) + 1; change > 0; --change) {
      const size_t at = below(uri.size());
      if (below(2) == 0) {
        uri.insert(at, 1, kNoise[below(kNoise.size())]);
      } else {
        uri.erase(at, below(3) + 1);
      }
    }
    Config config;
    const Status status = Resolve(uri.c_str(), nullptr, &config);
    refused += !status.ok();
    for (size_t at = 0; at + 4 <= canary.size(); ++at) {
      ASSERT_FALSE(Contains(std::string(status.message()), canary.substr(at, 4)))
          << uri << ": " << status.message();
    }
  }
  EXPECT_GT(refused, 5'000);
}

TEST(PostgresTarget, LetsHostsBeDefaultsWithPorts) {
  const Config config = Resolved("postgresql://:1,:2/d");
  ASSERT_EQ(config.postgres.hosts.size(), 2u);
  EXPECT_EQ(config.postgres.hosts[1].host, "");
  EXPECT_EQ(config.postgres.hosts[1].port, "2");
  EXPECT_EQ(Resolved("postgresql://:5433").postgres.hosts.at(0).port, "5433");
}

TEST(PostgresTarget, NamesNothingThatFollowsAPasswordInTheQuery) {
  for (const char* uri :
       {"postgresql://h/d?password=a&qxwv=x", "postgresql://h/d?sslpassword=a&qxwv=x",
        "postgresql://h/d?password=a&pool_size=qxwv", "postgresql://h/d?password=a&mode=qxwv"}) {
    EXPECT_FALSE(Contains(Refusal(uri), "qxwv")) << uri;
  }
  EXPECT_EQ(Resolved("postgresql://h/d?password=a&sslmode=require&pool_size=3").pool_size, 3u);
}

}  // namespace
}  // namespace dbp
