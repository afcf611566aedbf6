#include "cli/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <iterator>

namespace dbp::cli {

namespace {

struct Range {
  uint32_t first, last;
};

constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x2060, 0x2064}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                           {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE4F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                           {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t kCount>
bool In(const Range (&ranges)[kCount], uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const Range& r) { return code >= r.first && code <= r.last; });
}

size_t LeadSize(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// The code point at offset and its bytes; size 0 if there is none.
uint32_t Decode(std::string_view text, size_t offset, size_t* size) {
  const auto lead = static_cast<unsigned char>(text[offset]);
  *size = LeadSize(lead);
  if (*size <= 1) return lead;
  uint32_t code = lead & (0xFFu >> (*size + 1));
  for (size_t i = 1; i < *size; ++i) {
    if (offset + i >= text.size() || !IsContinuation(text[offset + i])) {
      *size = 0;
      return lead;
    }
    code = code << 6 | (static_cast<unsigned char>(text[offset + i]) & 0x3Fu);
  }
  return code;
}

struct Unit {
  double nanos;
  const char* name;
};

// The largest unit of which there is at least one; 999.5 of a unit count as one of the next.
const Unit& UnitOf(int64_t nanos) {
  static constexpr Unit kUnits[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  for (const Unit& unit : kUnits) {
    if (static_cast<double>(nanos) >= unit.nanos * 0.9995) return unit;
  }
  return kUnits[3];
}

}  // namespace

size_t CodePointSize(std::string_view text, size_t offset) {
  size_t size = 0;
  Decode(text, offset, &size);
  return std::max<size_t>(size, 1);
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    size_t size = 0;
    const uint32_t code = Decode(text, i, &size);
    if (code < 0x300 || !In(kZeroWidth, code)) width += In(kWide, code) ? 2 : 1;
    i += std::max<size_t>(size, 1);
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t size = 0;
    const uint32_t code = Decode(text, i, &size);
    if (code == '\n') {
      out += "\\n";
    } else if (code == '\t') {
      out += "\\t";
    } else if (size == 0 || code < 0x20 || code == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    } else if (code >= 0x80 && code < 0xA0) {
      out += fmt::format("\\x{:02x}", code);  // C1: an escape sequence to some terminals
    } else {
      out += text.substr(i, size);
    }
    i += std::max<size_t>(size, 1);
  }
  return out;
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t own = DisplayWidth(text);
  return std::string(text) + std::string(width > own ? width - own : 0, ' ');
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t own = DisplayWidth(text);
  return std::string(width > own ? width - own : 0, ' ') + std::string(text);
}

std::vector<std::string> Wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (!line.empty() && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string Duration(int64_t nanos) {
  const Unit& unit = UnitOf(nanos);
  const double amount = static_cast<double>(nanos) / unit.nanos;
  const int decimals = unit.nanos == 1 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", amount, decimals, unit.name);
}

std::string RoundDuration(int64_t nanos) {
  const Unit& unit = UnitOf(nanos);
  return fmt::format("{:g} {}", static_cast<double>(nanos) / unit.nanos, unit.name);
}

int64_t ParseDuration(std::string_view text) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || !(amount >= 0) || amount > 1e6) return -1;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const double seconds = unit.empty() || unit == "s" ? 1
                         : unit == "us"              ? 1e-6
                         : unit == "ms"              ? 1e-3
                         : unit == "m"               ? 60
                         : unit == "h"               ? 3600
                                                     : -1;
  return seconds < 0 ? -1 : static_cast<int64_t>(amount * seconds * 1e9);
}

}  // namespace dbp::cli
