#include "base/uri.h"

#include <string.h>

#include <algorithm>
#include <charconv>

namespace dbp {
namespace {

Status Bad(std::string what) {
  return Status::Error(DBPOOL_ERR_OPTION, "uri: " + std::move(what));
}

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool IsAlnum(char c) {
  return IsLower(Lower(c)) || IsDigit(c);
}

template <typename Predicate>
bool All(std::string_view text, Predicate allowed) {
  return std::all_of(text.begin(), text.end(), allowed);
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Cuts off and returns what comes before the separator; all of it, if there is none.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

Status Decode(std::string_view text, const std::string& where, std::string* out) {
  out->clear();
  out->reserve(text.size());  // no reallocation: no copy of a password is left behind
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
      if (low < 0) {
        return Bad("'%' without two hexadecimal digits in " + where +
                   "; write %25 for a percent sign");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if (IsControl(c)) return Bad("an encoded control byte in " + where);
    }
    out->push_back(c);
  }
  return Status::Ok();
}

bool IsAddress6(std::string_view text) {
  const std::string_view zone = text.substr(std::min(text.find('%'), text.size()));
  const std::string_view address = text.substr(0, text.size() - zone.size());
  return address.find(':') != std::string_view::npos &&
         All(address, [](char c) { return HexDigit(c) >= 0 || c == ':' || c == '.'; }) &&
         zone.size() != 1 && All(zone.substr(std::min<size_t>(1, zone.size())), [](char c) {
           return IsAlnum(c) || c == '-' || c == '_' || c == '.';
         });
}

Status ParseHost(std::string_view text, size_t number, UriHost* out) {
  const std::string where = "host " + std::to_string(number);
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Bad(where + ": '[' without ']'");
    DBP_RETURN_IF_ERROR(Decode(text.substr(1, end - 1), where, &out->host));
    if (!IsAddress6(out->host)) return Bad(where + ": no IPv6 address in []");
    port = text.substr(end + 1);
    has_port = !port.empty();
    if (has_port && port.front() != ':') return Bad(where + ": only a ':' may follow ']'");
    if (has_port) port.remove_prefix(1);
  } else {
    has_port = text.find(':') != std::string_view::npos;
    DBP_RETURN_IF_ERROR(Decode(TakeUntil(text, ':'), where, &out->host));
    port = text;
    if (!out->host.empty() && (!IsHost(out->host) || out->host.find(':') != std::string::npos)) {
      return Bad(where + ": a character that no host name has; percent-encode socket directories");
    }
  }
  if (has_port && !port.empty() && !IsPort(port)) {
    return Bad("the port of " + where +
               " is not a number from 1 to 65535 (IPv6 addresses stand in []; in a password write "
               "%3A for ':', %2F for '/', %3F for '?', %40 for '@')");
  }
  out->port = port;
  return Status::Ok();
}

Status ParseHosts(std::string_view text, Uri* uri) {
  if (text.empty()) return Status::Ok();
  const size_t count = static_cast<size_t>(std::count(text.begin(), text.end(), ',')) + 1;
  for (size_t number = 1; number <= count; ++number) {
    const std::string_view one = TakeUntil(text, ',');
    if (one.empty()) return Bad("host " + std::to_string(number) + " is empty");
    DBP_RETURN_IF_ERROR(ParseHost(one, number, &uri->hosts.emplace_back()));
  }
  return Status::Ok();
}

Status ParseQuery(std::string_view text, Uri* uri) {
  if (text.empty()) return Status::Ok();
  const size_t count = static_cast<size_t>(std::count(text.begin(), text.end(), '&')) + 1;
  for (size_t number = 1; number <= count; ++number) {
    const std::string where = "parameter " + std::to_string(number) + " of the query part";
    std::string_view value = TakeUntil(text, '&');
    if (std::count(value.begin(), value.end(), '=') != 1) {
      return Bad(where + " is not name=value; write %26 for '&' and %3D for '='");
    }
    const std::string_view name = TakeUntil(value, '=');
    if (name.empty() || !All(name, [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; })) {
      return Bad(where + " has no proper name (lower-case letters, digits and '_')");
    }
    for (const auto& [earlier, unused] : uri->query) {
      if (earlier == name) return Bad(where + " repeats an earlier one");
    }
    auto& pair = uri->query.emplace_back(name, std::string());
    DBP_RETURN_IF_ERROR(Decode(value, where, &pair.second));
  }
  return Status::Ok();
}

Status ParsePostgres(std::string_view text, Uri* uri) {
  if (!text.starts_with("//")) return Bad("'//' must follow postgresql:");
  text.remove_prefix(2);
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  const size_t at = text.find('@');
  if (at != std::string_view::npos &&
      (at > end || text.find('@', at + 1) != std::string_view::npos)) {
    return Bad(
        "'@' may stand only once, before the host; elsewhere write %40 (and in a password %2F "
        "for '/', %3F for '?')");
  }
  std::string_view authority = text.substr(0, end);
  if (at != std::string_view::npos) {
    std::string_view login = TakeUntil(authority, '@');
    DBP_RETURN_IF_ERROR(Decode(TakeUntil(login, ':'), "the user", &uri->user));
    std::string password;
    Status status = Decode(login, "the password", &password);
    uri->password = Secret(std::move(password));
    if (!status.ok()) return status;
  }
  DBP_RETURN_IF_ERROR(ParseHosts(authority, uri));
  text.remove_prefix(end);
  std::string_view path = TakeUntil(text, '?');
  if (!path.empty()) path.remove_prefix(1);
  if (path.find('/') != std::string_view::npos) {
    return Bad("a second '/' after the hosts; in the database's name write %2F");
  }
  DBP_RETURN_IF_ERROR(Decode(path, "the database's name", &uri->path));
  return ParseQuery(text, uri);
}

Status ParseSqlite(std::string_view text, Uri* uri) {
  std::string_view path = TakeUntil(text, '?');
  const char* const forms = "write sqlite:path, sqlite:///absolute/path or sqlite::memory:";
  if (path.starts_with("//")) {
    if (!path.starts_with("///")) return Bad(std::string("sqlite takes no host; ") + forms);
    path.remove_prefix(path.find_first_not_of('/') == std::string_view::npos
                           ? path.size() - 1
                           : path.find_first_not_of('/') - 1);
    if (path == "/:memory:") path.remove_prefix(1);
  }
  if (path.empty() || path == "/") return Bad(std::string("no path; ") + forms);
  DBP_RETURN_IF_ERROR(Decode(path, "the path", &uri->path));
  return ParseQuery(text, uri);
}

/// Lower case, without the driver suffix; "" if it is none.
std::string Scheme(std::string_view text) {
  std::string_view driver = text;
  const std::string_view base = TakeUntil(driver, '+');
  const bool suffixed = base.size() < text.size();
  const auto allowed = [](char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.'; };
  if (base.empty() || IsDigit(base[0]) || !All(base, allowed)) return "";
  if (suffixed && (driver.empty() || !All(driver, allowed))) return "";
  std::string name(base);
  std::transform(name.begin(), name.end(), name.begin(), Lower);
  return name;
}

Status UnknownScheme(std::string_view text, bool has_colon, const std::string& scheme) {
  const char* const known = "known are postgresql, postgres and sqlite";
  const bool harmless = has_colon && !scheme.empty() && text.size() <= 24 &&
                        All(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '+'; });
  if (harmless) return Bad("unknown scheme '" + std::string(text) + "'; " + known);
  return Bad(std::string("it must start with a scheme and ':'; ") + known +
             " (instead of key=value settings, set host, dbname ... as options)");
}

}  // namespace

