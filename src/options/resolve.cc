#include <algorithm>

#include "options/options.h"
#include "options/postgres_target.h"
#include "options/sources.h"
#include "options/values.h"

// Texts become a Config: first every option that stands for itself, then the four sizes, which
// depend on each other, then the address.

namespace dbp {
namespace {

/// A size and how strong it was said.
struct Size {
  int64_t number = 0;
  Source source = Source::kDefault;
  bool given() const { return source != Source::kDefault; }
};

Status PickValue(const Sources& sources, const Spec& spec, Value* out) {
  return ParseValue(spec, sources.Pick(spec.name).text, /*show=*/false, out);
}

Status PickSize(const Sources& sources, const char* name, Size* out) {
  const Chosen chosen = sources.Pick(name);
  out->source = chosen.source;
  if (chosen.text.empty()) return Status::Ok();
  Value value;
  DBP_RETURN_IF_ERROR(ParseValue(GetSpec(name), chosen.text, /*show=*/true, &value));
  out->number = value.number;
  return Status::Ok();
}

Status Contradiction(const char* name, int64_t number, const std::string& allowed) {
  return Status::Error(DBPOOL_ERR_OPTION, std::string(name) + ": the value '" +
                                              std::to_string(number) +
                                              "' is not allowed; allowed: " + allowed);
}

/// max_size is another way to say max_overflow. Of two sources that contradict each other the
/// stronger counts; within one it is an error.
Status ApplyMaxSize(const Size& max, Size* pool, Size* overflow) {
  if (!max.given() || max.source < overflow->source) return Status::Ok();
  if (max.number < pool->number) {
    if (max.source < pool->source) return Status::Ok();
    if (max.source == pool->source) {
      return Contradiction("max_size", max.number,
                           "pool_size (" + std::to_string(pool->number) + ") or more");
    }
    pool->number = max.number;
  }
  const int64_t sum = pool->number + overflow->number;
  if (max.source == overflow->source && max.number != sum) {
    return Contradiction(
        "max_size", max.number,
        "pool_size + max_overflow (" + std::to_string(sum) + "), or only one of both");
  }
  overflow->number = max.number - pool->number;
  return Status::Ok();
}

Status StoreSizes(const Sources& sources, Config* config) {
  Size pool, overflow, max, min;
  DBP_RETURN_IF_ERROR(PickSize(sources, "pool_size", &pool));
  DBP_RETURN_IF_ERROR(PickSize(sources, "max_overflow", &overflow));
  DBP_RETURN_IF_ERROR(PickSize(sources, "max_size", &max));
  DBP_RETURN_IF_ERROR(PickSize(sources, "min_size", &min));
  // Who thinks in minimum and maximum, and says nothing of pool_size, means at least the minimum by
  // it.
  if (max.given() && max.source >= overflow.source && !pool.given()) {
    pool.number = std::max(pool.number, std::min(min.number, max.number));
  }
  DBP_RETURN_IF_ERROR(ApplyMaxSize(max, &pool, &overflow));
  if (min.number > pool.number && min.source >= pool.source) {
    return Contradiction("min_size", min.number,
                         "0 to pool_size (" + std::to_string(pool.number) + ")");
  }
  config->min_size_follows = !min.given() || min.number > pool.number;
  config->pool_size = static_cast<uint32_t>(pool.number);
  config->max_overflow = static_cast<uint32_t>(overflow.number);
  config->min_size =
      config->min_size_follows ? config->pool_size : static_cast<uint32_t>(min.number);
  return Status::Ok();
}

Status MakeSqliteTarget(const Sources& sources, SqliteTarget* out) {
  out->path = sources.Pick("dbname").text;
  out->memory = out->path == ":memory:";
  if (!out->memory) return Status::Ok();
  out->path.clear();
  if (out->mode == SqliteMode::kReadOnly) {
    return Status::Error(
        DBPOOL_ERR_OPTION,
        "mode: the value 'ro' is not allowed for sqlite::memory:, which is created "
        "empty; allowed: rw, rwc");
  }
  return Status::Ok();
}

}  // namespace

Status Resolve(const char* uri, const Options* options, Config* out) {
  const Options none;
  if (options == nullptr) options = &none;
  Sources sources(*options);
  DBP_RETURN_IF_ERROR(sources.Read(uri));

  Config config;
  config.kind = sources.kind();
  for (const Spec& spec : Table()) {
    if (spec.store == nullptr) continue;
    Value value;
    DBP_RETURN_IF_ERROR(PickValue(sources, spec, &value));
    spec.store(value, &config);
  }
  config.lock_timeout_set = sources.Pick("lock_timeout").given();
  config.prepare_threshold_set = sources.Pick("prepare_threshold").given();
  DBP_RETURN_IF_ERROR(StoreSizes(sources, &config));
  DBP_RETURN_IF_ERROR(config.kind == DatabaseKind::kPostgres
                          ? MakePostgresTarget(sources, &config.postgres)
                          : MakeSqliteTarget(sources, &config.sqlite));
  config.hooks = options->hooks();
  config.hook_data = options->hook_data();
  *out = std::move(config);
  return Status::Ok();
}

}  // namespace dbp
