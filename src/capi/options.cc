#include "capi/guard.h"
#include "capi/handles.h"

using dbp::Guarded;
using dbp::NullArgument;
using dbp::Status;

extern "C" {

dbpool_options* dbpool_options_new(void) { return new (std::nothrow) dbpool_options; }

void dbpool_options_free(dbpool_options* options) { delete options; }

dbpool_status dbpool_options_set(dbpool_options* options, const char* name, const char* value,
                                 dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!options) return NullArgument("options");
    if (!name) return NullArgument("name");
    if (!value) return NullArgument("value");
    return options->options.Set(name, value);
  });
}

dbpool_status dbpool_options_from_env(dbpool_options* options, const char* prefix,
                                      dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!options) return NullArgument("options");
    return options->options.ReadEnvironment(prefix ? prefix : "DBPOOL_");
  });
}

dbpool_status dbpool_option_at(size_t index, dbpool_option* out) {
  return Guarded(nullptr, [&]() -> Status {
    dbpool_option option = {};
    const bool there = dbp::OptionAt(index, &option);
    DBP_RETURN_IF_ERROR(dbp::WriteStruct(option, out));
    return there ? Status::Ok() : Status::Bare(DBPOOL_DONE);
  });
}

dbpool_status dbpool_options_set_hooks(dbpool_options* options, const dbpool_hooks* hooks,
                                       dbpool_error** error) {
  return Guarded(error, [&]() -> Status {
    if (!options) return NullArgument("options");
    dbpool_hooks copy;
    DBP_RETURN_IF_ERROR(dbp::ReadStruct(hooks, &copy));
    options->options.SetHooks(copy);
    return Status::Ok();
  });
}

}  // extern "C"
