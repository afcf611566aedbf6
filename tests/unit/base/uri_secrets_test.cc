#include <gtest/gtest.h>

#include <random>

#include "base/uri.h"
#include "tests/unit/base/malformed_uris.h"

namespace dbp {
namespace {

class MalformedUri : public testing::TestWithParam<std::string_view> {};

TEST_P(MalformedUri, IsRefusedWithoutAnyPartOfThePassword) {
  Uri uri;
  const Status status = ParseUri(GetParam(), &uri);
  ASSERT_EQ(status.code(), DBPOOL_ERR_OPTION) << GetParam();
  EXPECT_TRUE(status.message().starts_with("uri: ")) << status.message();
  EXPECT_FALSE(HasPartOfCanary(status.message())) << status.message();
}

INSTANTIATE_TEST_SUITE_P(Corpus, MalformedUri, testing::ValuesIn(kMalformedUris));

TEST(UriSecrets, KeepThePasswordOutWhateverCharactersGetLost) {
  std::mt19937 random(1);  // the same corpus each time
  const auto below = [&random](size_t limit) { return random() % limit; };
  constexpr std::string_view kNoise = ":/?#[]@&=%,+; 0a\x01\xff";
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = "postgresql://user:" + std::string(kCanary) +
                       "@host:5432/db?mode=x&password=" + std::string(kCanary);
    for (size_t change = below(4) + 1; change > 0; --change) {
      const size_t at = below(text.size());
      if (below(2) == 0)
        text.insert(at, 1, kNoise[below(kNoise.size())]);
      else
        text.erase(at, below(3) + 1);
    }
    Uri uri;
    const Status status = ParseUri(text, &uri);
    refused += !status.ok();
    ASSERT_FALSE(HasPartOfCanary(status.message())) << text << ": " << status.message();
  }
  EXPECT_GT(refused, 10'000);
}

TEST(UriSecrets, LeavesTheResultAloneOnFailure) {
  Uri uri;
  uri.user = "before";
  EXPECT_FALSE(ParseUri("postgresql://after:x@host:bad/db", &uri).ok());
  EXPECT_EQ(uri.user, "before");
  EXPECT_TRUE(uri.password.empty());
}

TEST(UriSecrets, SayWhichComponentIsWrong) {
  Uri uri;
  const auto message = [&uri](std::string_view text) {
    return std::string(ParseUri(text, &uri).message());
  };
  EXPECT_NE(message("postgresql://u:a%@h").find("the password"), std::string::npos);
  EXPECT_NE(message("postgresql://u%:a@h").find("the user"), std::string::npos);
  EXPECT_NE(message("postgresql://u:a@h,i:x").find("port of host 2"), std::string::npos);
  EXPECT_NE(message("postgresql://h/d%zz").find("the database's name"), std::string::npos);
  EXPECT_NE(message("postgresql://h/d?a=b&c=%g0").find("parameter 2"), std::string::npos);
  EXPECT_NE(message("sqlite:a%4").find("the path"), std::string::npos);
}

}  // namespace
}  // namespace dbp
