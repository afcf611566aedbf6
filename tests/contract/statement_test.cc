#include "tests/contract/contract.h"

// What statements give and how they fail; the statement cache behind them.

namespace dbp::contract {
namespace {

class StatementTest : public SqlTest {
 protected:
  void MakeTable() {
    ASSERT_OK(
        Run("create table contract_t (id integer primary key, a text not null unique, b integer "
            "check (b > 0))"));
    ASSERT_OK(Run("insert into contract_t values (1, 'one', 1), (2, 'two', 2)"));
  }
  int64_t CountRows() { return Number("select count(*) from contract_t"); }
  void ExpectSqlError(const std::string& sql, const std::string& sqlstate) {
    const Status status = Run(sql);
    EXPECT_CODE(status, DBPOOL_ERR_SQL) << sql;
    EXPECT_EQ(status.sqlstate(), sqlstate) << sql << ": " << status.message();
    EXPECT_EQ(rows_, nullptr);
    ExpectUsable();
  }
};

TEST_P(StatementTest, CountsWhatAStatementChanged) {
  MakeTable();
  const std::pair<const char*, int64_t> cases[] = {
      {"insert into contract_t values (3, 'three', 3), (4, 'four', 4)", 2},
      {"update contract_t set b = b + 1", 4},
      {"update contract_t set b = 9 where id > 100", 0},
      {"delete from contract_t where id < 3", 2},
      {"select * from contract_t", 0},
      {"create table contract_u (a int)", 0}};
  for (const auto& [sql, affected] : cases) {
    ASSERT_OK(Run(sql));
    EXPECT_EQ(rows_->affected(), affected) << sql;
  }
}

TEST_P(StatementTest, CountsAgainWhenAKnownStatementRunsAgain) {
  MakeTable();
  for (int64_t id = 10; id < 15; ++id) {
    ASSERT_OK(Run("insert into contract_t (id, a) values ($1, $2)",
                  {Int(id), contract::Text(std::to_string(id))}));
    EXPECT_EQ(rows_->affected(), 1);
    EXPECT_EQ(rows_->last_insert_id(), quirks().gives_rowids ? id : 0);
  }
  EXPECT_EQ(CountRows(), 7);
}

TEST_P(StatementTest, NamesTheCommand) {
  const std::pair<const char*, const char*> cases[] = {
      {"create table contract_t (a int)", "CREATE TABLE"},
      {"insert into contract_t values (1)", "INSERT"},
      {" /* c */ select 1", "SELECT"},
      {"update contract_t set a = 2", "UPDATE"},
      {"delete from contract_t", "DELETE"},
      {"begin", "BEGIN"},
      {"commit", "COMMIT"},
      {"drop table contract_t", "DROP TABLE"}};
  for (const auto& [sql, command] : cases) {
    ASSERT_OK(Run(sql));
    EXPECT_STREQ(rows_->command(), command) << sql;
  }
}

TEST_P(StatementTest, GivesRowsOfAWritingStatement) {
  MakeTable();
  ASSERT_OK(Run("insert into contract_t values (5, 'five', 5), (6, 'six', 6) returning id, a"));
  EXPECT_EQ(rows_->affected(), 2);
  const Table table = TakeAll(*rows_);
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table[1][1].text, "six");
  EXPECT_EQ(CountRows(), 4);
}

TEST_P(StatementTest, GivesColumnsWithoutRows) {
  ASSERT_OK(Run("select 1 as a, 2 as b where 1 = 0"));
  ASSERT_EQ(rows_->columns().size(), 2u);
  EXPECT_STREQ(rows_->columns()[1].name, "b");
  EXPECT_EQ(rows_->Take(1).rows, 0u);
  EXPECT_TRUE(rows_->complete());
}

TEST_P(StatementTest, GivesNothingForABlankText) {
  for (const char* sql : {"", ";", "  \n", "-- comment", "/* comment */", ";;; -- a\n ;"}) {
    ASSERT_OK(Run(sql)) << sql;
    ASSERT_NE(rows_, nullptr) << sql;
    EXPECT_TRUE(rows_->columns().empty());
    EXPECT_EQ(rows_->Take(1).rows, 0u);
    EXPECT_TRUE(rows_->complete());
    EXPECT_EQ(rows_->TakeNext(), nullptr) << sql;
  }
  ExpectUsable();
}

TEST_P(StatementTest, AllowsWhatSurroundsAStatement) {
  for (const char* sql :
       {"select 1;", "select 1 ; -- end", " ;\n/* c */ select 1;;", "select 1 /* c */"}) {
    EXPECT_EQ(Number(sql), 1) << sql;
    EXPECT_EQ(rows_->TakeNext(), nullptr) << sql;
  }
}

TEST_P(StatementTest, GivesTheResultsOfSeveralStatementsInTurn) {
  ASSERT_OK(
      Run("select 1 as a; create table contract_t (a int); insert into contract_t values (1), (2); "
          "select a, 'x;y' as b from contract_t order by a;"));
  std::unique_ptr<Rows> second = rows_->TakeNext();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(TakeAll(*rows_).size(), 1u);
  EXPECT_STREQ(second->command(), "CREATE TABLE");
  std::unique_ptr<Rows> third = second->TakeNext();
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(third->affected(), 2);
  std::unique_ptr<Rows> fourth = third->TakeNext();
  ASSERT_NE(fourth, nullptr);
  ASSERT_EQ(fourth->columns().size(), 2u);
  const Table table = TakeAll(*fourth);
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table[1][1].text, "x;y");
  EXPECT_EQ(fourth->TakeNext(), nullptr);
}

