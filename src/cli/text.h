#ifndef DBP_CLI_TEXT_H_
#define DBP_CLI_TEXT_H_

// UTF-8 on a terminal: how wide it is, and what must not get there.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbp::cli {

inline bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Bytes of the code point at offset; 1 for a byte that starts none.
size_t CodePointSize(std::string_view text, size_t offset);

/// Columns it takes: code points, combining marks 0, East Asian wide ones and emoji 2.
size_t DisplayWidth(std::string_view text);

/// Control characters as \n, \t, \x1b; bytes that are not UTF-8 as \xff. So a cell stays in its
/// line and cannot steer the terminal.
std::string Printable(std::string_view text);

/// Filled up with spaces to `width` columns. Wider text is left as it is.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

/// Lines of at most `width` columns, broken at spaces.
std::vector<std::string> Wrap(std::string_view text, size_t width);

/// 1234567 as "1,234,567".
std::string Grouped(uint64_t number);

/// Three digits and a unit, "1.24 ms", "312 us", "10.0 s".
std::string Duration(int64_t nanos);

/// Without digits that say nothing, "2 ms", "2.5 s", "20 ms".
std::string RoundDuration(int64_t nanos);

/// "10s", "500ms", "2m", "1h", or a bare number of seconds, as nanoseconds; -1 if it is none of
/// these.
int64_t ParseDuration(std::string_view text);

}  // namespace dbp::cli

#endif  // DBP_CLI_TEXT_H_
