#include "fixture.h"

namespace dbp::sqlite {
namespace {

using SqliteParams = SqliteTest;

TEST_F(SqliteParams, NumbersMeanTheValueWhateverTheOrder) {
  auto c = Connect();
  EXPECT_EQ(Ask(*c, "SELECT $2, $1, $2", {IntParam(1), IntParam(2)}), "2|1|2");
}

TEST_F(SqliteParams, KnowsTheStylesOfSqlite) {
  auto c = Connect();
  EXPECT_EQ(Ask(*c, "SELECT ?, ?", {IntParam(1), IntParam(2)}), "1|2");
  EXPECT_EQ(Ask(*c, "SELECT ?2, ?1", {IntParam(1), IntParam(2)}), "2|1");
  EXPECT_EQ(Ask(*c, "SELECT :b, @a, :b, $c", {IntParam(1), IntParam(2), IntParam(3)}), "1|2|1|3");
}

TEST_F(SqliteParams, RefusesMixedStylesAndSuffixes) {
  auto c = Connect();
  const std::vector<dbpool_value> two = {IntParam(1), IntParam(2)};
  for (const char* sql : {"SELECT $1, ?", "SELECT $1, :a", "SELECT $1::text", "SELECT $1a",
                          "SELECT $0", "SELECT $99999999999999"}) {
    EXPECT_CODE(Run(*c, sql, two), DBPOOL_ERR_INVALID) << sql;
  }
}

TEST_F(SqliteParams, SaysHowManyItTakes) {
  auto c = Connect();
  const Status status = Run(*c, "SELECT $1, $2", {IntParam(1)});
  EXPECT_CODE(status, DBPOOL_ERR_INVALID);
  EXPECT_NE(status.message().find("takes 2 parameters, 1 given"), std::string::npos);
  EXPECT_CODE(Run(*c, "SELECT 1", {IntParam(1)}), DBPOOL_ERR_INVALID);
  EXPECT_CODE(Run(*c, "", {IntParam(1)}), DBPOOL_ERR_INVALID);
}

TEST_F(SqliteParams, EveryTypeArrives) {
  auto c = Connect();
  dbpool_value yes = IntParam(2), real = {}, null = {};
  yes.type = DBPOOL_BOOL;
  real.type = DBPOOL_FLOAT64;
  real.num.f64 = 0.5;
  EXPECT_EQ(Ask(*c, "SELECT $1, $2, $3, $4, hex($5), typeof($5)",
                {yes, real, null, TextParam("text"),
                 TextParam(std::string_view("a\0b", 3), DBPOOL_BYTES)}),
            "1|0.500000|NULL|text|610062|blob");
}

TEST_F(SqliteParams, EmptyTextAndBytesAreNotNull) {
  auto c = Connect();
  dbpool_value text = {}, bytes = {};
  text.type = DBPOOL_TEXT;
  bytes.type = DBPOOL_BYTES;
  EXPECT_EQ(Ask(*c, "SELECT typeof($1), typeof($2), $1", {text, bytes}), "text|blob|");
}

TEST_F(SqliteParams, RefusesANulInsideText) {
  auto c = Connect();
  EXPECT_CODE(Run(*c, "SELECT $1", {TextParam(std::string_view("a\0b", 3))}), DBPOOL_ERR_INVALID);
}

TEST_F(SqliteParams, SecondRunSeesNothingOfTheFirst) {
  auto c = Connect();
  EXPECT_EQ(Ask(*c, "SELECT $1", {TextParam("one")}), "one");
  EXPECT_EQ(Ask(*c, "SELECT $1", {dbpool_value{}}), "NULL");
}

TEST_F(SqliteParams, DescribeTellsParametersAndColumns) {
  auto c = Connect();
  ASSERT_OK(Run(*c, "CREATE TABLE t(a INTEGER, b VARCHAR(9), c)"));
  c->StartDescribe("SELECT a, b, c, a + 1 AS d FROM t WHERE a = $2 AND b = $1", Deadline::Never());
  c->Step();
  std::unique_ptr<Rows> rows;
  ASSERT_OK(c->Finish(&rows));
  EXPECT_EQ(rows->params().size(), 2u);
  EXPECT_STREQ(rows->params()[0].name, "");
  ASSERT_EQ(rows->columns().size(), 4u);
  EXPECT_STREQ(rows->columns()[1].native_name, "VARCHAR(9)");
  EXPECT_EQ(rows->columns()[1].kind, uint32_t{DBPOOL_KIND_TEXT});
  EXPECT_EQ(rows->columns()[2].kind, uint32_t{DBPOOL_KIND_OTHER});
  EXPECT_TRUE(rows->complete());
}

}  // namespace
}  // namespace dbp::sqlite