TEST_P(StatementTest, FailsAsAWholeWhenOneOfSeveralFails) {
  EXPECT_CODE(Run("select 1; select * from contract_missing; select 2"), DBPOOL_ERR_SQL);
  EXPECT_EQ(conn_->tx_state(), TxState::kNone);
  ExpectUsable();
}

TEST_P(StatementTest, TakesNoParametersForSeveralStatements) {
  EXPECT_CODE(Run("select 1; select cast($1 as int)", {Int(1)}), DBPOOL_ERR_INVALID);
  ExpectUsable();
  EXPECT_CODE(Run("create table contract_t (a int); insert into contract_t values ($1)", {Int(1)}),
              DBPOOL_ERR_INVALID);
  EXPECT_CODE(Run("select * from contract_t"), DBPOOL_ERR_SQL) << "not even the first one ran";
}

TEST_P(StatementTest, SaysInSqlstateWhatIsWrong) {
  MakeTable();
  ASSERT_OK(Run("create table contract_u (t integer references contract_t (id))"));
  ExpectSqlError("selec 1", "42601");
  ExpectSqlError("select 1 from contract_missing", "42P01");
  ExpectSqlError("select missing from contract_t", "42703");
  ExpectSqlError("select missing(1)", "42883");
  ExpectSqlError("create table contract_t (a int)", "42P07");
  ExpectSqlError("insert into contract_t values (3, 'one', 1)", "23505");
  ExpectSqlError("insert into contract_t values (1, 'other', 1)", "23505");
  ExpectSqlError("insert into contract_t values (3, null, 1)", "23502");
  ExpectSqlError("insert into contract_t values (3, 'three', 0)", "23514");
  ExpectSqlError("insert into contract_u values (99)", "23503");
  EXPECT_EQ(CountRows(), 2);
}

TEST_P(StatementTest, SaysInSqlstateWhatIsWrongWithAKnownStatement) {
  MakeTable();
  for (int round = 0; round < 4; ++round) {
    const Status status =
        Run("insert into contract_t values ($1, $2, 1)", {Int(1), contract::Text("x")});
    EXPECT_CODE(status, DBPOOL_ERR_SQL);
    EXPECT_EQ(status.sqlstate(), "23505");
    ExpectUsable();
  }
}

TEST_P(StatementTest, PointsAtTheMistake) {
  const Status status = Run("select 1, missing_column");
  ASSERT_NE(status.info(), nullptr);
  EXPECT_EQ(status.info()->position, 11) << status.message();
}

TEST_P(StatementTest, FailsInTheMiddleOfAStream) {
  // The 5,000th row overflows; those before it may come.
  ASSERT_OK(
      RunStream("with recursive r (n) as (select 1 union all select n + 1 from r where n < 100000) "
                "select abs(-9223372036854775807 - n / 50000) from r"));
  Status status;
  while (status.ok() && !rows_->complete()) {
    while (rows_->Take(1000).rows > 0) continue;
    if (rows_->complete()) break;
    conn_->StartFetch(*rows_, 1000, Deadline::After(kGenerous));
    status = Await(*conn_, nullptr);
  }
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "22003");
  EXPECT_FALSE(conn_->streaming());
  ExpectUsable();
}

TEST_P(StatementTest, StreamsAStatementWithParameters) {
  const dbpool_value param = Int(3);
  for (int round = 0; round < 3; ++round) {
    ASSERT_OK(
        contract::Run(*conn_, {"select cast($1 as bigint)", {&param, 1}, true, false}, &rows_));
    Table table = TakeAll(*rows_);
    while (!rows_->complete()) {
      conn_->StartFetch(*rows_, 10, Deadline::After(kGenerous));
      ASSERT_OK(Await(*conn_, nullptr));
      for (auto& row : TakeAll(*rows_)) table.push_back(row);
    }
    ASSERT_EQ(table.size(), 1u);
    EXPECT_EQ(table[0][0].i64, 3);
    EXPECT_FALSE(conn_->streaming());
  }
}

