#include "cli/terminal.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace dbp::cli {

namespace {

constexpr std::string_view kHideCursor = "\x1b[?25l", kShowCursor = "\x1b[?25h";
constexpr std::string_view kClearLine = "\r\x1b[K";

std::atomic<int> hidden_on = -1;  // descriptor of the terminal whose cursor is hidden

// Looks at the variables, not at setlocale(): a locale that is named but not installed would turn
// every bar into ASCII although the terminal can do better.
bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    std::string lower = value;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

size_t Columns(int descriptor) {
  winsize size = {};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return std::clamp<size_t>(size.ws_col, 40, 200);
}

}  // namespace

Look LookOf(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  Look look;
  look.live = isatty(fileno(stream)) && term && *term && std::strcmp(term, "dumb") != 0;
  look.color = look.live && !IsSet("NO_COLOR");
  look.unicode = LocaleIsUtf8();
  look.width = Columns(fileno(stream));
  return look;
}

std::string Paint(const Look& look, Ink ink, std::string_view text) {
  constexpr const char* kCodes[] = {"", "1", "2", "32", "33", "36"};
  if (!look.color || ink == Ink::kPlain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(ink)], text);
}

LiveLine::~LiveLine() {
  Clear();
}

void LiveLine::Update(const std::string& text) {
  if (!look_.live) return;
  if (!open_) {
    open_ = true;
    hidden_on = fileno(stream_);
    fmt::print(stream_, "{}", kHideCursor);
  }
  fmt::print(stream_, "{}{}", kClearLine, text);
  std::fflush(stream_);
}

void LiveLine::Finish(const std::string& text) {
  Clear();
  fmt::print(stream_, "{}\n", text);
  std::fflush(stream_);
}

void LiveLine::Clear() {
  if (!open_) return;
  open_ = false;
  fmt::print(stream_, "{}{}", kClearLine, kShowCursor);
  std::fflush(stream_);
  hidden_on = -1;
}

void RestoreTerminal() {
  const int descriptor = hidden_on.exchange(-1);
  if (descriptor < 0) return;
  const std::string bytes = std::string(kShowCursor) + "\n";
  // Nothing is left to be done if the terminal is gone.
  [[maybe_unused]] const ssize_t written = write(descriptor, bytes.data(), bytes.size());
}

}  // namespace dbp::cli
