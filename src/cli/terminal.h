#ifndef DBP_CLI_TERMINAL_H_
#define DBP_CLI_TERMINAL_H_

#include <cstdio>
#include <string>
#include <string_view>

namespace dbp::cli {

/// What may be written to a stream.
struct Look {
  bool live = false;     ///< a terminal: lines may be rewritten
  bool color = false;    ///< live, and NO_COLOR is not set
  bool unicode = false;  ///< the locale's variables name UTF-8
  size_t width = 80;     ///< columns, 40 to 200
};

Look LookOf(std::FILE* stream);

enum class Ink { kPlain, kBold, kDim, kGood, kBad, kAccent };

/// The text in that ink, or as it is where there is no colour.
std::string Paint(const Look& look, Ink ink, std::string_view text);

/// One line that is rewritten in place on a terminal; elsewhere only its last state is written. The
/// cursor is hidden from the first Update() until Finish().
class LiveLine {
 public:
  LiveLine(std::FILE* stream, const Look& look) : stream_(stream), look_(look) {}
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  /// REQUIRES: not wider than the terminal.
  void Update(const std::string& text);
  /// Replaces the line for good.
  void Finish(const std::string& text);

 private:
  void Clear();

  std::FILE* stream_;
  Look look_;
  bool open_ = false;
};

/// Ends what a LiveLine began, from any thread, at the last moment before _exit().
void RestoreTerminal();

}  // namespace dbp::cli

#endif  // DBP_CLI_TERMINAL_H_
