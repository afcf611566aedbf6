#include "base/secret.h"

namespace dbp {

std::string Redact(std::string text, const Secret& secret) {
  if (secret.empty()) return text;
  const std::string& word = secret.Reveal();
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 3)) {
    text.replace(at, word.size(), "***");
  }
  return text;
}

}  // namespace dbp
