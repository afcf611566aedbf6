#include "options/sources.h"

#include <string.h>

#include <algorithm>

#include "base/uri.h"
#include "options/setting.h"

// Rules of strength. Setters beat the URI, the URI beats the environment, the environment beats the
// default. The parts (host, port, dbname, user, password) are stricter: a setter that differs from
// the URI is an error and no override, for half of one address with half of another reaches a
// database that nobody named, perhaps with somebody else's password. An empty text of a part counts
// as not given.

namespace dbp {
namespace {

constexpr std::string_view kParts[] = {"host", "port", "dbname", "user", "password"};

Status Bad(std::string message) {
  return Status::Error(DBPOOL_ERR_OPTION, std::move(message));
}

std::string_view TextOf(const Options::Texts& texts, std::string_view name) {
  const auto found = texts.find(name);
  return found == texts.end() ? std::string_view() : std::string_view(found->second);
}

bool IsPart(std::string_view name) {
  return name == "uri" || std::find(std::begin(kParts), std::end(kParts), name) != std::end(kParts);
}

/// "a,b"; "" if all are empty and there is only one.
std::string Join(const std::vector<UriHost>& hosts, std::string UriHost::*field) {
  std::string list;
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (i > 0) list += ',';
    list += hosts[i].*field;
  }
  return list;
}

/// Names that may be spoken of although they follow a password in the query part, where a '&' that
/// was not encoded would make a name of the password's rest. Not a list of what libpq knows.
bool IsCommonKeyword(std::string_view name) {
  constexpr std::string_view kNames =
      "sslmode, sslcert, sslkey, sslrootcert, sslcrl, sslsni, sslcompression, sslpassword, "
      "options, "
      "service, target_session_attrs, hostaddr, passfile, channel_binding, gssencmode, krbsrvname, "
      "client_encoding, fallback_application_name, keepalives, keepalives_idle, "
      "keepalives_interval, "
      "keepalives_count, tcp_user_timeout, replication, requirepeer, ssl_min_protocol_version, "
      "ssl_max_protocol_version, load_balance_hosts, require_auth, sslnegotiation";
  return IndexIn(kNames, name).has_value();
}

}  // namespace

bool InScope(const Spec& spec, DatabaseKind kind) {
  return spec.scope == Scope::kBoth ||
         (spec.scope == Scope::kPostgres) == (kind == DatabaseKind::kPostgres);
}

Sources::~Sources() {
  WipeTexts(&uri_);
  for (auto& [name, text] : keywords_) explicit_bzero(text.data(), text.size());
}

Status Sources::Read(const char* argument) {
  std::string_view uri;
  bool from_environment = false;
  DBP_RETURN_IF_ERROR(FindUri(argument, &uri, &from_environment));
  if (argument == nullptr && uri.empty()) {
    DBP_RETURN_IF_ERROR(GuessKind());
  } else {
    DBP_RETURN_IF_ERROR(TakeApart(uri));
    DBP_RETURN_IF_ERROR(CheckParts(setters_));
    if (from_environment) DBP_RETURN_IF_ERROR(CheckParts(environment_));
  }
  DBP_RETURN_IF_ERROR(CheckScope(setters_));
  return CheckScope(uri_);
}

Status Sources::FindUri(const char* argument, std::string_view* uri, bool* from_environment) const {
  *uri = TextOf(setters_, "uri");
  if (argument != nullptr) {
    if (!uri->empty() && *uri != argument) {
      return Bad(
          "uri: the option contradicts the URI given besides; allowed: the same, or only one");
    }
    *uri = argument;
  } else if (uri->empty()) {
    *uri = TextOf(environment_, "uri");
    *from_environment = true;
  }
  return Status::Ok();
}

Status Sources::GuessKind() {
  for (const std::string_view name : {"host", "port", "dbname", "user"}) {
    if (!Pick(name).text.empty()) return Status::Ok();
  }
  return Bad(
      "uri: no database is named; give a URI (postgresql://user@host/dbname, sqlite:path, "
      "sqlite::memory:) or the options host and dbname");
}

