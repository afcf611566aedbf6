#include <gtest/gtest.h>

#include "tests/unit/options/resolved.h"

namespace dbp {
namespace {

TEST(SqliteTarget, ComesFromAUri) {
  const Config config =
      Resolved("sqlite:dir/x.db?journal_mode=DELETE&synchronous=Full&foreign_keys=off&mode=ro");
  EXPECT_EQ(config.kind, DatabaseKind::kSqlite);
  EXPECT_EQ(config.sqlite.path, "dir/x.db");
  EXPECT_FALSE(config.sqlite.memory);
  EXPECT_EQ(config.sqlite.journal_mode, "delete");
  EXPECT_EQ(config.sqlite.synchronous, "full");
  EXPECT_FALSE(config.sqlite.foreign_keys);
  EXPECT_EQ(config.sqlite.mode, SqliteMode::kReadOnly);
}

TEST(SqliteTarget, KnowsMemory) {
  const Config config = Resolved("sqlite::memory:");
  EXPECT_TRUE(config.sqlite.memory);
  EXPECT_EQ(config.sqlite.path, "");
}

TEST(SqliteTarget, RefusesMemoryThatIsReadOnly) {
  EXPECT_TRUE(Contains(Refusal("sqlite::memory:?mode=ro"), "mode: the value 'ro'"));
}

TEST(SqliteTarget, RefusesUnknownNamesInTheQuery) {
  EXPECT_TRUE(Contains(Refusal("sqlite:x?cache=shared"), "'cache'"));
  EXPECT_TRUE(Contains(Refusal("sqlite:x?sslmode=require"), "'sslmode'"));
}

TEST(SqliteTarget, RefusesOptionsOfPostgresByName) {
  EXPECT_EQ(Refusal("sqlite:x", {{"host", "h"}}),
            "host is an option of PostgreSQL; the database is SQLite");
  EXPECT_TRUE(Contains(Refusal("sqlite:x", {{"search_path", "s"}}), "search_path"));
  const std::string message = Refusal("sqlite:x?password=Q7xWv9");
  EXPECT_TRUE(Contains(message, "password") && !Contains(message, "Q7xW")) << message;
}

TEST(SqliteTarget, TakesNoOtherDbnameThanItsPath) {
  EXPECT_EQ(Resolved("sqlite:x", {{"dbname", "x"}}).sqlite.path, "x");
  EXPECT_TRUE(Contains(Refusal("sqlite:x", {{"dbname", "y"}}), "dbname: the value 'y'"));
}

}  // namespace
}  // namespace dbp
