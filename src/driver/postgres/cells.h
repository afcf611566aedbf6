#ifndef DBP_DRIVER_POSTGRES_CELLS_H_
#define DBP_DRIVER_POSTGRES_CELLS_H_

#include <dbpool/types.h>

#include <cstdint>

#include "driver/postgres/types.h"

namespace dbp::postgres {

/// A cell that is not NULL from its text, which must end in a NUL and outlive the cell. REQUIRES:
/// form is not kBytes. A number that does not parse stays TEXT.
dbpool_value MakeCell(CellForm form, const char* text, uint32_t size);

/// Bytes that DecodeBytea() writes at most, its final NUL included.
inline uint32_t DecodedByteaBound(uint32_t text_size) {
  return text_size + 1;
}

/// The bytes of a bytea in either output form (hex or escape) to out, and a NUL after them. Returns
/// their number. REQUIRES: room for DecodedByteaBound(size).
uint32_t DecodeBytea(const char* text, uint32_t size, char* out);

}  // namespace dbp::postgres

#endif  // DBP_DRIVER_POSTGRES_CELLS_H_
