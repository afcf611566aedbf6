#ifndef DBP_BASE_URI_H_
#define DBP_BASE_URI_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/status.h"

// The URIs that name a database, taken apart:
//
//   postgresql://user:password@host:port,host:port/dbname?name=value&...     (also postgres://)
//   sqlite:relative/path   sqlite:///absolute/path   sqlite::memory:         (?name=value&... too)
//
// A driver suffix of the scheme (postgresql+asyncpg, sqlite+aiosqlite) is accepted and dropped.
// Every component is percent-decoded; '+' is a plus sign, as in libpq. SQLAlchemy's sqlite:////abs
// is /abs and its sqlite:///:memory: is :memory:; its sqlite:///relative is NOT supported, it means
// /relative.
//
// Stricter than libpq where a password that was not encoded could be cut in the wrong place and end
// up in a host name, a parameter name or a message: '@' may stand only once, before the hosts; host
// names, ports and parameter names have a fixed alphabet. No message quotes the text, it names the
// component. The one exception is an unknown scheme written in lower case, which comes before any
// password.

namespace dbp {

struct UriHost {
  std::string host;  ///< without brackets; "" is the default; '/' first: a socket directory
  std::string port;  ///< digits, or "" for the default
};

struct Uri {
  Uri() = default;
  Uri(Uri&&) = default;
  Uri& operator=(Uri&&) = default;
  ~Uri();  ///< wipes the query values, of which one may be a password

  std::string scheme;  ///< "postgresql" or "sqlite"
  std::string user;
  Secret password;
  std::vector<UriHost> hosts;
  std::string
      path;  ///< PostgreSQL: the database's name, without '/'; SQLite: the path, never empty
  std::vector<std::pair<std::string, std::string>> query;  ///< names are [a-z0-9_]+, each once
};

/// DBPOOL_ERR_OPTION with a message that starts with "uri: ". *out is changed only on success.
Status ParseUri(std::string_view text, Uri* out);

/// A name, an address without brackets, a socket directory (/...) or an abstract socket (@...).
bool IsHost(std::string_view text);
/// 1 to 65535.
bool IsPort(std::string_view text);
/// Bytes below 0x20, and DEL: nothing that names a database or a role needs them.
bool HasControlByte(std::string_view text);

}  // namespace dbp

#endif  // DBP_BASE_URI_H_
