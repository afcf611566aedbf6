#include "driver/sql_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "driver/harmless_functions.h"

namespace dbp {
namespace {

constexpr uint32_t kAnyDirt = ~0u;

struct Case {
  const char* sql;
  SqlVerb verb;
  bool several;
  uint32_t dirt;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& expected : cases) {
    const SqlTraits traits = ScanSql(expected.sql);
    EXPECT_EQ(static_cast<int>(traits.verb), static_cast<int>(expected.verb)) << expected.sql;
    EXPECT_EQ(traits.several, expected.several) << expected.sql;
    EXPECT_EQ(traits.dirt, expected.dirt) << expected.sql;
  }
}

void ExpectDirt(uint32_t dirt, const std::vector<const char*>& texts) {
  for (const char* sql : texts) EXPECT_EQ(ScanSql(sql).dirt, dirt) << sql;
}

void ExpectSeveral(bool several, const std::vector<const char*>& texts) {
  for (const char* sql : texts) EXPECT_EQ(ScanSql(sql).several, several) << sql;
}

TEST(SqlText, KnowsTheVerbOfTheFirstStatement) {
  Check({{"SELECT 1", SqlVerb::kSelect, false, 0},
         {"  -- why\n /* not */ select 1;", SqlVerb::kSelect, false, 0},
         {"((select 1) union (select 2))", SqlVerb::kSelect, false, 0},
         {"insert into t values (1)", SqlVerb::kInsert, false, 0},
         {"replace into t values (1)", SqlVerb::kInsert, false, 0},
         {"UPDATE t SET a = 1", SqlVerb::kUpdate, false, 0},
         {"delete from t", SqlVerb::kDelete, false, 0},
         {"merge into t using s on t.a = s.a when matched then delete", SqlVerb::kMerge, false, 0},
         {"with a as (select 1) insert into t select * from a", SqlVerb::kWith, false, 0},
         {"values (1), (2)", SqlVerb::kValues, false, 0},
         {"copy t (a, b) from stdin", SqlVerb::kCopy, false, kDirtUnknown},
         {"copy t from stdin", SqlVerb::kCopy, false, 0},
         {"begin", SqlVerb::kOther, false, 0},
         {"insert into a values (1); select 1", SqlVerb::kInsert, true, 0},
         {"", SqlVerb::kOther, false, 0}});
}

TEST(SqlText, PreparesOnlyOneStatementThatReadsOrWritesRows) {
  EXPECT_TRUE(ScanSql("select $1;").preparable());
  EXPECT_TRUE(ScanSql("with a as (select 1) select * from a").preparable());
  EXPECT_FALSE(ScanSql("select 1; select 2").preparable());
  EXPECT_FALSE(ScanSql("create table t (a int)").preparable());
  EXPECT_FALSE(ScanSql("copy t from stdin").preparable());
  EXPECT_FALSE(ScanSql("explain select 1").preparable());
  EXPECT_FALSE(ScanSql("").preparable());
}

TEST(SqlText, SeesOneStatementThroughQuotesAndComments) {
  ExpectSeveral(false, {"select 1;",
                        "select 1;;; ",
                        "select 1; -- end",
                        "select 1; /* ; */",
                        ";select 1",
                        "select ';'",
                        "select 'it''s; fine'",
                        "select E'it\\'s; fine'",
                        "select e'\\\\;'",
                        "select \"a;b\"",
                        "select \"a\"\";b\"",
                        "select $$;$$",
                        "select $a$ ; $$ ; $b$ ; $a$",
                        "select a$b$ from t",
                        "select $1, $2",
                        "select 1 -- ; select 2\n",
                        "select 1 /* ; */",
                        "select 'a\\b'",
                        "select 'C:\\', 1",
                        "select $é$;$é$",
                        "select U&'d\\0061t;'",
                        "select x'00;'"});
}

TEST(SqlText, SeesSeveralStatements) {
  ExpectSeveral(
      true, {"select 1; select 2", "select 1;select", "select ';'; select 2",
             "select $a$;$a$; select 2", "select a$b$; select $b$", "select 1 -- ;\n; select 2",
             "select 1 /* ; */; select 2", "select \"a\"; select \"b\"", "begin; commit;",
             "select $1$a$b$a$; select 2", "select E'\\\\'; select 2", "select e '\\'; select 2"});
}

TEST(SqlText, SaysSeveralWhereDatabasesDisagree) {
  // Each of these is one statement to one reader and two to another.
  ExpectSeveral(true,
                {"select '\\'; select '", "select 1 /* a /* ; */ b; */",
                 "select 1 /* /* */ ; select 2 */", "select 'a\nb; c", "select \"a; b",
                 "select $a$ ; select 1", "select 1 /* ; select 2", "select 1 -- \r; select 2",
                 "select [it's]; select [that's]", "select [a--b]; select 2\n]", "select `a;b`"});
}

TEST(SqlText, IsDirtyWhereDatabasesDisagree) {
  ExpectDirt(kDirtUnknown, {"select '\\', set_config, '", "select 1 /* /* */ */", "select 'a",
                            "select \"a", "select $a$", "select /*", "select `a`"});
}

TEST(SqlText, LeavesOrdinaryStatementsClean) {
  ExpectDirt(
      kDirtNone,
      {"select * from t where a in (1, 2) and (b or not (c)) limit (1)",
       "select count(*) filter (where a > 0) over (partition by b order by c) from t",
       "select sum(a) over w from t window w as (order by b)",
       "select a::numeric(10,2), cast(b as varchar(20)), c::character varying(5) from t",
       "select pg_catalog.lower('A'), UPPER(b), Coalesce(a, b), now()",
       "select extract(epoch from now()), substring(a from 1 for 2), position('a' in b), trim(both "
       "from c)",
       "select exists (select 1), array(select 1), array[1], row (1, 2), any (array[1]) = 1",
       "select * from t join (select 1) x using (a) left join lateral (select 2) y on (true)",
       "select * from (values (1, 2)) as v (a, b)",
       "select * from generate_series(1, 3) as g(i)",
       "select distinct on (a) b from t group by grouping sets ((a), (b)) having (count(*) > 1)",
       "select * from t order by (a), b for update",
       "select percentile_cont(0.5) within group (order by a) from t",
       "select t.a, \"T\".\"B\" from t, \"T\" where t.a between (1) and (2)",
       "select a at time zone ('UTC') from t",
       "insert into t (a, b) values ($1, $2) returning (a)",
       "insert into s.t as x (a) values (1) on conflict (a) do update set (a, b) = (excluded.a, 2) "
       "where (x.a > 1)",
       "insert into \"T\" (a) select b from u",
       "insert into temp (a) values (1)",
       "update t set a = 1, (b, c) = (select 1, 2) where a = 2",
       "with a (x, y) as (select 1, 2), b (z) as materialized (select 3) select * from a, b",
       "with recursive r (n) as (select 1 union all select n + 1 from r) select * from r",
       "select (with q (a) as (select 1) select a from q)",
       "merge into t using s on (t.a = s.a) when not matched then insert (a) values (s.a)",
       "create table t (id bigint generated always as identity primary key, a numeric(10,2) "
       "default (0), "
       "b varchar(20) check (length(b) > 0), c int references u (id), unique (a), primary key "
       "(id), "
       "foreign key (c) references u (id))",
       "create table if not exists s.t (a int)",
       "create table temp (a int)",
       "create index i on t (a)",
       "create unique index concurrently if not exists i on s.t using gin (lower(a)) include (b)",
       "create view v (a, b) as select 1, 2",
       "alter table t add column a numeric(5,1)",
       "alter table t add constraint c check (a > 0)",
       "drop function f(int)",
       "vacuum (analyze) t (a)",
       "grant select (a) on t to u",
       "explain (analyze, buffers) select 1",
       "begin",
       "commit",
       "rollback",
       "savepoint a",
       "start transaction isolation level serializable",
       "set local work_mem = '1MB'",
       "set transaction isolation level serializable",
       "set constraints all deferred",
       "prepare transaction 'a'",
       "notify a, 'b'",
       "select pg_notify('a', 'b')",
       "select pg_advisory_xact_lock(1), pg_try_advisory_xact_lock(1)",
       "declare c cursor for select 1",
       "lock table t",
       "show all",
       "table t",
       "pragma table_info(t)",
       "pragma user_version",
       "select last_insert_rowid(), json_extract(a, '$.b')",
       "select 'set_config(1)', \"set\", $$ nextval('a') $$ -- listen\n /* do */",
       "select a.nextval from a",
       "select temp.a from readings temp",
       "",
       ";",
       "-- nothing"});
}

TEST(SqlText, NamesWhatAStatementLeavesBehind) {
  ExpectDirt(kDirtSettings, {"SET search_path = a", "set session work_mem = 1", "Set Role u",
                             "set time zone 'UTC'", "set session authorization u",
                             "set session characteristics as transaction read only", "reset all",
                             "select set_config('a.b', 'c', false)",
                             "select PG_CATALOG . Set_Config ('a','b',true)",
                             "with a as (select set_config('a', 'b', false)) select * from a",
                             "select 1; set a = b", "set /* local */ a = 1", "set \"local\" = 1",
                             "pragma foreign_keys = off", "pragma main.cache_size(10)"});
  ExpectDirt(kDirtLocks, {"select pg_advisory_lock(1)", "select pg_try_advisory_lock_shared(1, 2)",
                          "select pg_advisory_unlock_all()",
                          "select 1 where pg_catalog.pg_try_advisory_lock(1)"});
  ExpectDirt(kDirtPrepared,
             {"prepare a as select 1", "prepare a (int) as select $1", "deallocate all"});
  ExpectDirt(kDirtListen, {"listen a", "unlisten *"});
  ExpectDirt(
      kDirtTemp,
      {"create temp table t (a int)", "create temporary view v as select 1",
       "create or replace temp view v as select 1", "create local temporary table t as select 1",
       "select 1 into temp t", "select 1 into temporary table t", "create table pg_temp.t (a int)",
       "create table \"pg_temp\".t (a int)", "create table temp.t (a int)",
       "explain analyze create temp table t as select 1", "insert into pg_temp_3.t values (1)"});
  ExpectDirt(kDirtCursor, {"declare c cursor with hold for select 1",
                           "declare c scroll cursor with hold for select lower('a')"});
  ExpectDirt(kDirtSequence,
             {"select nextval('a')", "insert into t values (pg_catalog.setval('a', 1))"});
  ExpectDirt(kDirtUnknown | kDirtPrepared,
             {"execute a", "execute a(1)", "explain analyze execute a"});
  ExpectDirt(kDirtSettings | kDirtPrepared, {"discard all"});
}

TEST(SqlText, DistrustsWhatItDoesNotKnow) {
  ExpectDirt(kDirtUnknown, {"select f()",
                            "select F ( 1 )",
                            "select f/* */(1)",
                            "select s.lower('a')",
                            "select \"lower\"('a')",
                            "select pg_catalog.\"lower\"('a')",
                            "select a.pg_catalog.lower('a')",
                            "select pg_catalog.f()",
                            "select \"set_config\"('a', 'b', false)",
                            "select * from f(1) as g(a)",
                            "select (x).f(1)",
                            "select distinct on (a) f(b) from t",
                            "insert into t values (f())",
                            "insert into t (a) select f(1)",
                            "update t set a = f(1)",
                            "delete from t where f(a)",
                            "values (f())",
                            "select 1; select f()",
                            "create table t as select f()",
                            "alter table t alter a type int using f(a)",
                            "explain analyze select f()",
                            "select setseed(0.5)",
                            "select query_to_xml('select 1', true, true, '')",
                            "select load_extension('a')",
                            "select set(1)",
                            "select key(1)",
                            "select over(1)",
                            "do $$ begin end $$",
                            "call p()",
                            "load 'a'",
                            "attach 'a' as b",
                            "frobnicate",
                            "'a'",
                            "select a from t where f (1)",
                            "select case when f(1) then 1 end",
                            "select /* lower( */ f(1)",
                            "select é(1)"});
}

TEST(SqlText, ReadsNamesUpToTheirLimitAndNoFurther) {
  EXPECT_TRUE(IsHarmlessFunction("LoWeR"));
  EXPECT_FALSE(IsHarmlessFunction(""));
  EXPECT_FALSE(IsHarmlessFunction("low"));
  EXPECT_FALSE(IsHarmlessFunction("lowerr"));
  EXPECT_FALSE(IsHarmlessFunction(std::string(1000, 'a')));
  for (const char* name :
       {"set_config", "nextval", "setval", "setseed", "pg_advisory_lock", "dblink", "lo_open",
        "query_to_xml", "ts_rewrite", "ts_stat", "load_extension"}) {
    EXPECT_FALSE(IsHarmlessFunction(name)) << name;
  }
}

TEST(SqlText, MeasuresTheFirstStatement) {
  const std::pair<std::string, size_t> cases[] = {{"select 1; select 2", 9},
                                                  {"select 1", 8},
                                                  {"", 0},
                                                  {";a", 1},
                                                  {"/* ; */ a; b", 10},
                                                  {"select ';'; b", 11},
                                                  {"$$;$$;b", 6},
                                                  {"-- ;\na;b", 7},
                                                  {"(a;b);c", 6}};
  for (const auto& [sql, size] : cases) EXPECT_EQ(FirstStatementSize(sql), size) << sql;
}

TEST(SqlText, TellsBlankFromSomething) {
  for (const char* sql : {"", " \n\t", ";", " ; ;; ", "-- a", "/* a */", "/* a */ ; -- b\n;"})
    EXPECT_TRUE(IsBlankSql(sql)) << sql;
  for (const char* sql :
       {"a", "; select 1", "/* a", "-- a\nb", "''", "\"\"", "/* /* */ select 1 */"})
    EXPECT_FALSE(IsBlankSql(sql)) << sql;
  EXPECT_FALSE(IsBlankSql(std::string_view("\0", 1)));
}

/// The text stands at the end of its own block, so that a sanitizer sees a read past it.
void ScanExactly(const std::string& text) {
  const std::vector<char> block(text.begin(), text.end());
  const std::string_view sql(block.data(), block.size());
  const SqlTraits traits = ScanSql(sql);
  const size_t size = FirstStatementSize(sql);
  ASSERT_LE(size, sql.size());
  ASSERT_FALSE(IsBlankSql(sql) && traits.preparable());
  if (!traits.several && size < sql.size() && traits.dirt == kDirtNone) {
    ASSERT_TRUE(IsBlankSql(sql.substr(size)) || IsBlankSql(sql.substr(0, size))) << text;
  }
}

TEST(SqlText, SurvivesRandomBytes) {
  std::mt19937 random(20261120);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 64, '\0');
    for (char& c : text) c = static_cast<char>(random());
    ScanExactly(text);
  }
}

