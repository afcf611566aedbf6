#include <cstdlib>
#include <cstring>
#include <set>

#include "tests/capi/capi.h"

namespace dbp::capi {
namespace {

TEST(OptionList, NamesEveryOptionAndItsDefault) {
  std::set<std::string> names;
  dbpool_option option;
  size_t index = 0;
  for (;; ++index) {
    option = {.struct_size = sizeof option};
    if (dbpool_option_at(index, &option) != DBPOOL_OK) break;
    SCOPED_TRACE(option.name);
    EXPECT_TRUE(names.insert(option.name).second);
    for (const char* text : {option.type, option.range, option.group, option.help}) {
      EXPECT_STRNE(text, "");
    }
    EXPECT_NE(option.aliases, nullptr);
    ASSERT_NE(option.default_value, nullptr);
    if (*option.default_value) {
      const Options options(dbpool_options_new());
      EXPECT_STATUS(dbpool_options_set(options.get(), option.name, option.default_value, nullptr),
                    DBPOOL_OK)
          << "a default is a value";
    }
  }
  EXPECT_STATUS(dbpool_option_at(index, &option), DBPOOL_DONE);
  EXPECT_EQ(option.name, nullptr);
  EXPECT_STATUS(dbpool_option_at(SIZE_MAX, &option), DBPOOL_DONE);
  for (const char* name : {"uri", "pool_size", "max_overflow", "reset", "journal_mode"}) {
    EXPECT_EQ(names.count(name), 1u) << name;
  }
}

TEST(OptionList, AliasesSetTheSameOption) {
  const Pool pool = MakePool("sqlite::memory:", {{"maxconn", "4"}, {"pool_size", "3"}});
  EXPECT_EQ(Stats(pool).limit, 4u);
}

TEST(OptionErrors, NameTheOptionTheValueAndTheRange) {
  const Options options(dbpool_options_new());
  Error error;
  EXPECT_STATUS(dbpool_options_set(options.get(), "pool_size", "many", error.out()), DBPOOL_ERR_OPTION);
  for (const char* part : {"pool_size", "many", "1 to 10000"}) {
    EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
  }
  EXPECT_STATUS(dbpool_options_set(options.get(), "pool_sise", "1", error.out()), DBPOOL_ERR_OPTION);
  EXPECT_NE(error.message().find("pool_size"), std::string::npos) << "a guess: " << error.message();
}

/// The environment of one test.
class Environment : public testing::Test {
 protected:
  void Set(const char* name, const char* value) {
    setenv(name, value, 1);
    set_.push_back(name);
  }
  ~Environment() override {
    for (const char* name : set_) unsetenv(name);
  }
  Options FromEnvironment(const char* prefix = "CAPI_TEST_") {
    Options options(dbpool_options_new());
    Error error;
    EXPECT_STATUS(dbpool_options_from_env(options.get(), prefix, error.out()), DBPOOL_OK)
        << error.message();
    return options;
  }
  static dbpool_statistics StatsOf(const char* uri, const Options& options) {
    dbpool* pool = nullptr;
    EXPECT_STATUS(dbpool_create(uri, options.get(), &pool, nullptr), DBPOOL_OK);
    return Stats(Pool(pool));
  }

 private:
  std::vector<const char*> set_;
};

TEST_F(Environment, IsWeakerThanTheUriAndThatThanASetter) {
  Set("CAPI_TEST_POOL_SIZE", "2");
  Set("CAPI_TEST_MAX_OVERFLOW", "0");
  Set("CAPI_TEST_URI", "sqlite::memory:?lazy=on");
  const Options options = FromEnvironment();
  EXPECT_EQ(StatsOf(nullptr, options).limit, 2u) << "the environment";
  EXPECT_EQ(StatsOf("sqlite::memory:?pool_size=3", options).limit, 3u) << "the URI";
  ASSERT_STATUS(dbpool_options_set(options.get(), "pool_size", "4", nullptr), DBPOOL_OK);
  EXPECT_EQ(StatsOf("sqlite::memory:?pool_size=3", options).limit, 4u) << "the setter";
  ASSERT_STATUS(dbpool_options_from_env(options.get(), "CAPI_TEST_", nullptr), DBPOOL_OK);
  EXPECT_EQ(StatsOf("sqlite::memory:?pool_size=3", options).limit, 4u) << "whatever the order";
}

TEST_F(Environment, IsReadWhenAskedForAndNotElse) {
  Set("DBPOOL_POOL_SIZE", "7");
  Set("DBPOOL_MAX_OVERFLOW", "0");
  EXPECT_EQ(StatsOf("sqlite::memory:", Options()).limit, 15u) << "create does not look at it";
  EXPECT_EQ(StatsOf("sqlite::memory:", FromEnvironment(nullptr)).limit, 7u) << "NULL is DBPOOL_";
}

TEST_F(Environment, MayHoldNamesThatAreNoneOfOurs) {
  Set("CAPI_TEST_NO_OPTION_OF_OURS", "x");
  EXPECT_EQ(StatsOf("sqlite::memory:", FromEnvironment()).limit, 15u);
}

TEST_F(Environment, WithABadValueNamesTheVariable) {
  Set("CAPI_TEST_POOL_SIZE", "zero");
  const Options options(dbpool_options_new());
  Error error;
  EXPECT_STATUS(dbpool_options_from_env(options.get(), "CAPI_TEST_", error.out()), DBPOOL_ERR_OPTION);
  EXPECT_NE(error.message().find("CAPI_TEST_POOL_SIZE"), std::string::npos) << error.message();
}

TEST(OptionValues, AreCopied) {
  Options options = MakeOptions({{"pool_size", "2"}, {"max_overflow", "0"}});
  char value[] = "3";
  ASSERT_STATUS(dbpool_options_set(options.get(), "max_overflow", value, nullptr), DBPOOL_OK);
  value[0] = '9';
  dbpool* raw = nullptr;
  ASSERT_STATUS(dbpool_create("sqlite::memory:", options.get(), &raw, nullptr), DBPOOL_OK);
  const Pool pool(raw);
  options.reset();
  EXPECT_EQ(Stats(pool).limit, 5u);
}

TEST(OptionValues, ResizeReplacesThem) {
  const Pool pool = MakePool("sqlite::memory:?pool_size=2&max_overflow=1");
  ASSERT_STATUS(dbpool_resize(pool.get(), 5, 6, nullptr), DBPOOL_OK);
  EXPECT_EQ(Stats(pool).limit, 11u);
  EXPECT_EQ(Stats(pool).pool_size, 5u);
  EXPECT_EQ(Stats(pool).max_overflow, 6u);
  ASSERT_STATUS(dbpool_resize(pool.get(), 10'000, 10'000, nullptr), DBPOOL_OK);
  ASSERT_STATUS(dbpool_resize(pool.get(), 1, 0, nullptr), DBPOOL_OK);
  EXPECT_TRUE(Await([&] { return Stats(pool).open == 1; }));
}

}  // namespace
}  // namespace dbp::capi
