#include "driver/statement_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace dbp {
namespace {

/// Writes its name down when it goes.
class Entry {
 public:
  Entry(std::string name, std::vector<std::string>* gone) : name_(std::move(name)), gone_(gone) {}
  Entry(Entry&& other) noexcept
      : name_(std::move(other.name_)), gone_(std::exchange(other.gone_, nullptr)) {}
  Entry& operator=(Entry&&) = delete;
  ~Entry() {
    if (gone_ != nullptr) gone_->push_back(name_);
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::vector<std::string>* gone_;
};

using Names = std::vector<std::string>;

class StatementCacheTest : public testing::Test {
 protected:
  void Insert(StatementCache<Entry>& cache, const std::string& key) {
    cache.Insert(key, Entry(key, &gone_));
  }
  Names gone_;
};

TEST_F(StatementCacheTest, FindsWhatWasInserted) {
  StatementCache<Entry> cache(2);
  EXPECT_EQ(cache.Find("a"), nullptr);
  Insert(cache, "a");
  ASSERT_NE(cache.Find("a"), nullptr);
  EXPECT_EQ(cache.Find("a")->name(), "a");
  EXPECT_EQ(cache.Find("A"), nullptr);
  EXPECT_EQ(cache.size(), 1u);
}

TEST_F(StatementCacheTest, DropsTheLeastRecentlyUsedFirst) {
  StatementCache<Entry> cache(3);
  for (const char* key : {"a", "b", "c"}) Insert(cache, key);
  cache.Find("a");
  Insert(cache, "d");
  Insert(cache, "e");
  EXPECT_EQ(gone_, (Names{"b", "c"}));
  EXPECT_NE(cache.Find("a"), nullptr);
  EXPECT_EQ(cache.size(), 3u);
}

TEST_F(StatementCacheTest, TellsWhatGoesNext) {
  StatementCache<Entry> cache(2);
  Insert(cache, "a");
  EXPECT_EQ(cache.NextToGo(), nullptr) << "there is room";
  Insert(cache, "b");
  ASSERT_NE(cache.NextToGo(), nullptr);
  EXPECT_EQ(cache.NextToGo()->name(), "a");
  cache.Find("a");
  EXPECT_EQ(cache.NextToGo()->name(), "b");
}

TEST_F(StatementCacheTest, KeepsNothingAtCapacityZeroButThePlaceInUse) {
  StatementCache<Entry> cache(0);
  EXPECT_EQ(cache.NextToGo(), nullptr);
  Entry* place = cache.Insert("a", Entry("a", &gone_));
  EXPECT_EQ(place->name(), "a");
  EXPECT_TRUE(gone_.empty()) << "still in use";
  EXPECT_EQ(cache.Find("a"), nullptr) << "keeps nothing";
  Insert(cache, "a");
  Insert(cache, "b");
  EXPECT_EQ(gone_, (Names{"a", "a"}));
  EXPECT_EQ(cache.size(), 1u);
}

TEST_F(StatementCacheTest, ErasesOnceAndOnlyWhatItWasAskedTo) {
  StatementCache<Entry> cache(3);
  Insert(cache, "a");
  Insert(cache, "b");
  cache.Erase("a");
  cache.Erase("a");
  cache.Erase("never there");
  EXPECT_EQ(gone_, Names{"a"});
  EXPECT_NE(cache.Find("b"), nullptr);
}

TEST_F(StatementCacheTest, ErasesByAKeyThatIsTheEntrysOwn) {
  StatementCache<std::string> cache(2);
  std::string* entry = cache.Insert("a long key that is not kept inside the string object", "x");
  *entry = "a long key that is not kept inside the string object";
  cache.Erase(*entry);
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(StatementCacheTest, ClearsEveryEntryOnce) {
  {
    StatementCache<Entry> cache(3);
    for (const char* key : {"a", "b"}) Insert(cache, key);
    cache.Clear();
    EXPECT_EQ(gone_.size(), 2u);
    EXPECT_EQ(cache.size(), 0u);
    Insert(cache, "a");
    EXPECT_NE(cache.Find("a"), nullptr);
  }
  EXPECT_EQ(gone_.size(), 3u) << "the destructor takes the rest";
}

TEST_F(StatementCacheTest, KeepsKeysOfItsOwn) {
  StatementCache<Entry> cache(2);
  std::string key = "select 1 -- long enough to live on the heap";
  Insert(cache, key);
  key.assign(key.size(), 'x');
  EXPECT_NE(cache.Find("select 1 -- long enough to live on the heap"), nullptr);
}

TEST_F(StatementCacheTest, TellsKeysWithZeroBytesApart) {
  StatementCache<Entry> cache(2);
  const std::string one("a\0b", 3), two("a\0c", 3);
  Insert(cache, one);
  EXPECT_EQ(cache.Find(two), nullptr);
  EXPECT_NE(cache.Find(one), nullptr);
}

}  // namespace
}  // namespace dbp
