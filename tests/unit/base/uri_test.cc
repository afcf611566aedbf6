#include "base/uri.h"

#include <gtest/gtest.h>

namespace dbp {
namespace {

Uri Parsed(std::string_view text) {
  Uri uri;
  const Status status = ParseUri(text, &uri);
  EXPECT_TRUE(status.ok()) << text << ": " << status.message();
  return uri;
}

bool Refused(std::string_view text) {
  Uri uri;
  return ParseUri(text, &uri).code() == DBPOOL_ERR_OPTION;
}

std::string Message(std::string_view text) {
  Uri uri;
  return std::string(ParseUri(text, &uri).message());
}

TEST(Uri, TakesAFullPostgresUriApart) {
  const Uri uri = Parsed("postgresql://me:secret@db.example.org:5433/shop?sslmode=require&a_1=x");
  EXPECT_EQ(uri.scheme, "postgresql");
  EXPECT_EQ(uri.user, "me");
  EXPECT_EQ(uri.password.Reveal(), "secret");
  ASSERT_EQ(uri.hosts.size(), 1u);
  EXPECT_EQ(uri.hosts[0].host, "db.example.org");
  EXPECT_EQ(uri.hosts[0].port, "5433");
  EXPECT_EQ(uri.path, "shop");
  ASSERT_EQ(uri.query.size(), 2u);
  EXPECT_EQ(uri.query[1].first, "a_1");
  EXPECT_EQ(uri.query[1].second, "x");
}

TEST(Uri, TakesEveryPartAsOptional) {
  EXPECT_TRUE(Parsed("postgresql://").hosts.empty());
  EXPECT_EQ(Parsed("postgresql:///db").path, "db");
  EXPECT_EQ(Parsed("postgresql://h").hosts[0].host, "h");
  EXPECT_EQ(Parsed("postgresql://u@/db").user, "u");
  EXPECT_EQ(Parsed("postgresql://:pw@h").password.Reveal(), "pw");
  EXPECT_EQ(Parsed("postgresql://?service=x").query[0].second, "x");
  EXPECT_EQ(Parsed("postgresql://h?service=x").query[0].second, "x");
  EXPECT_EQ(Parsed("postgresql://:5433/db").hosts[0].port, "5433");
  EXPECT_EQ(Parsed("postgresql://h:/db").hosts[0].port, "");
}

TEST(Uri, TakesPostgresAndAnyCaseForPostgresql) {
  EXPECT_EQ(Parsed("postgres://h").scheme, "postgresql");
  EXPECT_EQ(Parsed("PostgreSQL://h").scheme, "postgresql");
}

TEST(Uri, DropsTheDriverSuffixOfTheScheme) {
  EXPECT_EQ(Parsed("postgresql+asyncpg://h").scheme, "postgresql");
  EXPECT_EQ(Parsed("postgres+psycopg2://h").scheme, "postgresql");
  EXPECT_EQ(Parsed("sqlite+aiosqlite:x.db").path, "x.db");
  EXPECT_TRUE(Refused("sqlite+:x.db"));
}

TEST(Uri, SplitsSeveralHosts) {
  const Uri uri = Parsed("postgresql://a:1,b,c:3/db");
  ASSERT_EQ(uri.hosts.size(), 3u);
  EXPECT_EQ(uri.hosts[0].port, "1");
  EXPECT_EQ(uri.hosts[1].host, "b");
  EXPECT_EQ(uri.hosts[1].port, "");
  EXPECT_EQ(uri.hosts[2].port, "3");
}

TEST(Uri, TakesIpv6AddressesInBrackets) {
  const Uri uri = Parsed("postgresql://[::1]:5433,[fe80::1%25eth0]/db");
  EXPECT_EQ(uri.hosts[0].host, "::1");
  EXPECT_EQ(uri.hosts[0].port, "5433");
  EXPECT_EQ(uri.hosts[1].host, "fe80::1%eth0");
  EXPECT_TRUE(Refused("postgresql://[host]/db"));
  EXPECT_TRUE(Refused("postgresql://[::1%25]/db"));
}

TEST(Uri, DecodesSocketDirectories) {
  EXPECT_EQ(Parsed("postgresql://%2Frun%2Fpg/db").hosts[0].host, "/run/pg");
  EXPECT_EQ(Parsed("postgresql://%2Frun%2Fpg:5433/db").hosts[0].port, "5433");
  EXPECT_EQ(Parsed("postgresql://%40abstract/db").hosts[0].host, "@abstract");
  EXPECT_TRUE(Refused("postgresql://%2Frun%2Ca/db"));
}

TEST(Uri, DecodesUserPasswordAndDatabase) {
  const Uri uri = Parsed("postgresql://a%40b:p%3A%2f%3F%25+%20@h/my%2Fdb");
  EXPECT_EQ(uri.user, "a@b");
  EXPECT_EQ(uri.password.Reveal(), "p:/?%+ ");
  EXPECT_EQ(uri.path, "my/db");
}

TEST(Uri, LeavesColonsAndHashesInAPassword) {
  EXPECT_EQ(Parsed("postgresql://u:a:b#c@h").password.Reveal(), "a:b#c");
}

TEST(Uri, RefusesASecondAtSign) {
  EXPECT_TRUE(Refused("postgresql://u:a@b@h"));
  EXPECT_TRUE(Refused("postgresql://u:a@h/d@b"));
  EXPECT_TRUE(Refused("postgresql://h/d?user=a@b"));
  EXPECT_EQ(Parsed("postgresql://h/d?user=a%40b").query[0].second, "a@b");
}

TEST(Uri, RefusesPortsThatAreNone) {
  for (const char* port : {"0", "65536", "-1", "+1", "1e3", " 1", "1 ", "0x10", "999999"}) {
    EXPECT_TRUE(Refused(std::string("postgresql://h:") + port + "/d")) << port;
  }
  EXPECT_EQ(Parsed("postgresql://h:65535").hosts[0].port, "65535");
}

TEST(Uri, RefusesControlBytesPlainAndEncoded) {
  EXPECT_TRUE(Refused(std::string_view("sqlite:a\0b", 10)));
  EXPECT_TRUE(Refused("sqlite:a\tb"));
  EXPECT_TRUE(Refused("sqlite:a%00b"));
  EXPECT_TRUE(Refused("postgresql://u%1f@h"));
  EXPECT_TRUE(Refused("postgresql://h%7f"));
  EXPECT_TRUE(Refused("postgresql://h/?a=%0a"));
}

TEST(Uri, ReadsAnEscapeAtTheVeryEnd) {
  EXPECT_EQ(Parsed("sqlite:a%41").path, "aA");
  EXPECT_TRUE(Refused("sqlite:a%4"));
  EXPECT_TRUE(Refused("sqlite:a%"));
}

TEST(Uri, TakesRelativeAndAbsoluteSqlitePaths) {
  EXPECT_EQ(Parsed("sqlite:x.db").path, "x.db");
  EXPECT_EQ(Parsed("sqlite:dir/x.db").path, "dir/x.db");
  EXPECT_EQ(Parsed("sqlite:./x.db").path, "./x.db");
  EXPECT_EQ(Parsed("sqlite:/abs/x.db").path, "/abs/x.db");
  EXPECT_EQ(Parsed("sqlite:///abs/x.db").path, "/abs/x.db");
}

TEST(Uri, TakesSqlalchemysFourSlashesAsAbsolute) {
  EXPECT_EQ(Parsed("sqlite:////abs/x.db").path, "/abs/x.db");
}

TEST(Uri, KnowsTheMemoryDatabase) {
  EXPECT_EQ(Parsed("sqlite::memory:").path, ":memory:");
  EXPECT_EQ(Parsed("sqlite:///:memory:").path, ":memory:");
  EXPECT_EQ(Parsed("sqlite::memory:?pool_size=3").path, ":memory:");
}

TEST(Uri, DecodesSqlitePathsAndTakesTheQueryOff) {
  const Uri uri = Parsed("sqlite:my%20file%3F.db?mode=ro");
  EXPECT_EQ(uri.path, "my file?.db");
  EXPECT_EQ(uri.query[0].second, "ro");
  EXPECT_EQ(Parsed("sqlite:gr\xc3\xbc\xc3\x9f e@x.db").path, "gr\xc3\xbc\xc3\x9f e@x.db");
}

TEST(Uri, RefusesSqliteWithAHostOrWithoutAPath) {
  for (const char* text :
       {"sqlite:", "sqlite:?mode=ro", "sqlite://", "sqlite:///", "sqlite://h/x"}) {
    EXPECT_TRUE(Refused(text)) << text;
  }
}

TEST(Uri, NamesAnUnknownSchemeAndThoseKnown) {
  const std::string message = Message("mysql://h/d");
  for (const char* word : {"'mysql'", "postgresql", "postgres", "sqlite"}) {
    EXPECT_NE(message.find(word), std::string::npos) << message;
  }
  EXPECT_NE(Message("mysql+pymysql://h/d").find("'mysql+pymysql'"), std::string::npos);
}

TEST(Uri, RefusesAConninfoStringAndAPath) {
  EXPECT_TRUE(Refused("host=a dbname=b"));
  EXPECT_TRUE(Refused("/tmp/x.db"));
  EXPECT_TRUE(Refused(""));
}

TEST(Uri, RefusesAQueryThatIsNotNameAndValue) {
  for (const char* query :
       {"a", "a=1&", "&a=1", "a=1&&b=2", "=1", "A=1", "a b=1", "a=1=2", "a=1&a=1"}) {
    EXPECT_TRUE(Refused(std::string("postgresql://h/d?") + query)) << query;
  }
  EXPECT_TRUE(Parsed("postgresql://h/d?").query.empty());
  EXPECT_EQ(Parsed("postgresql://h/d?a=").query[0].second, "");
}

TEST(Uri, RefusesASecondSlashAfterTheHosts) {
  EXPECT_TRUE(Refused("postgresql://h/d/"));
  EXPECT_TRUE(Refused("postgresql://h//d"));
}

}  // namespace
}  // namespace dbp
