#ifndef DBP_TESTS_UNIT_BASE_MALFORMED_URIS_H_
#define DBP_TESTS_UNIT_BASE_MALFORMED_URIS_H_

#include <string>
#include <string_view>

// URIs that must be refused, with a password in them wherever people put one, encoded badly or not
// at all. Q7xWv9LmZk2p is the canary: none of its 4-character parts may ever be seen in a message.

namespace dbp {

inline constexpr std::string_view kCanary = "Q7xWv9LmZk2p";

inline constexpr std::string_view kMalformedUris[] = {
    "Q7xWv9LmZk2p",
    "Q7xWv9LmZk2p:Q7xWv9LmZk2p",
    "Q7xWv9LmZk2p://host/db",
    ":Q7xWv9LmZk2p@host/db",
    "user:Q7xWv9LmZk2p@host/db",
    "//user:Q7xWv9LmZk2p@host/db",
    "://user:Q7xWv9LmZk2p@host/db",
    "host=h user=u password=Q7xWv9LmZk2p",
    "host=h password='Q7xW:v9LmZk2p' port=5432",
    "mysql://user:Q7xWv9LmZk2p@host/db",
    "jdbc:postgresql://user:Q7xWv9LmZk2p@host/db",
    "postgresql+://user:Q7xWv9LmZk2p@host/db",
    "postgresql+Q7xW v9LmZk2p://user@host/db",
    "postgresql:user:Q7xWv9LmZk2p@host/db",
    "postgresql:/user:Q7xWv9LmZk2p@host/db",
    "postgresql;//user:Q7xWv9LmZk2p@host/db",
    "postgresql://user:Q7xW@v9LmZk2p@host/db",
    "postgresql://user:Q7xWv9LmZk2p@@host/db",
    "postgresql://user:Q7xW/v9LmZk2p@host/db",
    "postgresql://user:5432/Q7xWv9LmZk2p@host/db",
    "postgresql://user:Q7xWv9LmZk2p/x@host/db",
    "postgresql://user:Q7xW?v9LmZk2p@host/db",
    "postgresql://user:5432?Q7xWv9LmZk2p@host/db",
    "postgresql://user:5432?Q7xW=v9LmZk2p@host/db",
    "postgresql://user:5432/Q7xW?v9=LmZk2p@host/db",
    "postgresql://user:Q7xW@v9Lm/Zk2p?x=y@host/db",
    "postgresql://user:Q7xWv9LmZk2p",
    "postgresql://user:Q7xWv9LmZk2p/db",
    "postgresql://user:Q7xW%v9LmZk2p@host/db",
    "postgresql://user:Q7xWv9LmZk2p%@host/db",
    "postgresql://user:Q7xWv9LmZk2p%2@host/db",
    "postgresql://user:Q7xWv9%zzLmZk2p@host/db",
    "postgresql://user:Q7xW%00v9LmZk2p@host/db",
    "postgresql://user:Q7xW%0Av9LmZk2p@host/db",
    "postgresql://user:Q7xW\nv9LmZk2p@host/db",
    "postgresql://user:Q7xW\x7fv9LmZk2p@host/db",
    "postgresql://user%ZZ:Q7xWv9LmZk2p@host/db",
    "postgresql://user:Q7xWv9LmZk2p@host:port/db",
    "postgresql://user:Q7xWv9LmZk2p@host:0/db",
    "postgresql://user:Q7xWv9LmZk2p@host:65536/db",
    "postgresql://user:Q7xWv9LmZk2p@host:99999999999999999999/db",
    "postgresql://user:Q7xWv9LmZk2p@[::1/db",
    "postgresql://user:Q7xWv9LmZk2p@[]/db",
    "postgresql://user:Q7xWv9LmZk2p@[::1]x/db",
    "postgresql://user:Q7xWv9LmZk2p@[Q7xWv9LmZk2p]/db",
    "postgresql://user:Q7xWv9LmZk2p@::1/db",
    "postgresql://user:Q7xWv9LmZk2p@a,,b/db",
    "postgresql://user:Q7xWv9LmZk2p@a,/db",
    "postgresql://user@Q7xW v9LmZk2p/db",
    "postgresql://user@Q7xW!v9LmZk2p/db",
    "postgresql://user:Q7xWv9LmZk2p@host/db/Q7xWv9LmZk2p",
    "postgresql://user:Q7xWv9LmZk2p@host/db%",
    "postgresql://user:Q7xWv9LmZk2p@host/db%00",
    "postgresql://user:Q7xWv9LmZk2p@host/db?x",
    "postgresql://user:Q7xWv9LmZk2p@host/db?=x",
    "postgresql://user:Q7xWv9LmZk2p@host/db?a=1&",
    "postgresql://user:Q7xWv9LmZk2p@host/db?a=1&a=2",
    "postgresql://user:Q7xWv9LmZk2p@host/db?a=%0",
    "postgresql://user@host/db?password=Q7xW&v9LmZk2p",
    "postgresql://user@host/db?password=Q7xW=v9LmZk2p",
    "postgresql://user@host/db?password=Q7xW&v9LmZk2p=x",
    "postgresql://user@host/db?password=Q7xWv9LmZk2p%",
    "postgresql://user@host/db?password=Q7xW%01v9LmZk2p",
    "postgresql://user@host/db?Q7xWv9LmZk2p",
    "postgresql://user@host/db?Q7xWv9LmZk2p=x",
    "postgresql://user@host/db?password=a@Q7xWv9LmZk2p",
    "sqlite://user:Q7xWv9LmZk2p@host/db",
    "sqlite:?password=Q7xWv9LmZk2p",
    "sqlite:x.db?Q7xWv9LmZk2p",
};

/// Whether a text holds four characters in a row of the canary.
inline bool HasPartOfCanary(std::string_view text) {
  for (size_t at = 0; at + 4 <= kCanary.size(); ++at) {
    if (text.find(kCanary.substr(at, 4)) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace dbp

#endif  // DBP_TESTS_UNIT_BASE_MALFORMED_URIS_H_
