#include "driver/postgres/session.h"

#include <algorithm>
#include <new>

#include "driver/sql_text.h"

namespace dbp::postgres {
namespace {

void AddColumn(const std::string& expression, std::string* sql) {
  *sql += sql->empty() ? "SELECT " : ", ";
  *sql += expression;
}

std::string Setting(PGconn* pg, std::string_view name, std::string_view value) {
  const PgText literal(PQescapeLiteral(pg, value.data(), value.size()));
  if (!literal) throw std::bad_alloc();
  std::string call = "pg_catalog.set_config('";
  call.append(name).append("', ").append(literal.get()).append(", false)");
  return call;
}

// A pooler gives its clients keys of its own to cancel with, so the number of the server's process is not the one
// we were told.
std::string IsDirect(PGconn* pg) {
  std::string condition = "pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) (";
  condition.append(std::to_string(PQbackendPID(pg))).append(")");
  return condition;
}

std::string IfDirect(PGconn* pg, const std::string& expression) {
  std::string chosen = "CASE WHEN ";
  chosen.append(IsDirect(pg)).append(" THEN ").append(expression).append(" END");
  return chosen;
}

struct Cleaner {
  uint32_t dirt;
  const char* sql;
};

// In the order of DISCARD ALL, which cannot be part of a text with other statements; authorization
// first, since what follows may need the rights of the session's own user. RESET ALL leaves the
// role alone.
constexpr Cleaner kCleaners[] = {
    {kDirtSettings, "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; "},
    {kDirtCursor, "CLOSE ALL; "},
    {kDirtSettings, "RESET ALL; "},
    {kDirtPrepared, "DEALLOCATE ALL; "},
    {kDirtListen, "UNLISTEN *; "},
    {kDirtLocks, "SELECT pg_catalog.pg_advisory_unlock_all(); "},
    {kDirtTemp, "DISCARD TEMP; "},
    {kDirtSequence, "DISCARD SEQUENCES; "},
};

}  // namespace

std::string SessionSetupSql(PGconn* pg, const Config& config) {
  std::string sql;
  if (AsksForPooler(config)) AddColumn(IsDirect(pg), &sql);
  const char* date_style = PQparameterStatus(pg, "DateStyle");
  if (!date_style || !std::string_view(date_style).starts_with("ISO")) {
    AddColumn(Setting(pg, "DateStyle", "ISO"), &sql);
  }
  if (config.lock_timeout != kForever) {
    // 0 would mean never to the server; its longest is INT_MAX ms.
    const int64_t ms = std::clamp<int64_t>(config.lock_timeout / kMillisecond, 1, 2147483647);
    const std::string setting = Setting(pg, "lock_timeout", std::to_string(ms));
    AddColumn(config.lock_timeout_set ? setting : IfDirect(pg, setting), &sql);
  }
  if (!config.search_path.empty()) AddColumn(Setting(pg, "search_path", config.search_path), &sql);
  return sql;
}

bool AsksForPooler(const Config& config) {
  return config.prepare_threshold > 0 && !config.prepare_threshold_set;
}

bool TellsOfPooler(const PGresult* setup) {
  return PQresultStatus(setup) != PGRES_TUPLES_OK || PQntuples(setup) != 1 || *PQgetvalue(setup, 0, 0) != 't';
}

ResetPlan PlanReset(ResetMode mode, bool in_transaction, uint32_t dirt, std::string_view setup_sql,
                    std::string_view init_sql) {
  ResetPlan plan;
  if (mode == ResetMode::kNone) return plan;
  std::string sql;
  if (in_transaction) sql = "ROLLBACK; ";
  if (mode == ResetMode::kRollback) dirt = kDirtNone;
  if (mode == ResetMode::kFull || (dirt & kDirtUnknown)) dirt = ~0U;
  for (const Cleaner& cleaner : kCleaners) {
    if (dirt & cleaner.dirt) sql += cleaner.sql;
  }
  if (mode == ResetMode::kFull) sql += "DISCARD PLANS; ";
  if (dirt & kDirtSettings) {
    sql += setup_sql;
    if (!setup_sql.empty() && !init_sql.empty()) sql += "; ";
    sql += init_sql;
  }
  if (!sql.empty()) plan.texts.push_back(std::move(sql));
  plan.forgets_statements = dirt & kDirtPrepared;
  return plan;
}

uint32_t DirtOfCommand(std::string_view tag) {
  if (tag == "SET" || tag == "RESET") return kDirtSettings;
  if (tag == "PREPARE" || tag.starts_with("DEALLOCATE")) return kDirtPrepared;
  if (tag == "LISTEN") return kDirtListen;
  if (tag == "DECLARE CURSOR") return kDirtCursor;
  if (tag == "DO" || tag == "CALL" || tag == "LOAD") return kDirtUnknown;
  return kDirtNone;
}

}  // namespace dbp::postgres
