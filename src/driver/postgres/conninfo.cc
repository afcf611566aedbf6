#include "driver/postgres/conninfo.h"

#include <strings.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>

#include "driver/postgres/libpq.h"

namespace dbp::postgres {
namespace {

// Done or overridden by us: connect_timeout (one deadline of ours for the whole), client_encoding.
constexpr std::string_view kOurs[] = {"connect_timeout", "client_encoding", "load_balance_hosts"};

struct NewKeyword {
  std::string_view name;
  int since;
};
constexpr NewKeyword kNewKeywords[] = {
    {"gssdelegation", 17},    {"max_protocol_version", 18}, {"min_protocol_version", 18},
    {"oauth_client_id", 18},  {"oauth_client_secret", 18},  {"oauth_issuer", 18},
    {"oauth_scope", 18},      {"require_auth", 16},         {"scram_client_key", 18},
    {"scram_server_key", 18}, {"servicefile", 18},          {"sslcertmode", 16},
    {"sslkeylogfile", 18},    {"sslnegotiation", 17},
};

bool IsOurs(std::string_view name) {
  return std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs);
}

Status OptionError(std::string message) {
  return Status::Error(DBPOOL_ERR_OPTION, std::move(message));
}

Status UnknownKeyword(const std::string& name) {
  const std::string version = std::to_string(PQlibVersion() / 10000);
  for (const NewKeyword& known : kNewKeywords) {
    if (known.name == name) {
      return OptionError("option \"" + name + "\" needs libpq " + std::to_string(known.since) +
                         "; this process runs with libpq " + version);
    }
  }
  return OptionError("unknown option \"" + name + "\": neither ours nor one of libpq " + version);
}

Status CheckOurs(const std::string& name, const std::string& value) {
  if (name == "client_encoding" && strcasecmp(value.c_str(), "utf8") != 0 &&
      strcasecmp(value.c_str(), "utf-8") != 0 && value != "auto") {
    return OptionError("option \"client_encoding\": only UTF8, not \"" + value + "\"");
  }
  if (name == "load_balance_hosts" && value != "random" && value != "disable") {
    return OptionError("option \"load_balance_hosts\": disable or random, not \"" + value + "\"");
  }
  return Status::Ok();
}

}  // namespace

Status CheckKeywords(const PostgresTarget& target) {
  const ConninfoPtr known(PQconndefaults());
  if (!known) throw std::bad_alloc();
  for (const auto& [name, value] : target.keywords) {
    if (IsOurs(name)) {
      DBP_RETURN_IF_ERROR(CheckOurs(name, value));
      continue;
    }
    const PQconninfoOption* option = known.get();
    while (option->keyword && name != option->keyword) ++option;
    if (!option->keyword) return UnknownKeyword(name);
  }
  return Status::Ok();
}

std::string KeywordOf(const PostgresTarget& target, std::string_view name) {
  for (const auto& [keyword, value] : target.keywords) {
    if (keyword == name) return value;
  }
  return "";
}

Conninfo::Conninfo(const Config& config, const PostgresHost* host, const char* session_attrs) {
  const PostgresTarget& target = config.postgres;
  Add("fallback_application_name", "dbpool");  // first: of two, libpq takes the later
  for (const auto& [name, value] : target.keywords) {
    if (IsOurs(name)) continue;
    const bool replaced = session_attrs && name == "target_session_attrs";
    Add(name.c_str(), replaced ? session_attrs : value.c_str());
  }
  if (host) {
    Add("host", host->host.c_str());
    Add("hostaddr", host->hostaddr.c_str());
    Add("port", host->port.c_str());
  }
  Add("password", target.password.Reveal().c_str());
  Add("application_name", config.application_name.c_str());
  Add("client_encoding", "UTF8");
  keywords_.push_back(nullptr);
  values_.push_back(nullptr);
}

void Conninfo::Add(const char* keyword, const char* value) {
  if (!*value) return;  // libpq's default
  keywords_.push_back(keyword);
  values_.push_back(value);
}

}  // namespace dbp::postgres
