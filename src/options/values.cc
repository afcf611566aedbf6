#include "options/values.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/uri.h"

namespace dbp {
namespace {

constexpr char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// digits[.digits] at the front of a text.
struct Decimal {
  std::string_view whole, fraction, rest;
};

std::optional<Decimal> SplitDecimal(std::string_view text) {
  const auto digits = [&text] {
    const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
    const std::string_view head = text.substr(0, static_cast<size_t>(end - text.begin()));
    text.remove_prefix(head.size());
    return head;
  };
  Decimal parts;
  parts.whole = digits();
  if (parts.whole.empty()) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = digits();
    if (parts.fraction.empty()) return std::nullopt;
  }
  parts.rest = text;
  return parts;
}

Nanos UnitOf(std::string_view text) {
  if (text.empty() || text == "s") return kSecond;
  if (text == "us") return kMicrosecond;
  if (text == "ms") return kMillisecond;
  if (text == "m" || text == "min") return 60 * kSecond;
  if (text == "h") return 3600 * kSecond;
  if (text == "d") return 86400 * kSecond;
  return 0;
}

bool IsOneOf(const char* list, std::string_view word) {
  return IndexIn(list, word).has_value();
}

/// False if it is none; out of range counts as none.
bool ParseTyped(const Spec& spec, std::string_view text, Value* out) {
  switch (spec.type) {
    case Type::kText:
      if (!spec.secret) out->text = text;
      return spec.check == nullptr || text.empty() || spec.check(text);
    case Type::kBoolean: {
      const auto value = ParseBoolean(text);
      out->number = value.value_or(false);
      return value.has_value();
    }
    case Type::kChoice: {
      const auto value = IndexIn(spec.range, text);
      out->number = static_cast<int64_t>(value.value_or(0));
      out->text = text;
      std::transform(out->text.begin(), out->text.end(), out->text.begin(), Lower);
      return value.has_value();
    }
    case Type::kPercent: {
      const auto value = ParsePercent(text);
      out->real = value.value_or(0);
      return value && out->real * 100 <= static_cast<double>(spec.max);
    }
    case Type::kInteger:
    case Type::kDuration: {
      const auto value = spec.type == Type::kInteger ? ParseInteger(text) : ParseDuration(text);
      out->number = value.value_or(0);
      return value && out->number >= spec.min && out->number <= spec.max;
    }
  }
  return false;
}

bool HasForbiddenByte(const Spec& spec, std::string_view text) {
  if (!spec.multiline) return HasControlByte(text);
  std::string rest(text);
  std::erase_if(rest, [](char c) { return c == '\n' || c == '\r' || c == '\t'; });
  return HasControlByte(rest);
}

}  // namespace

std::optional<Nanos> ParseDuration(std::string_view text) {
  const auto parts = SplitDecimal(text);
  if (!parts) return std::nullopt;
  const Nanos unit = UnitOf(parts->rest);
  if (unit == 0) return std::nullopt;
  constexpr Nanos kMost = kForever - 1;
  Nanos total = ParseInteger(parts->whole).value_or(kMost);
  if (__builtin_mul_overflow(total, unit, &total)) return kMost;
  Nanos scale = unit;
  for (const char digit : parts->fraction) {  // what is below a nanosecond is dropped
    const Nanos value = (digit - '0') * scale / 10;
    scale /= 10;
    total = std::min(AddSaturated(total, value), kMost);
  }
  return total;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error != std::errc::result_out_of_range) return value;
  return text[0] == '-' ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

std::optional<bool> ParseBoolean(std::string_view text) {
  if (IsOneOf("true,on,yes,1", text)) return true;
  if (IsOneOf("false,off,no,0", text)) return false;
  return std::nullopt;
}

std::optional<double> ParsePercent(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto parts = SplitDecimal(text);
  if (!parts || !parts->rest.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  return value / 100;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::optional<size_t> IndexIn(std::string_view list, std::string_view word) {
  for (size_t index = 0; !list.empty(); ++index) {
    const size_t comma = std::min(list.find(','), list.size());
    if (EqualIgnoringCase(list.substr(0, comma), word)) return index;
    list.remove_prefix(std::min(comma + 1, list.size()));
    list.remove_prefix(std::min(list.find_first_not_of(' '), list.size()));
  }
  return std::nullopt;
}

std::string Quoted(std::string_view text) {
  constexpr size_t kMost = 60;
  // A URI or a conninfo string given for the wrong option carries its password with it; and a
  // message must be UTF-8 whatever bytes were given.
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!printable || text.find_first_of("@=") != std::string_view::npos ||
      text.find("//") != std::string_view::npos) {
    return "(not shown)";
  }
  return '\'' + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "...'" : "'");
}

Status ParseValue(const Spec& spec, std::string_view text, bool show, Value* out) {
  if (spec.uri) {
    Uri unused;
    return text.empty() ? Status::Ok() : ParseUri(text, &unused);
  }
  const std::string name = spec.name;
  if (HasForbiddenByte(spec, text)) {
    return Status::Error(DBPOOL_ERR_OPTION,
                         name + ": the value holds a control byte; allowed: " + spec.range);
  }
  if (IsOneOf(spec.off, text)) {
    out->number = spec.off_value;
    return Status::Ok();
  }
  if (IsOneOf(spec.zero, text) || ParseTyped(spec, text, out)) return Status::Ok();
  const std::string value = show && !spec.secret ? " " + Quoted(text) : "";
  return Status::Error(DBPOOL_ERR_OPTION,
                       name + ": the value" + value + " is not allowed; allowed: " + spec.range);
}

}  // namespace dbp
