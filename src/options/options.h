#ifndef DBP_OPTIONS_OPTIONS_H_
#define DBP_OPTIONS_OPTIONS_H_

#include <dbpool/options.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "options/config.h"

namespace dbp {

/// Settings as given, by canonical name and as text; each checked when it is set. What the ABI calls
/// dbpool_options.
class Options {
 public:
  Options() = default;
  ~Options();  ///< wipes passwords

  Status Set(std::string_view name, std::string_view value);
  /// Reads prefix + NAME for every option and alias there is.
  Status ReadEnvironment(std::string_view prefix);
  /// Throws std::bad_alloc, and then has those it had.
  void SetHooks(const dbpool_hooks& hooks);

  using Texts = std::map<std::string, std::string, std::less<>>;
  const Texts& explicit_texts() const { return explicit_; }
  const Texts& environment_texts() const { return environment_; }
  const dbpool_hooks& hooks() const { return hooks_; }
  const std::shared_ptr<const HookData>& hook_data() const { return hook_data_; }

 private:
  Texts explicit_, environment_;
  dbpool_hooks hooks_ = {};
  std::shared_ptr<const HookData> hook_data_;
};

/// One validated configuration out of the options, the URI, the environment and the defaults, in this
/// order of strength. uri and options may be NULL.
Status Resolve(const char* uri, const Options* options, Config* out);

/// The table of options, for people: fills all but struct_size; false past its end.
bool OptionAt(size_t index, dbpool_option* out);

}  // namespace dbp

#endif  // DBP_OPTIONS_OPTIONS_H_
