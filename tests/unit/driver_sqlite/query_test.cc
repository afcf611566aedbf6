#include "driver/sqlite/columns.h"
#include "driver/sqlite/text.h"
#include "fixture.h"

namespace dbp::sqlite {
namespace {

using SqliteQuery = SqliteTest;

TEST_F(SqliteQuery, ManyRowsComeCompleteAndInOrder) {
  auto c = Connect();
  std::unique_ptr<Rows> rows;
  ASSERT_OK(Run(*c, "SELECT i, 'row ' || i FROM (" + Numbers(20'000) + ")", {}, &rows));
  int64_t next = 1;
  for (auto batch = rows->Take(333); batch.rows > 0; batch = rows->Take(333)) {
    ASSERT_LE(batch.rows, 333u);
    for (uint32_t i = 0; i < batch.rows; ++i, ++next) {
      ASSERT_EQ(batch.cells[2 * i].num.i64, next);
      ASSERT_EQ(batch.cells[2 * i + 1].data, "row " + std::to_string(next));
    }
  }
  EXPECT_EQ(next, 20'001);
}

TEST_F(SqliteQuery, AValueLargerThanABlockArrivesWhole) {
  auto c = Connect();
  const std::string text(3'000'000, 'x');
  EXPECT_EQ(Ask(*c, "SELECT 1, $1, 2, $1 UNION ALL SELECT 3, 'y', 4, 'z'", {TextParam(text)}),
            "1|" + text + "|2|" + text + " 3|y|4|z");
}

TEST_F(SqliteQuery, CountsWhatItChanged) {
  auto c = Connect();
  std::unique_ptr<Rows> rows;
  ASSERT_OK(Run(*c, "CREATE TABLE t(id INTEGER PRIMARY KEY, a)", {}, &rows));
  EXPECT_STREQ(rows->command(), "CREATE TABLE");
  EXPECT_EQ(rows->affected(), 0);
  ASSERT_OK(Run(*c, "INSERT INTO t(a) VALUES (1), (2), (3)", {}, &rows));
  EXPECT_EQ(rows->affected(), 3);
  EXPECT_EQ(rows->last_insert_id(), 3);
  ASSERT_OK(Run(*c, "UPDATE t SET a = 0 WHERE id < 3", {}, &rows));
  EXPECT_EQ(rows->affected(), 2);
  EXPECT_EQ(rows->last_insert_id(), 0);
  ASSERT_OK(Run(*c, "SELECT * FROM t", {}, &rows));
  EXPECT_EQ(rows->affected(), 0);
  ASSERT_OK(Run(*c, "WITH x(v) AS (SELECT 9) INSERT INTO t(a) SELECT v FROM x", {}, &rows));
  EXPECT_STREQ(rows->command(), "INSERT");
  EXPECT_EQ(rows->last_insert_id(), 4);
  ASSERT_OK(Run(*c, "INSERT INTO t(id) VALUES (4) ON CONFLICT DO NOTHING", {}, &rows));
  EXPECT_EQ(rows->affected(), 0);
  EXPECT_EQ(rows->last_insert_id(), 0);
}

TEST_F(SqliteQuery, AKeptStatementFollowsTheSchema) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  ASSERT_OK(Run(*c, "INSERT INTO t VALUES (1)"));
  EXPECT_EQ(Ask(*c, "SELECT * FROM t"), "1");
  ASSERT_OK(Run(*Connect(), "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'new'"));
  std::unique_ptr<Rows> rows;
  ASSERT_OK(Run(*c, "SELECT * FROM t", {}, &rows));
  ASSERT_EQ(rows->columns().size(), 2u);
  EXPECT_STREQ(rows->columns()[1].name, "b");
  EXPECT_EQ(Text(*rows), "1|new");
}

TEST_F(SqliteQuery, SeveralStatementsGiveTheirResultsInOrder) {
  auto c = Connect();
  std::unique_ptr<Rows> rows;
  ASSERT_OK(Run(*c, "CREATE TABLE t(a); INSERT INTO t VALUES (5); -- five\n SELECT a FROM t; ;", {},
                &rows));
  EXPECT_STREQ(rows->command(), "CREATE TABLE");
  rows = rows->TakeNext();
  EXPECT_EQ(rows->affected(), 1);
  rows = rows->TakeNext();
  EXPECT_EQ(Text(*rows), "5");
  EXPECT_EQ(rows->TakeNext(), nullptr);
}

TEST_F(SqliteQuery, OneOfSeveralFailsAndTheOnesBeforeStay) {
  auto c = Connect();
  const std::string sql = "CREATE TABLE t(a); SELECT absent FROM t";
  const Status status = Run(*c, sql);
  EXPECT_EQ(status.sqlstate(), "42703");
  EXPECT_EQ(status.info()->position, static_cast<int32_t>(sql.find("absent") + 1));
  EXPECT_EQ(Ask(*c, "SELECT count(*) FROM t"), "0");
}

TEST_F(SqliteQuery, SeveralStatementsTakeNoParametersAndNoStream) {
  auto c = Connect();
  EXPECT_CODE(Run(*c, "SELECT 1; SELECT 2", {IntParam(1)}), DBPOOL_ERR_INVALID);
  EXPECT_CODE(Run(*c, Query{.sql = "SELECT 1; SELECT 2", .params = {}, .stream = true}),
              DBPOOL_ERR_UNSUPPORTED);
}

TEST_F(SqliteQuery, BlankTextIsAnEmptyResult) {
  auto c = Connect();
  for (const char* sql : {"", ";", " -- nothing", "/* never closed", "\n;;/**/"}) {
    std::unique_ptr<Rows> rows;
    ASSERT_OK(Run(*c, sql, {}, &rows));
    EXPECT_STREQ(rows->command(), "");
    EXPECT_TRUE(rows->complete());
    EXPECT_EQ(rows->Take(1).rows, 0u);
  }
}

TEST_F(SqliteQuery, ANulInTheTextIsRefused) {
  auto c = Connect();
  EXPECT_CODE(Run(*c, std::string_view("SELECT 1\0; DROP TABLE t", 23)), DBPOOL_ERR_INVALID);
}

TEST_F(SqliteQuery, ReadOnlyQueryRefusesToWriteBeforeItRuns) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  for (const char* sql : {"INSERT INTO t VALUES (1)", "BEGIN IMMEDIATE", "DROP TABLE t"}) {
    EXPECT_EQ(Run(*c, Query{.sql = sql, .params = {}, .read_only = true}).sqlstate(), "25006")
        << sql;
  }
  EXPECT_OK(Run(*c, Query{.sql = "SELECT * FROM t", .params = {}, .read_only = true}));
}

TEST_F(SqliteQuery, ReadOnlyConnectionRefusesToWriteUntilItIsSwitchedBack) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a)"));
  ASSERT_OK(c->SetReadOnly(true));
  EXPECT_EQ(Run(*c, "INSERT INTO t VALUES (1)").sqlstate(), "25006");
  EXPECT_FALSE(c->NeedsReset(ResetMode::kSmart));
  ASSERT_OK(c->SetReadOnly(false));
  EXPECT_OK(Run(*c, "INSERT INTO t VALUES (1)"));
}

TEST(SqliteColumns, KindsFollowTheDeclaredType) {
  EXPECT_EQ(KindOfDeclaredType("bigint"), uint32_t{DBPOOL_KIND_INTEGER});
  EXPECT_EQ(KindOfDeclaredType("INTERVAL"), uint32_t{DBPOOL_KIND_INTERVAL});
  EXPECT_EQ(KindOfDeclaredType("DATETIME"), uint32_t{DBPOOL_KIND_TIMESTAMP});
  EXPECT_EQ(KindOfDeclaredType("DECIMAL(10,2)"), uint32_t{DBPOOL_KIND_NUMERIC});
  EXPECT_EQ(KindOfDeclaredType("double precision"), uint32_t{DBPOOL_KIND_FLOAT});
  EXPECT_EQ(KindOfDeclaredType("geometry"), uint32_t{DBPOOL_KIND_OTHER});
}

TEST(SqliteText, NamesCommandsWithoutTheirModifiers) {
  EXPECT_EQ(CommandOf("/* x */ create temp table t(a)"), "CREATE TABLE");
  EXPECT_EQ(CommandOf("CREATE UNIQUE INDEX i ON t(a)"), "CREATE INDEX");
  EXPECT_EQ(CommandOf("-- c\nselect 1"), "SELECT");
}

}  // namespace
}  // namespace dbp::sqlite
