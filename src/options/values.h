#ifndef DBP_OPTIONS_VALUES_H_
#define DBP_OPTIONS_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "options/table.h"

// How the text of a value becomes a value. Numbers are plain decimals everywhere: no sign but '-',
// no exponent, no blanks, no "nan" or "inf".

namespace dbp {

/// `250ms`, `1.5s`, `30` (seconds), `5m`, `1h`, also `us` and `d`. What does not fit saturates just
/// below kForever, so that a range check refuses it.
std::optional<Nanos> ParseDuration(std::string_view text);
/// What does not fit saturates.
std::optional<int64_t> ParseInteger(std::string_view text);
/// true, false, on, off, yes, no, 1, 0, in any case.
std::optional<bool> ParseBoolean(std::string_view text);
/// `10%` and `10` are 0.1.
std::optional<double> ParsePercent(std::string_view text);

bool EqualIgnoringCase(std::string_view a, std::string_view b);
/// The place of a word in a list like "lifo, fifo" or "off,none", in any case.
std::optional<size_t> IndexIn(std::string_view list, std::string_view word);

/// For messages: in quotes and cut to a sane length; "(not shown)" if it might hold a password or
/// is not printable.
std::string Quoted(std::string_view text);

/// The text of one option, checked against its line of the table. show: the value may be quoted in
/// the message, which names the option and what is allowed in any case.
Status ParseValue(const Spec& spec, std::string_view text, bool show, Value* out);

}  // namespace dbp

#endif  // DBP_OPTIONS_VALUES_H_
