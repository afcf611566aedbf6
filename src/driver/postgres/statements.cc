#include "driver/postgres/statements.h"

#include <algorithm>
#include <cstdio>

#include "driver/postgres/params.h"

namespace dbp::postgres {
namespace {

constexpr size_t kLongestKept =
    64 * 1024;  // a longer text is a script or a bulk insert: it stays unnamed

}  // namespace

StatementPtr Statements::Get(std::string_view sql, std::span<const dbpool_value> params) {
  if (!keeps() || sql.size() > kLongestKept) {
    auto passing = std::make_shared<Statement>();
    passing->traits = ScanSql(sql);
    passing->evicted = true;
    return passing;
  }
  std::string_view key = sql;
  if (Params::HaveTypes(params)) {
    key_.assign(sql);
    Params::AppendKey(params, &key_);
    key = key_;
  }
  const StatementPtr* found = cache_.Find(key);
  if (!found) {
    auto fresh = std::make_shared<Statement>();
    fresh->traits = ScanSql(sql);
    if (StatementPtr* going = cache_.NextToGo()) {
      if ((*going)->ready) dead_.emplace_back((*going)->name);
      (*going)->evicted = true;
    }
    found = cache_.Insert(key, std::move(fresh));
  }
  Statement& statement = **found;
  if (statement.uses < threshold_) ++statement.uses;
  return *found;
}

bool Statements::ShouldPrepare(const Statement& statement) const {
  return !statement.evicted && prepares() && !statement.ready &&
         statement.uses >= threshold_ && statement.traits.preparable();
}

void Statements::Name(Statement* statement) {
  statement->number = ++last_number_;
  std::snprintf(statement->name, sizeof statement->name, "dbp_%llu",
                static_cast<unsigned long long>(statement->number));
}

void Statements::Prepared(Statement* statement, bool ok) {
  statement->preparing = false;
  statement->ready = ok;
  statement->refusal = Status::Ok();
  if (ok && statement->evicted) dead_.emplace_back(statement->name);
}

void Statements::Drop(Statement* statement, bool on_server) {
  if (statement->ready && on_server && !statement->evicted) dead_.emplace_back(statement->name);
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
