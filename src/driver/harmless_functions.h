#ifndef DBP_DRIVER_HARMLESS_FUNCTIONS_H_
#define DBP_DRIVER_HARMLESS_FUNCTIONS_H_

#include <string_view>

namespace dbp {

/// A function that PostgreSQL or SQLite brings along and that leaves nothing behind in its session,
/// or a type that is written with a number in parentheses. Upper and lower case are the same; no
/// schema.
bool IsHarmlessFunction(std::string_view name);

}  // namespace dbp

#endif  // DBP_DRIVER_HARMLESS_FUNCTIONS_H_
