#include "driver/sql_text.h"
#include "tests/fuzz/fuzz.h"

namespace dbp {

std::span<const std::string_view> FuzzCorpus() {
  static constexpr std::string_view kCorpus[] = {
      "",
      ";",
      "select 1",
      "select 1; select 2;",
      "select 'it''s', \"a\"\"b\", E'a\\'b', U&'\\0041', B'01', x'ff'",
      "select $$ ; $$, $tag$ $$ ; $tag$, $1, $2::text, a$b$c",
      "/* a /* nested */ comment */ select 1 -- to the end\n, 2",
      "insert into t values (1, 'x') returning id; update t set a = 1 where b = $1",
      "create temp table t(a int); select nextval('s'), pg_advisory_lock(1), set_config('a', 'b', false)",
      "begin; set local x = 1; prepare p as select 1; listen c; declare c cursor with hold for select 1",
      "do $body$ begin perform 1; end $body$; call p(); load 'x'; copy t from stdin",
      "with x as (select 1), y as (delete from t returning *) select * from x, y",
      "merge into t using s on t.a = s.a when matched then delete",
      "create trigger g after insert on t begin delete from u; end; select [a], `b`, ?1, :n, @v",
      "set role x; reset all; discard all; set session authorization y",
  };
  return kCorpus;
}

}  // namespace dbp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dbp::Require;
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const dbp::SqlTraits traits = dbp::ScanSql(sql);
  Require(!(traits.preparable() && traits.several), "several statements cannot be prepared", sql);
  const size_t first = dbp::FirstStatementSize(sql);
  Require(first <= size, "the first statement is part of the text", sql);
  Require(size == 0 || first > 0, "the first statement of a text is not empty", sql);
  if (dbp::IsBlankSql(sql)) {
    Require(traits.dirt == dbp::kDirtNone, "a blank text leaves nothing behind", sql);
    Require(dbp::IsBlankSql(sql.substr(0, first)), "every part of a blank text is blank", sql);
  }
  // Splitting a text into its statements comes to an end and loses nothing.
  for (std::string_view rest = sql; !rest.empty();) rest.remove_prefix(dbp::FirstStatementSize(rest));
  return 0;
}
