#ifndef DBP_OPTIONS_SETTING_H_
#define DBP_OPTIONS_SETTING_H_

#include <string>
#include <string_view>

#include "base/status.h"
#include "options/options.h"
#include "options/values.h"

namespace dbp {

/// An option as somebody gave it, checked.
struct Setting {
  Setting() = default;
  Setting(Setting&&) = default;
  Setting& operator=(Setting&&) = default;
  ~Setting();  ///< wipes the text

  const Spec* spec = nullptr;
  std::string
      text;     ///< means the same under the option's own name as what was given under an alias
  Value value;  ///< without a text if the option is secret
};

/// show: see ParseValue().
Status MakeSetting(std::string_view name, std::string_view text, bool show, Setting* out);

/// Overwrites the values with zeros: one of them may be a password.
void WipeTexts(Options::Texts* texts);

}  // namespace dbp

#endif  // DBP_OPTIONS_SETTING_H_
