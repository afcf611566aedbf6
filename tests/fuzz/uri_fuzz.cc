#include <algorithm>
#include <array>
#include <string>

#include "base/uri.h"
#include "options/options.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/base/malformed_uris.h"

// Whatever the text, no message shows the password in it: a canary whose parts are looked for. ParseUri()
// quotes nothing, so there the canary may be anywhere. Resolve() quotes the values of options that are
// not secret, so there it is put where a password belongs and the rest of the text is fuzzed.

namespace dbp {

namespace {

constexpr std::string_view kWellFormed[] = {
    "",
    "postgresql://user:secret@host:5432/db?application_name=a&sslmode=require",
    "postgres://u@[::1]:5432,b.example:6432/db?target_session_attrs=any",
    "postgresql+asyncpg://u:p%40ss@%2Ftmp/db?pool_size=5&max_overflow=0&password=secret",
    "postgresql:///db?host=/tmp&port=5433&connect_timeout=5s",
    "sqlite:relative/path.db?mode=ro&journal_mode=wal",
    "sqlite:///absolute/path?foreign_keys=off",
    "sqlite::memory:",
    "sqlite+aiosqlite:////abs.db?pool_size=2&min_size=3",
    "host/db?query_timeout=1.5s&acquire_timeout=x",
};

Status Resolved(const std::string& uri) {
  Config config;
  return Resolve(uri.c_str(), nullptr, &config);
}

void ResolveWithAPassword(std::string_view rest) {
  if (HasPartOfCanary(rest)) return;  // it may be in the value of an option now
  const std::string text(rest), canary(kCanary);
  for (const std::string& uri : {"postgresql://user:" + canary + "@" + text,
                                 "postgresql://" + text + ":" + canary + "@host/db",
                                 "postgresql://user@host/db?password=" + canary + "&" + text,
                                 "postgresql://user:" + canary + "@host/db?" + text}) {
    Require(!HasPartOfCanary(Resolved(uri).message()), "Resolve() keeps the password to itself", uri);
  }
}

}  // namespace

std::span<const std::string_view> FuzzCorpus() {
  static const auto kCorpus = [] {
    std::array<std::string_view, std::size(kWellFormed) + std::size(kMalformedUris)> all;
    std::copy(std::begin(kMalformedUris), std::end(kMalformedUris),
              std::copy(std::begin(kWellFormed), std::end(kWellFormed), all.begin()));
    return all;
  }();
  return kCorpus;
}

}  // namespace dbp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dbp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Uri uri;
  const Status status = ParseUri(text, &uri);
  Require(!HasPartOfCanary(status.message()), "ParseUri() keeps the password to itself", text);
  Require(status.ok() || status.code() == DBPOOL_ERR_OPTION, "a bad URI is a bad option", text);
  Require(!status.ok() || uri.scheme == "postgresql" || uri.scheme == "sqlite", "two schemes", text);
  const Status resolved = Resolved(std::string(text));
  if (!status.ok() && text.find('\0') == text.npos) {
    Require(!resolved.ok() || text.empty(), "Resolve() refuses what ParseUri() refuses", text);
    Require(!HasPartOfCanary(resolved.message()), "Resolve() keeps the password to itself", text);
  }
  ResolveWithAPassword(text);
  return 0;
}
