#ifndef DBP_DRIVER_POSTGRES_TYPES_H_
#define DBP_DRIVER_POSTGRES_TYPES_H_

#include <cstdint>

namespace dbp::postgres {

/// How the text of a cell is turned into a value.
enum class CellForm : uint8_t { kText, kBool, kInteger, kFloat, kBytes };

struct PgType {
  uint32_t oid = 0;
  uint32_t kind = 0;  ///< DBPOOL_KIND_*
  const char* name = "";
  CellForm form = CellForm::kText;
};

inline constexpr uint32_t kByteaOid = 17;

/// A type of pg_catalog whose OID is fixed; for any other OID kind OTHER, name "".
PgType TypeOf(uint32_t oid);

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_TYPES_H_
