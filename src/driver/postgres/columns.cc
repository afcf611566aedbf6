#include "driver/postgres/columns.h"

#include <cstring>

namespace dbp::postgres {

dbpool_column MakeColumn(const char* name, const PgType& type) {
  return {name, type.kind, type.oid, type.name, 0, 0, {0}};
}

PgColumns::PgColumns(const PGresult* result) {
  const int count = PQnfields(result);
  for (int c = 0; c < count; ++c) names_.emplace_back(PQfname(result, c));
  for (int c = 0; c < count; ++c) {
    const PgType type = TypeOf(PQftype(result, c));
    list_.push_back(MakeColumn(names_[static_cast<size_t>(c)].c_str(), type));
    list_.back().native_table = PQftable(result, c);
    list_.back().native_column = PQftablecol(result, c);
    // A binary column comes only from a binary cursor (FETCH); its bytes are given as they are.
    forms_.push_back(PQfformat(result, c) == 0 ? type.form : CellForm::kText);
    has_bytes_ |= forms_.back() == CellForm::kBytes;
  }
}

bool PgColumns::Fit(const PGresult* result) const {
  if (PQnfields(result) != static_cast<int>(list_.size())) return false;
  for (size_t c = 0; c < list_.size(); ++c) {
    const int column = static_cast<int>(c);
    if (PQftype(result, column) != list_[c].native_type || PQfformat(result, column) != 0 ||
        PQftable(result, column) != list_[c].native_table ||
        PQftablecol(result, column) != list_[c].native_column ||
        std::strcmp(PQfname(result, column), list_[c].name) != 0) {
      return false;
    }
  }
  return true;
}

std::shared_ptr<const PgColumns> PgColumns::Of(const PGresult* result,
                                               const std::shared_ptr<const PgColumns>& known) {
  return known && known->Fit(result) ? known : std::make_shared<PgColumns>(result);
}

}  // namespace dbp::postgres
