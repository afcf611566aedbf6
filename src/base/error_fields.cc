#include "base/error_fields.h"

namespace dbp {

void ErrorFields::Add(uint32_t field, std::string_view text) {
  if (text.empty()) return;
  packed_.reserve(packed_.size() + text.size() +
                  2);  // the one place that may throw: all of it or nothing
  packed_ += static_cast<char>(field);
  packed_ += text;
  packed_ += '\0';
}

const char* ErrorFields::Get(uint32_t field) const {
  for (size_t at = 0; at < packed_.size(); at = packed_.find('\0', at) + 1) {
    if (static_cast<unsigned char>(packed_[at]) == field) return packed_.c_str() + at + 1;
  }
  return "";
}

}  // namespace dbp