Uri::~Uri() {
  for (auto& [name, value] : query) explicit_bzero(value.data(), value.capacity());
}

bool IsHost(std::string_view text) {
  if (text.empty() || HasControlByte(text) || text.find(',') != std::string_view::npos)
    return false;
  if (text[0] == '/' || text[0] == '@') return text.size() > 1;
  if (text.find(':') != std::string_view::npos) return IsAddress6(text);
  return All(text, [](char c) {
    return IsAlnum(c) || c == '.' || c == '-' || c == '_' || (static_cast<unsigned char>(c) & 0x80);
  });
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5 || !All(text, IsDigit)) return false;
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number >= 1 && number <= 65535;
}

bool HasControlByte(std::string_view text) {
  return !All(text, [](char c) { return !IsControl(c); });
}

Status ParseUri(std::string_view text, Uri* out) {
  if (HasControlByte(text)) return Bad("a control byte in the text");
  std::string_view rest = text;
  const std::string_view head = TakeUntil(rest, ':');
  const bool has_colon = head.size() < text.size();
  Uri uri;
  uri.scheme = has_colon ? Scheme(head) : "";
  if (uri.scheme == "postgres") uri.scheme = "postgresql";
  if (uri.scheme == "postgresql") {
    DBP_RETURN_IF_ERROR(ParsePostgres(rest, &uri));
  } else if (uri.scheme == "sqlite") {
    DBP_RETURN_IF_ERROR(ParseSqlite(rest, &uri));
  } else {
    return UnknownScheme(head, has_colon, uri.scheme);
  }
  *out = std::move(uri);
  return Status::Ok();
}

}  // namespace dbp
