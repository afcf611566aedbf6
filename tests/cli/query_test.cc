#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace dbp::cli_test {
namespace {

using nlohmann::json;

class QueryCommand : public CliTest {
 protected:
  void SetUp() override {
    Sql("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price REAL);"
        "INSERT INTO t VALUES (1, 'apple', 1.25), (2, 'a\"b,c', NULL), (30, '', 2)");
  }
};

TEST_F(QueryCommand, ATableIsAlignedAndCounted) {
  const Outcome outcome = Query({"SELECT * FROM t ORDER BY id"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            " id | name  | price\n"
            "----+-------+-------\n"
            "  1 | apple |  1.25\n"
            "  2 | a\"b,c |  NULL\n"
            " 30 |       |     2\n"
            "(3 rows)\n");
}

TEST_F(QueryCommand, ATableIsMeasuredInCharacters) {
  const Outcome outcome =
      Query({"SELECT 'äö' AS a, 1 AS b UNION ALL SELECT '日本', 2"}, {"LC_ALL=C.UTF-8"});
  EXPECT_EQ(outcome.out,
            " a    │ b\n"
            "──────┼───\n"
            " äö   │ 1\n"
            " 日本 │ 2\n"
            "(2 rows)\n");
}

TEST_F(QueryCommand, ACellCannotSteerTheTerminal) {
  const Outcome outcome = Query({"SELECT char(27) || '[31m' || char(10) AS x"});
  EXPECT_NE(outcome.out.find(" \\x1b[31m\\n\n"), std::string::npos) << outcome.out;
}

TEST_F(QueryCommand, AStatementWithoutRowsSaysWhatItChanged) {
  EXPECT_EQ(Query({"UPDATE t SET price = 0 WHERE id < 10"}).out, "UPDATE: 2 rows\n");
}

TEST_F(QueryCommand, CsvQuotesWhatItMustAndTellsNullFromEmpty) {
  const Outcome outcome = Query({"SELECT * FROM t ORDER BY id", "--csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "id,name,price\r\n"
            "1,apple,1.25\r\n"
            "2,\"a\"\"b,c\",\r\n"
            "30,\"\",2\r\n");
}

TEST_F(QueryCommand, JsonIsAnArrayOfObjects) {
  const Outcome outcome =
      Query({"SELECT id, name, price, id, x'0aff' AS raw FROM t ORDER BY id", "--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const json rows = json::parse(outcome.out);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0],
            json({{"id", 1}, {"name", "apple"}, {"price", 1.25}, {"id_2", 1}, {"raw", "\\x0aff"}}));
  EXPECT_TRUE(rows[1]["price"].is_null());
}

TEST_F(QueryCommand, AnEmptyResultIsAnEmptyArray) {
  EXPECT_EQ(Query({"SELECT * FROM t WHERE id < 0", "--json"}).out, "[]\n");
}

TEST_F(QueryCommand, SeveralResultsComeOneAfterTheOther) {
  EXPECT_EQ(Query({"SELECT 1 AS a; SELECT 2 AS b"}).out,
            " a\n---\n 1\n(1 row)\n\n b\n---\n 2\n(1 row)\n");
  EXPECT_EQ(Query({"SELECT 1 AS a; SELECT 2 AS b", "--json"}).out,
            "[\n  {\"a\": 1}\n]\n[\n  {\"b\": 2}\n]\n");
  EXPECT_EQ(Query({"SELECT 1 AS a; SELECT 2 AS b", "--csv"}).out, "a\r\n1\r\n\r\nb\r\n2\r\n");
}

TEST_F(QueryCommand, ParametersHaveTheTypesTheyName) {
  const Outcome outcome =
      Query({"SELECT typeof($1), typeof($2), typeof($3), typeof($4), typeof($5), $6, $7", "--csv",
             "7", "i:42", "f:1.5", "x:00ff", "null:", "t:i:1", "[1,{}]"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("\r\ntext,integer,real,blob,null,i:1,\"[1,{}]\"\r\n"),
            std::string::npos)
      << outcome.out;
}

TEST_F(QueryCommand, AParameterThatIsNotItsTypeIsWrongUse) {
  for (const char* parameter : {"i:1x", "f:", "b:yes", "x:0", "x:zz"}) {
    const Outcome outcome = Query({"SELECT $1", parameter});
    EXPECT_EQ(outcome.exit_code, 2) << parameter;
    EXPECT_NE(outcome.err.find("parameter 1"), std::string::npos) << outcome.err;
  }
}

TEST_F(QueryCommand, AnSqlErrorShowsThePlace) {
  const Outcome outcome = Query({"SELECT 1,\n  'ä', nonsense\nFROM t"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("(SQLSTATE 42703)"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("\n  line 2:   'ä', nonsense\n"
                             "                 ^\n"),
            std::string::npos)
      << outcome.err;
}

TEST_F(QueryCommand, SqlMayComeFromStdinAndTheUriFromTheEnvironment) {
  const Outcome outcome =
      Dbpool({"query", "-"}, {"DBPOOL_URI=" + uri_}, "SELECT count(*) AS n FROM t");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, " n\n---\n 3\n(1 row)\n");
}

TEST_F(QueryCommand, TimingGoesToStderr) {
  const Outcome outcome = Query({"SELECT 1", "--timing", "--csv"});
  EXPECT_EQ(outcome.out, "1\r\n1\r\n");
  EXPECT_TRUE(outcome.err.starts_with("Time: ")) << outcome.err;
}

TEST_F(QueryCommand, AnInterruptCancelsTheStatement) {
  Running running(
      {"query", uri_, "--csv",
       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"},
      {});
  ASSERT_TRUE(running.WaitFor("i\r\n1\r\n"));
  running.Signal(SIGINT);
  EXPECT_EQ(running.Finish().exit_code, 130);
}

}  // namespace
}  // namespace dbp::cli_test
