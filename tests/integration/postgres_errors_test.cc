#include "tests/integration/integration.h"

// What PostgreSQL says of an error beyond its message: dbpool_error_field().

namespace dbp {
namespace {

constexpr char kFunctions[] = R"(
  CREATE DOMAIN errors_positive AS int CONSTRAINT above_zero CHECK (VALUE > 0);
  CREATE FUNCTION errors_inner() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    RETURN (SELECT count(*) FROM no_such_table);
  END $$;
  CREATE FUNCTION errors_outer() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    RETURN errors_inner();
  END $$;)";

class PostgresErrors : public testing::Test {
 protected:
  PostgresErrors() {
    Drop();
    EXPECT_TRUE(Ok(pool_.Run(kFunctions)));
  }
  ~PostgresErrors() override { Drop(); }
  void Drop() {
    EXPECT_TRUE(
        Ok(pool_.Run("DROP FUNCTION IF EXISTS errors_outer(), errors_inner(); "
                     "DROP DOMAIN IF EXISTS errors_positive")));
  }

  static bool IsNumber(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  }

  Pool pool_{PostgresUrl()};
};

TEST_F(PostgresErrors, OfAFunctionTellTheCallsAndTheStatementWithin) {
  Lease lease(pool_);
  for (const Error& error :
       {lease.Run("SELECT errors_outer()"), pool_.Run("SELECT errors_outer()"),
        lease.Run("SELECT errors_outer()", {}, {.flags = DBPOOL_QUERY_STREAM})}) {
    ASSERT_TRUE(Is(error, DBPOOL_ERR_SQL, "42P01"));
    EXPECT_EQ(error.position, 0) << "it is not in the caller's statement";
    EXPECT_EQ(error.field[DBPOOL_FIELD_SEVERITY], "ERROR");
    const std::string& query = error.field[DBPOOL_FIELD_INTERNAL_QUERY];
    EXPECT_NE(query.find("no_such_table"), std::string::npos) << query;
    EXPECT_EQ(error.field[DBPOOL_FIELD_INTERNAL_POSITION],
              std::to_string(query.find("no_such_table") + 1));
    const std::string& where = error.field[DBPOOL_FIELD_WHERE];
    EXPECT_LT(where.find("PL/pgSQL function errors_inner() line 2"),
              where.find("PL/pgSQL function errors_outer() line 2"))
        << where;
    EXPECT_NE(where.find('\n'), std::string::npos);
    EXPECT_EQ(error.field[DBPOOL_FIELD_FILE], "parse_relation.c");
    EXPECT_EQ(error.field[DBPOOL_FIELD_ROUTINE], "parserOpenTable");
    EXPECT_TRUE(IsNumber(error.field[DBPOOL_FIELD_LINE])) << error.field[DBPOOL_FIELD_LINE];
    EXPECT_EQ(error.field[DBPOOL_FIELD_DATA_TYPE], "");
  }
}

TEST_F(PostgresErrors, OfADomainNameIt) {
  dbpool_error* raw = nullptr;
  EXPECT_EQ(dbpool_query(pool_.get(), "SELECT (-1)::errors_positive", DBPOOL_NTS, nullptr, 0,
                         nullptr, nullptr, &raw),
            DBPOOL_ERR_SQL);
  EXPECT_STREQ(dbpool_error_sqlstate(raw), "23514");
  EXPECT_STREQ(dbpool_error_field(raw, DBPOOL_FIELD_DATA_TYPE), "errors_positive");
  EXPECT_STREQ(dbpool_error_schema(raw), "public");
  EXPECT_STREQ(dbpool_error_constraint(raw), "above_zero");
  EXPECT_STREQ(dbpool_error_table(raw), "");
  EXPECT_STREQ(dbpool_error_field(raw, DBPOOL_FIELD_INTERNAL_QUERY), "");
  dbpool_error_free(raw);
}

TEST_F(PostgresErrors, ThatEndASessionAreFatal) {
  Pool pool(PostgresUrl(), {{"pool_size", "1"}, {"max_overflow", "0"}});
  const Error error = pool.Run("SELECT pg_terminate_backend(pg_backend_pid())");
  EXPECT_TRUE(Is(error, DBPOOL_ERR_BROKEN, "57P01"));
  EXPECT_EQ(error.field[DBPOOL_FIELD_SEVERITY], "FATAL");
  EXPECT_EQ(error.field[DBPOOL_FIELD_ROUTINE], "ProcessInterrupts");
}

TEST_F(PostgresErrors, OfARefusedConnectTellWhereToo) {
  Pool refused;
  const Error error = refused.Create(Replaced(PostgresTcpUrl(), "/dbpool_test", "/none"));
  EXPECT_TRUE(Is(error, DBPOOL_ERR_CONNECT, "3D000"));
  EXPECT_EQ(error.field[DBPOOL_FIELD_SEVERITY], "FATAL");
  EXPECT_EQ(error.field[DBPOOL_FIELD_FILE], "postinit.c");
  EXPECT_EQ(error.field[DBPOOL_FIELD_ROUTINE], "InitPostgres");
  EXPECT_TRUE(IsNumber(error.field[DBPOOL_FIELD_LINE])) << error.field[DBPOOL_FIELD_LINE];
}

}  // namespace
}  // namespace dbp
