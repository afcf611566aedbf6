#ifndef DBP_BASE_SECRET_H_
#define DBP_BASE_SECRET_H_

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace dbp {

/// A password. Has no stream operator and no implicit conversion, and wipes its memory when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.Wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      Wipe();
      text_ = other.text_;
    }
    return *this;
  }
  ~Secret() { Wipe(); }

  bool empty() const { return text_.empty(); }
  const std::string& Reveal() const { return text_; }

 private:
  void Wipe() {
    explicit_bzero(text_.data(), text_.capacity());
    text_.clear();
  }
  std::string text_;
};

/// Replaces every occurrence of the secret in a text that is about to leave us.
std::string Redact(std::string text, const Secret& secret);

}  // namespace dbp

#endif  // DBP_BASE_SECRET_H_