Status Sources::TakeApart(std::string_view text) {
  Uri uri;
  DBP_RETURN_IF_ERROR(ParseUri(text, &uri));
  kind_ = uri.scheme == "sqlite" ? DatabaseKind::kSqlite : DatabaseKind::kPostgres;
  bool after_password = false;
  for (const auto& [name, value] : uri.query) {
    DBP_RETURN_IF_ERROR(AddParameter(name, value, after_password));
    after_password = after_password || name.ends_with("password");
  }
  const bool one = uri.hosts.size() == 1;
  const bool ports = std::any_of(uri.hosts.begin(), uri.hosts.end(),
                                 [](const UriHost& host) { return !host.port.empty(); });
  DBP_RETURN_IF_ERROR(AddPart("host", one ? uri.hosts[0].host : Join(uri.hosts, &UriHost::host)));
  DBP_RETURN_IF_ERROR(AddPart("port", ports ? Join(uri.hosts, &UriHost::port) : ""));
  DBP_RETURN_IF_ERROR(AddPart("dbname", uri.path));
  DBP_RETURN_IF_ERROR(AddPart("user", uri.user));
  return AddPart("password", uri.password.Reveal());
}

Status Sources::AddParameter(const std::string& name, std::string_view text, bool after_password) {
  const Spec* const spec = FindSpec(name);
  if (spec == nullptr && kind_ == DatabaseKind::kPostgres) {
    if (after_password && !IsCommonKeyword(name)) {
      return Bad(
          "uri: an unknown name after the password in the query part; write %26 for '&' in a "
          "password, and put rare parameters of libpq before it");
    }
    keywords_.emplace_back(name, text);
    return Status::Ok();
  }
  if (spec != nullptr && spec->uri) return Bad("uri: not allowed in the query part of a URI");
  Setting setting;
  Status status = MakeSetting(name, text, /*show=*/!after_password, &setting);
  if (!status.ok()) {
    status.mutable_info().message.insert(0, "uri: ");
    return status;
  }
  if (!uri_.emplace(spec->name, std::move(setting.text)).second) {
    return Bad("uri: " + std::string(spec->name) + " is given twice in the query part");
  }
  return Status::Ok();
}

Status Sources::AddPart(std::string_view name, std::string_view text) {
  if (text.empty()) return Status::Ok();
  const std::string_view in_query = TextOf(uri_, name);
  if (!in_query.empty() && in_query != text) {
    return Bad("uri: " + std::string(name) + " in the query part contradicts the rest of the URI");
  }
  uri_.insert_or_assign(std::string(name), std::string(text));
  return Status::Ok();
}

Status Sources::CheckParts(const Options::Texts& texts) const {
  for (const std::string_view name : kParts) {
    const std::string_view given = TextOf(texts, name), in_uri = TextOf(uri_, name);
    if (given.empty() || in_uri.empty() || given == in_uri) continue;
    const std::string value = GetSpec(name).secret ? "" : " " + Quoted(given);
    return Bad(std::string(name) + ": the value" + value +
               " contradicts the URI; allowed: the same, or only one of them");
  }
  return Status::Ok();
}

Status Sources::CheckScope(const Options::Texts& texts) const {
  for (const auto& [name, text] : texts) {
    if (InScope(GetSpec(name), kind_) || (IsPart(name) && text.empty())) continue;
    const bool postgres = kind_ == DatabaseKind::kPostgres;
    return Bad(name + " is an option of " + (postgres ? "SQLite" : "PostgreSQL") +
               "; the database is " + (postgres ? "PostgreSQL" : "SQLite"));
  }
  return Status::Ok();
}

Chosen Sources::Pick(std::string_view name) const {
  const auto choose = [name](const Options::Texts& texts, Source source, Chosen* out) {
    const auto found = texts.find(name);
    if (found == texts.end() || (IsPart(name) && found->second.empty())) return false;
    *out = {found->second, source};
    return true;
  };
  Chosen out;
  if (choose(setters_, Source::kSetter, &out) || choose(uri_, Source::kUri, &out)) return out;
  const Spec& spec = GetSpec(name);
  if (InScope(spec, kind_) && choose(environment_, Source::kEnvironment, &out)) return out;
  return {spec.fallback, Source::kDefault};
}

}  // namespace dbp
