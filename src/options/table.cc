#include "options/table.h"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

#include "base/uri.h"

namespace dbp {
namespace {

template <auto Member>
void Number(const Value& value, Config* config) {
  auto& field = config->*Member;
  field = static_cast<std::remove_reference_t<decltype(field)>>(value.number);
}
template <auto Member>
void Real(const Value& value, Config* config) {
  config->*Member = value.real;
}
template <auto Member>
void Text(const Value& value, Config* config) {
  config->*Member = value.text;
}
void JournalMode(const Value& value, Config* config) {
  config->sqlite.journal_mode = value.text;
}
void Synchronous(const Value& value, Config* config) {
  config->sqlite.synchronous = value.text;
}
void ForeignKeys(const Value& value, Config* config) {
  config->sqlite.foreign_keys = value.number;
}
void Mode(const Value& value, Config* config) {
  config->sqlite.mode = static_cast<SqliteMode>(value.number);
}

/// Each element may be empty, for the default, if there are several.
template <bool (*IsElement)(std::string_view)>
bool IsListOf(std::string_view list) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (comma != 0 && !IsElement(list.substr(0, comma))) return false;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return true;
}

constexpr Nanos kHour = 3600 * kSecond;
constexpr Nanos kLongest = 87'600 * kHour;
constexpr const char* kTimeOrOff = "1ms to 87600h; off or none: never";

// An option is a paragraph here, not ten lines.
// clang-format off
constexpr Spec kTable[] = {
    {.name = "uri", .aliases = "db_uri,connection_string",
     .range = "postgresql://..., sqlite:path, sqlite:///absolute/path, sqlite::memory:",
     .group = "connection", .help = "The database, as a URI.", .uri = true, .secret = true},
    {.name = "host",
     .range = "names, addresses or socket directories, separated by commas",
     .group = "connection", .help = "Where the server is, for a pool made without a URI.",
     .scope = Scope::kPostgres, .check = IsListOf<IsHost>},
    {.name = "port", .range = "1 to 65535; one, or one per host, separated by commas",
     .group = "connection", .help = "The server's port.",
     .scope = Scope::kPostgres, .check = IsListOf<IsPort>},
    {.name = "dbname", .aliases = "database", .range = "any text",
     .group = "connection", .help = "The database's name."},
    {.name = "user", .aliases = "username", .range = "any text",
     .group = "connection", .help = "The role to log in as.", .scope = Scope::kPostgres},
    {.name = "password", .range = "any text",
     .group = "connection", .help = "Its password; needs no percent-encoding here.",
     .scope = Scope::kPostgres, .secret = true},

    {.name = "pool_size", .type = Type::kInteger, .range = "1 to 10000", .fallback = "5",
     .group = "size", .help = "Connections the pool keeps.", .min = 1, .max = 10'000},
    {.name = "max_overflow", .type = Type::kInteger, .range = "0 to 10000", .fallback = "10",
     .group = "size",
     .help = "More under load; they go when idle for idle_timeout, at most 30 s.",
     .min = 0, .max = 10'000},
    {.name = "max_size", .aliases = "maxconn,max_connections", .type = Type::kInteger,
     .range = "1 to 20000", .group = "size",
     .help = "pool_size and max_overflow together, instead of max_overflow.",
     .min = 1, .max = 20'000},
    {.name = "min_size", .aliases = "minconn,min_connections", .type = Type::kInteger,
     .range = "0 to pool_size", .group = "size",
     .help = "Opened at create and kept whatever idle_timeout says; pool_size if not set.",
     .min = 0, .max = 10'000},
    {.name = "lazy", .aliases = "lazy_init", .type = Type::kBoolean, .range = "true, false",
     .fallback = "false", .group = "size",
     .help = "Open nothing at create, which then cannot fail for want of a server.",
     .store = Number<&Config::lazy>},
    {.name = "pooling", .type = Type::kBoolean, .range = "on, off", .fallback = "on",
     .group = "size",
     .help = "off: open and close per acquire under the same limits, to rule the pool out.",
     .store = Number<&Config::pooling>},
    {.name = "max_waiters", .type = Type::kInteger, .range = "0 to 1000000000",
     .fallback = "100000", .group = "size",
     .help = "Callers that may wait at once; one more is refused at once.",
     .min = 0, .max = 1'000'000'000, .store = Number<&Config::max_waiters>},
    {.name = "max_connecting", .type = Type::kInteger, .range = "1 to 1000", .fallback = "4",
     .group = "size",
     .help = "Connections opened at a time; after an outage one, and one more for each that succeeds.",
     .min = 1, .max = 1'000, .store = Number<&Config::max_connecting>},
    {.name = "idle_order", .type = Type::kChoice, .range = "lifo, fifo", .fallback = "lifo",
     .group = "size", .help = "Which idle connection is lent: the one used last, or longest ago.",
     .store = Number<&Config::idle_order>},

    {.name = "acquire_timeout", .aliases = "pool_timeout,checkout_timeout",
     .type = Type::kDuration, .range = "0 (do not wait) to 87600h; off or none: for ever",
     .fallback = "30s", .group = "time", .help = "How long a caller waits for a connection.",
     .min = 0, .max = kLongest, .off = "off,none", .off_value = kForever,
     .store = Number<&Config::acquire_timeout>},
    {.name = "connect_timeout", .type = Type::kDuration,
     .range = "1ms to 87600h; off, none or 0: no limit", .fallback = "10s", .group = "time",
     .help = "How long opening a connection may take, all hosts together.",
     .min = kMillisecond, .max = kLongest, .off = "off,none,0", .off_value = kForever,
     .store = Number<&Config::connect_timeout>},
    {.name = "query_timeout", .aliases = "command_timeout", .type = Type::kDuration,
     .range = "1ms to 87600h; off or none: no limit", .fallback = "30s", .group = "time",
     .help = "How long a statement may run.",
     .min = kMillisecond, .max = kLongest, .off = "off,none", .off_value = kForever,
     .store = Number<&Config::query_timeout>},
    {.name = "lock_timeout", .type = Type::kDuration,
     .range = "1ms to 480h; off or none: no limit of its own", .fallback = "5s", .group = "time",
     .help = "How long a statement waits for a lock; on SQLite the busy time-out. Behind a pooler only if set.",
     .min = kMillisecond, .max = 480 * kHour, .off = "off,none", .off_value = kForever,
     .store = Number<&Config::lock_timeout>},
    {.name = "reset_timeout", .type = Type::kDuration, .range = "1ms to 87600h",
     .fallback = "5s", .group = "time",
     .help = "How long cleaning a returned connection may take before it is replaced.",
     .min = kMillisecond, .max = kLongest, .store = Number<&Config::reset_timeout>},
    {.name = "idle_timeout", .type = Type::kDuration, .range = kTimeOrOff, .fallback = "10m",
     .group = "time", .help = "Idle for longer, a connection above min_size is closed.",
     .min = kMillisecond, .max = kLongest, .off = "off,none", .off_value = kForever,
     .store = Number<&Config::idle_timeout>},
    {.name = "max_lifetime", .aliases = "pool_recycle", .type = Type::kDuration,
     .range = "1ms to 87600h; off, none or -1: never", .fallback = "3600s", .group = "time",
     .help = "Older connections are replaced when they are not in use.",
     .min = kMillisecond, .max = kLongest, .off = "off,none,-1", .off_value = kForever,
     .store = Number<&Config::max_lifetime>},
    {.name = "lifetime_jitter", .type = Type::kPercent, .range = "0% to 90%", .fallback = "10%",
     .group = "time", .help = "max_lifetime is shortened by a random part of up to this much.",
     .max = 90, .off = "off,none", .store = Real<&Config::lifetime_jitter>},
    {.name = "max_uses", .type = Type::kInteger,
     .range = "1 to 1000000000000; 0, off or none: no limit", .fallback = "none", .group = "time",
     .help = "A connection lent that often is replaced.",
     .min = 0, .max = 1'000'000'000'000, .off = "off,none", .store = Number<&Config::max_uses>},
    {.name = "keepalive", .type = Type::kDuration, .range = kTimeOrOff, .fallback = "120s",
     .group = "time", .help = "Connections idle for that long are pinged in the background.",
     .min = kMillisecond, .max = kLongest, .off = "off,none", .off_value = kForever,
     .store = Number<&Config::keepalive>},
    {.name = "ping_after", .aliases = "pool_pre_ping", .type = Type::kDuration,
     .range = "0 (or true) to 87600h; off, none or false: never", .fallback = "1s",
     .group = "time",
     .help = "A connection idle for longer is pinged before it is lent; 0: before every lending.",
     .min = 0, .max = kLongest, .off = "off,none,false,no", .off_value = kForever,
     .zero = "true,on,yes", .boolean_alias = "pool_pre_ping",
     .store = Number<&Config::ping_after>},

    {.name = "reset", .type = Type::kChoice, .range = "none, rollback, smart, full",
     .fallback = "smart", .group = "session",
     .help = "How a returned connection is cleaned; smart: what may be dirty, as far as known.",
     .store = Number<&Config::reset>},
    {.name = "statement_cache", .type = Type::kInteger, .range = "0 to 100000; off or none: 0",
     .fallback = "256", .group = "session",
     .help = "Prepared statements each connection keeps.",
     .min = 0, .max = 100'000, .off = "off,none", .store = Number<&Config::statement_cache>},
    {.name = "prepare_threshold", .type = Type::kInteger,
     .range = "1 to 1000000; 0, off or none: never", .fallback = "2", .group = "session",
     .help = "The use at which PostgreSQL prepares a statement by name. Behind a pooler only if set.",
     .min = 0, .max = 1'000'000, .off = "off,none", .scope = Scope::kPostgres,
     .store = Number<&Config::prepare_threshold>},
    {.name = "pipeline_depth", .type = Type::kInteger, .range = "1 to 1000; 0 or off: never",
     .fallback = "64", .group = "session",
     .help = "Asynchronous one-shots that may be under way on one PostgreSQL connection at once. Only where prepare_threshold holds.",
     .min = 0, .max = 1'000, .off = "off", .scope = Scope::kPostgres,
     .store = Number<&Config::pipeline_depth>},
    {.name = "application_name", .range = "any text", .group = "session",
     .help = "How the server's views and log call us.", .scope = Scope::kPostgres,
     .store = Text<&Config::application_name>},
    {.name = "init_sql", .range = "SQL without control bytes other than newline and tab",
     .group = "session", .help = "Run on each new connection.", .multiline = true,
     .store = Text<&Config::init_sql>},
    {.name = "search_path", .aliases = "schema", .range = "any text", .group = "session",
     .help = "Schemas where names are looked up.", .scope = Scope::kPostgres,
     .store = Text<&Config::search_path>},

    {.name = "journal_mode", .type = Type::kChoice,
     .range = "wal, delete, truncate, persist, memory, off", .fallback = "wal",
     .group = "sqlite", .help = "SQLite's journal.", .scope = Scope::kSqlite,
     .store = JournalMode},
    {.name = "synchronous", .type = Type::kChoice, .range = "off, normal, full, extra",
     .fallback = "normal", .group = "sqlite", .help = "How often SQLite waits for the disk.",
     .scope = Scope::kSqlite, .store = Synchronous},
    {.name = "foreign_keys", .type = Type::kBoolean, .range = "on, off", .fallback = "on",
     .group = "sqlite", .help = "Whether SQLite enforces foreign keys.",
     .scope = Scope::kSqlite, .store = ForeignKeys},
    {.name = "mode", .type = Type::kChoice, .range = "ro, rw, rwc", .fallback = "rwc",
     .group = "sqlite", .help = "Read only; read and write; and create the file.",
     .scope = Scope::kSqlite, .store = Mode},
};
// clang-format on

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Spec> Table() {
  return kTable;
}

const Spec* FindSpec(std::string_view name) {
  for (const Spec& spec : kTable) {
    bool found = false;
    ForEachName(spec, [&](std::string_view known) { found = found || known == name; });
    if (found) return &spec;
  }
  return nullptr;
}

const Spec& GetSpec(std::string_view name) {
  return *FindSpec(name);
}

std::string_view NearestName(std::string_view name) {
  if (name.size() > 40) return {};
  std::string_view nearest;
  size_t least = 3;  // more typing errors than two make another word
  for (const Spec& spec : kTable) {
    ForEachName(spec, [&](std::string_view known) {
      const size_t distance = EditDistance(name, known);
      if (distance < least && distance < known.size() / 2) {
        least = distance;
        nearest = known;
      }
    });
  }
  return nearest;
}

}  // namespace dbp
