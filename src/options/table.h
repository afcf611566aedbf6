#ifndef DBP_OPTIONS_TABLE_H_
#define DBP_OPTIONS_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "options/config.h"

// THE table of options. Parsing, messages, defaults, the environment, `dbpool options` and the
// README all come from it. To add an option: one line there, one field in Config.

namespace dbp {

enum class Type : uint8_t { kText, kInteger, kDuration, kBoolean, kPercent, kChoice };
enum class Scope : uint8_t { kBoth, kPostgres, kSqlite };

/// A value, parsed by the type of its option.
struct Value {
  int64_t number = 0;  ///< integer; duration in ns; boolean; place in the list of choices
  double real = 0;     ///< percent, as a fraction
  std::string text;    ///< text as given; choice in lower case

  bool operator==(const Value&) const = default;
};

struct Spec {
  const char* name;
  const char* aliases = "";  ///< comma separated
  Type type = Type::kText;
  const char* range = "";     ///< in words; for a choice the list itself, in the order of its enum
  const char* fallback = "";  ///< the default, as text
  const char* group = "";
  const char* help = "";
  int64_t min = 0, max = 0;  ///< integer; duration in ns; percent (max)
  const char* off = "";      ///< words that stand for off_value
  int64_t off_value = 0;
  const char* zero = "";  ///< words that stand for 0
  /// The alias whose values are booleans: true is the text "0", false is "off".
  const char* boolean_alias = "";
  Scope scope = Scope::kBoth;
  bool uri = false;                           ///< checked by ParseUri
  bool secret = false;                        ///< never shown in a message
  bool multiline = false;                     ///< newlines and tabs are allowed
  bool (*check)(std::string_view) = nullptr;  ///< of a text that is not empty
  /// Puts the value where it belongs. NULL: it needs others to be understood; see resolve.cc.
  void (*store)(const Value&, Config*) = nullptr;
};

std::span<const Spec> Table();
/// By name or alias; NULL if there is none.
const Spec* FindSpec(std::string_view name);
/// REQUIRES: name is in the table.
const Spec& GetSpec(std::string_view name);
/// The name or alias most like a wrong one; "" if none is near.
std::string_view NearestName(std::string_view name);
/// Calls fn(name) for the name and each alias.
template <typename Function>
void ForEachName(const Spec& spec, Function fn) {
  fn(std::string_view(spec.name));
  for (std::string_view rest = spec.aliases; !rest.empty();) {
    const size_t comma = rest.find(',');
    fn(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
}

}  // namespace dbp

#endif  // DBP_OPTIONS_TABLE_H_
