#include "options/options.h"

#include <stdlib.h>

#include "base/uri.h"
#include "options/setting.h"

namespace dbp {
namespace {

/// One option found in the environment.
struct Found {
  std::string variable;
  Setting setting;
};

std::string VariableOf(std::string_view prefix, std::string_view name) {
  std::string variable(prefix);
  for (const char c : name) {
    variable.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return variable;
}

Status ReadVariable(const std::string& variable, std::string_view name, Found* found) {
  const char* const text = getenv(variable.c_str());
  if (text == nullptr) return Status::Ok();
  Setting setting;
  Status status = MakeSetting(name, text, /*show=*/true, &setting);
  if (!status.ok()) {
    status.mutable_info().message.insert(0, "environment variable " + variable + ": ");
    return status;
  }
  const bool same = setting.value == found->setting.value &&
                    (!setting.spec->secret || setting.text == found->setting.text);
  if (!found->variable.empty() && !same) {
    return Status::Error(DBPOOL_ERR_OPTION, std::string(setting.spec->name) +
                                                ": the environment variables " + found->variable +
                                                " and " + variable + " contradict each other");
  }
  found->variable = variable;
  found->setting = std::move(setting);
  return Status::Ok();
}

}  // namespace

Options::~Options() {
  WipeTexts(&explicit_);
  WipeTexts(&environment_);
}

void Options::SetHooks(const dbpool_hooks& hooks) {
  std::shared_ptr<const HookData> data;
  if (hooks.destroy) data = std::make_shared<const HookData>(hooks);
  hooks_ = hooks;
  hook_data_ = std::move(data);
}

Status Options::Set(std::string_view name, std::string_view value) {
  Setting setting;
  DBP_RETURN_IF_ERROR(MakeSetting(name, value, /*show=*/true, &setting));
  explicit_.insert_or_assign(setting.spec->name, std::move(setting.text));
  return Status::Ok();
}

Status Options::ReadEnvironment(std::string_view prefix) {
  if (HasControlByte(prefix) || prefix.find('=') != std::string_view::npos) {
    return Status::Error(DBPOOL_ERR_OPTION, "the prefix of environment variables is not one");
  }
  Texts texts;
  for (const Spec& spec : Table()) {
    Found found;
    Status status;
    ForEachName(spec, [&](std::string_view name) {
      if (status.ok()) status = ReadVariable(VariableOf(prefix, name), name, &found);
    });
    if (!status.ok()) return status;
    if (!found.variable.empty()) texts.emplace(spec.name, std::move(found.setting.text));
  }
  for (auto& [name, text] : texts) environment_.insert_or_assign(name, std::move(text));
  return Status::Ok();
}

bool OptionAt(size_t index, dbpool_option* out) {
  if (index >= Table().size()) return false;
  static constexpr const char* kTypes[] = {"text",    "integer", "duration",
                                           "boolean", "percent", "choice"};
  const Spec& spec = Table()[index];
  out->name = spec.name;
  out->aliases = spec.aliases;
  out->type = kTypes[static_cast<size_t>(spec.type)];
  out->range = spec.range;
  out->default_value = spec.fallback;
  out->group = spec.group;
  out->help = spec.help;
  return true;
}

}  // namespace dbp
