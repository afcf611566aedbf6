#include "driver/postgres/statements.h"

#include <algorithm>
#include <cstdio>

#include "driver/postgres/params.h"

namespace dbp::postgres {
namespace {

constexpr size_t kLongestKept =
    64 * 1024;  // a longer text is a script or a bulk insert: it stays unnamed

}  // namespace

Statement* Statements::Get(std::string_view sql, std::span<const dbpool_value> params) {
  if (!keeps() || sql.size() > kLongestKept) {
    passing_ = Statement{};
    passing_.traits = ScanSql(sql);
    return &passing_;
  }
  std::string_view key = sql;
  if (Params::HaveTypes(params)) {
    key_.assign(sql);
    Params::AppendKey(params, &key_);
    key = key_;
  }
  Statement* statement = cache_.Find(key);
  if (!statement) {
    if (const Statement* going = cache_.NextToGo(); going && going->ready)
      dead_.emplace_back(going->name);
    Statement fresh;
    fresh.traits = ScanSql(sql);
    statement = cache_.Insert(key, fresh);
  }
  if (statement->uses < threshold_) ++statement->uses;
  return statement;
}

bool Statements::ShouldPrepare(const Statement& statement) const {
  return &statement != &passing_ && threshold_ > 0 && !statement.ready &&
         statement.uses >= threshold_ && statement.traits.preparable();
}

void Statements::Name(Statement* statement) {
  std::snprintf(statement->name, sizeof statement->name, "dbp_%llu",
                static_cast<unsigned long long>(++last_number_));
}

void Statements::Drop(Statement* statement, bool on_server) {
  if (statement->ready && on_server) dead_.emplace_back(statement->name);
  statement->ready = false;
}

std::vector<std::string> Statements::TakeDead(size_t max) {
  const auto end = dead_.begin() + static_cast<ptrdiff_t>(std::min(max, dead_.size()));
  std::vector<std::string> taken(dead_.begin(), end);
  dead_.erase(dead_.begin(), end);
  return taken;
}

void Statements::Forget() {
  cache_.Clear();
  dead_.clear();
}

}  // namespace dbp::postgres
