#include "options/postgres_target.h"

#include <algorithm>

#include "base/uri.h"
#include "options/values.h"

namespace dbp {
namespace {

using Words = std::vector<std::string>;

/// One more than there are commas; none for "".
Words Split(std::string_view list) {
  Words words;
  if (list.empty()) return words;
  for (size_t comma = list.find(','); comma != std::string_view::npos; comma = list.find(',')) {
    words.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma + 1);
  }
  words.emplace_back(list);
  return words;
}

Status Miscounted(const char* name, size_t given, size_t wanted) {
  return Status::Error(DBPOOL_ERR_OPTION, std::string(name) + ": " + std::to_string(given) +
                                              " values; allowed: as many as hosts (" +
                                              std::to_string(wanted) + ")" +
                                              (name[0] == 'p' ? " or one" : ""));
}

bool IsAddress(std::string_view text) {
  return IsHost(text) && (text.find(':') != std::string_view::npos ||
                          std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; }));
}

Status MakeHosts(const Words& hosts, const Words& addresses, const Words& ports,
                 std::vector<PostgresHost>* out) {
  if (!hosts.empty() && !addresses.empty() && hosts.size() != addresses.size()) {
    return Miscounted("hostaddr", addresses.size(), hosts.size());
  }
  for (const std::string& address : addresses) {
    if (!address.empty() && !IsAddress(address)) {
      return Status::Error(DBPOOL_ERR_OPTION,
                           "hostaddr: the value is not allowed; allowed: IPv4 and IPv6 addresses");
    }
  }
  const size_t named = std::max(hosts.size(), addresses.size());
  const size_t count = std::max<size_t>(named, ports.empty() ? 0 : 1);
  if (ports.size() > 1 && ports.size() != count) return Miscounted("port", ports.size(), count);
  for (size_t i = 0; i < count; ++i) {
    PostgresHost& host = out->emplace_back();
    if (!hosts.empty()) host.host = hosts[i];
    if (!addresses.empty()) host.hostaddr = addresses[i];
    if (!ports.empty()) host.port = ports.size() == 1 ? ports[0] : ports[i];
  }
  return Status::Ok();
}

}  // namespace

Status MakePostgresTarget(const Sources& sources, PostgresTarget* out) {
  std::string_view addresses;
  for (const char* const name : {"user", "dbname"}) {
    const std::string_view text = sources.Pick(name).text;
    if (!text.empty()) out->keywords.emplace_back(name, text);
  }
  for (const auto& [name, text] : sources.keywords()) {
    if (name == "hostaddr") {
      addresses = text;
    } else {
      out->keywords.emplace_back(name, text);
    }
  }
  out->password = Secret(std::string(sources.Pick("password").text));
  return MakeHosts(Split(sources.Pick("host").text), Split(addresses),
                   Split(sources.Pick("port").text), &out->hosts);
}

}  // namespace dbp