TEST(SqlText, SurvivesRandomPiecesOfSql) {
  const std::string pieces[] = {
      "'",     "\"", "$$",      "$a$",  "$1",    "--",      "/*",     "*/",
      "\\",    ";",  "(",       ")",    "[",     "]",       "\n",     "\r",
      " ",     "e'", "select ", "set ", "into ", "temp ",   "with ",  "as ",
      ".",     ",",  "::",      ":",    "a",     "create ", "table ", "pg_catalog.",
      "lower", "f(", "`",       "1e+",  "$",     "pragma ", "=",      std::string(1, '\0')};
  std::mt19937 random(7);
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (size_t n = random() % 16; n > 0; --n) text += pieces[random() % std::size(pieces)];
    ScanExactly(text);
  }
}

TEST(SqlText, CutsATextAnywhereWithoutReadingOn) {
  const std::string text =
      "with a (b) as (select e'\\'' , $t$;$t$, \"q\"\"\", 'x''', 1.5e+3 /* /* */ */ -- c\n) select "
      "pg_catalog.f($1)::numeric(1);";
  for (size_t size = 0; size <= text.size(); ++size) ScanExactly(text.substr(0, size));
}

TEST(SqlText, NeedsTimeInProportionToTheText) {
  // A quadratic scan of half a million bytes would take many minutes; CTest's limit is the judge.
  for (const char* piece :
       {"(", "[", "$a$ ", "$a", "/*", "'", "\"", "f(", "a.", "--", "\\'", ";", "$aaaaaaaa"}) {
    std::string text;
    while (text.size() < 500'000) text += piece;
    EXPECT_LE(FirstStatementSize(text), text.size());
    EXPECT_NE(ScanSql(text).dirt, kAnyDirt);
  }
}

}  // namespace
}  // namespace dbp
