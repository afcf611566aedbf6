#include "options/setting.h"

#include <string.h>

namespace dbp {

Setting::~Setting() {
  explicit_bzero(text.data(), text.size());
}

Status MakeSetting(std::string_view name, std::string_view text, bool show, Setting* out) {
  const Spec* const spec = FindSpec(name);
  if (spec == nullptr) {
    const std::string_view nearest = NearestName(name);
    const std::string hint = nearest.empty() ? "; `dbpool options` lists them all"
                                             : "; did you mean '" + std::string(nearest) + "'?";
    return Status::Error(DBPOOL_ERR_OPTION, "unknown option " + Quoted(name) + hint);
  }
  out->spec = spec;
  out->text = text;
  if (name == spec->boolean_alias) {
    if (const auto on = ParseBoolean(text)) out->text = *on ? "0" : "off";
  }
  out->value = {};
  return ParseValue(*spec, out->text, show, &out->value);
}

void WipeTexts(Options::Texts* texts) {
  for (auto& [name, text] : *texts) explicit_bzero(text.data(), text.size());
}

}  // namespace dbp