TEST_P(StatementTest, StreamsAStatementThatGivesNoRows) {
  MakeTable();
  ASSERT_OK(RunStream("update contract_t set b = 7"));
  while (!rows_->complete()) {
    conn_->StartFetch(*rows_, 10, Deadline::After(kGenerous));
    ASSERT_OK(Await(*conn_, nullptr));
  }
  EXPECT_FALSE(conn_->streaming());
  EXPECT_EQ(rows_->affected(), 2);
  EXPECT_EQ(Number("select count(*) from contract_t where b = 7"), 2);
}

TEST_P(StatementTest, DescribesWithoutRunning) {
  MakeTable();
  conn_->StartDescribe("insert into contract_t values ($1, $2, $3) returning id, a",
                       Deadline::After(kGenerous));
  ASSERT_OK(Await(*conn_, &rows_));
  ASSERT_EQ(rows_->params().size(), 3u);
  EXPECT_STREQ(rows_->params()[0].name, "");
  ASSERT_EQ(rows_->columns().size(), 2u);
  EXPECT_STREQ(rows_->columns()[1].name, "a");
  EXPECT_EQ(rows_->columns()[1].kind, uint32_t{DBPOOL_KIND_TEXT});
  EXPECT_EQ(CountRows(), 2);
}

TEST_P(StatementTest, DescribesWhatIsWrong) {
  conn_->StartDescribe("selec 1", Deadline::After(kGenerous));
  const Status status = Await(*conn_, &rows_);
  EXPECT_CODE(status, DBPOOL_ERR_SQL);
  EXPECT_EQ(status.sqlstate(), "42601");
  ExpectUsable();
}

TEST_P(StatementTest, GivesTheSameForTheSameTextEveryTime) {
  for (const uint32_t threshold : {0u, 1u, 2u, 3u}) {
    Reopen([&](Config& config) { config.prepare_threshold = threshold; });
    for (int64_t round = 0; round < 6; ++round) {
      EXPECT_EQ(Number("select cast($1 as bigint) + 1", {Int(round)}), round + 1) << threshold;
    }
  }
}

TEST_P(StatementTest, RunsMoreTextsThanItKeeps) {
  for (const uint32_t capacity : {0u, 1u, 3u}) {
    Reopen(
        [&](Config& config) { config.statement_cache = capacity, config.prepare_threshold = 1; });
    for (int round = 0; round < 3; ++round) {
      for (int64_t text = 0; text < 8; ++text) {
        for (int again = 0; again < 2; ++again) {
          EXPECT_EQ(Number("select cast($1 as bigint) + " + std::to_string(text), {Int(round)}),
                    round + text);
        }
      }
    }
  }
}

TEST_P(StatementTest, SeesATableThatChangedUnderAKnownStatement) {
  MakeTable();
  auto other = Connect();
  for (int round = 0; round < 4; ++round)
    EXPECT_EQ(Row("select * from contract_t where id = 1").size(), 8u);
  ASSERT_OK(contract::Run(*other, {"alter table contract_t add column c integer default 42", {}}));
  for (int round = 0; round < 4; ++round) {
    const std::vector<Cell> row = Row("select * from contract_t where id = 1");
    ASSERT_EQ(rows_->columns().size(), 4u);
    EXPECT_EQ(row[3].i64, 42);
  }
  ASSERT_OK(contract::Run(*other, {"drop table contract_t", {}}));
  EXPECT_EQ(Run("select * from contract_t where id = 1").sqlstate(), "42P01");
  ASSERT_OK(contract::Run(*other, {"create table contract_t (id integer, x text)", {}}));
  ASSERT_OK(contract::Run(*other, {"insert into contract_t values (1, 'new')", {}}));
  EXPECT_EQ(Row("select * from contract_t where id = 1")[1].text, "new");
}

TEST_P(StatementTest, KeepsATextOnceItsTransactionWasRolledBack) {
  ASSERT_OK(Run("begin"));
  MakeTable();
  for (int round = 0; round < 4; ++round)
    EXPECT_EQ(Number("select b from contract_t where id = $1", {Int(2)}), 2);
  ASSERT_OK(Run("rollback"));
  EXPECT_EQ(Run("select b from contract_t where id = $1", {Int(2)}).sqlstate(), "42P01");
  MakeTable();
  for (int round = 0; round < 4; ++round)
    EXPECT_EQ(Number("select b from contract_t where id = $1", {Int(2)}), 2);
}

INSTANTIATE_TEST_SUITE_P(All, StatementTest,
                         testing::Values(SqliteFile(), SqliteMemory(), Postgres()), NameOf);

}  // namespace
}  // namespace dbp::contract
