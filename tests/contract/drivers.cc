#include <cstdlib>

#include "options/options.h"
#include "tests/contract/contract.h"
#include "tests/support/fake_driver.h"

namespace dbp::contract {
namespace {

std::string RowsSql(int n) {
  return "with recursive r (n) as (select 1 union all select n + 1 from r where n < " +
         std::to_string(n) + ") select n from r";
}

std::unique_ptr<Driver> Make(const std::string& uri, const std::function<void(Config&)>& tweak) {
  Config config;
  std::unique_ptr<Driver> driver;
  Status status = Resolve(uri.c_str(), nullptr, &config);
  if (status.ok() && tweak) tweak(config);
  if (status.ok()) status = MakeDriver(config, &driver);
  EXPECT_OK(status);
  return driver;
}

Quirks Sqlite() {
  Quirks quirks;
  quirks.connect_to = [](const std::string& uri) { return Make(uri, nullptr); };
  quirks.rows = RowsSql;
  quirks.slow = "select count(*) from (" + RowsSql(2'000'000'000) + ")";
  quirks.bytes_type = "blob";
  quirks.gives_rowids = true;
  quirks.works_in_step = true;
  quirks.bad_uri = "sqlite:///nonexistent/directory/database";
  return quirks;
}

}  // namespace

Quirks SqliteFile() {
  Quirks quirks = Sqlite();
  quirks.name = "SqliteFile";
  quirks.make = [](const TempDir& dir, const auto& tweak, std::string*) {
    return Make("sqlite://" + dir.File("database"), tweak);
  };
  return quirks;
}

Quirks SqliteMemory() {
  Quirks quirks = Sqlite();
  quirks.name = "SqliteMemory";
  quirks.make = [](const TempDir&, const auto& tweak, std::string*) {
    return Make("sqlite::memory:", tweak);
  };
  return quirks;
}

Quirks Postgres() {
  Quirks quirks;
  quirks.name = "Postgres";
  quirks.make = [](const TempDir&, const auto& tweak,
                   std::string* skip) -> std::unique_ptr<Driver> {
    const char* uri = getenv("DBPOOL_TEST_POSTGRES_URL");
    if (uri != nullptr) return Make(uri, tweak);
    *skip = "DBPOOL_TEST_POSTGRES_URL is not set";
    return nullptr;
  };
  quirks.connect_to = [](const std::string& uri) { return Make(uri, nullptr); };
  quirks.rows = RowsSql;
  quirks.slow = "select pg_sleep(600)";
  quirks.bytes_type = "bytea";
  quirks.has_bool = true;
  quirks.text_of_numbers = true;
  quirks.has_nan = true;
  quirks.fails_transactions = true;
  quirks.bad_uri = "postgresql://nobody@127.0.0.1:1/nothing";
  return quirks;
}

Quirks Fake() {
  Quirks quirks;
  quirks.name = "Fake";
  quirks.make = [](const TempDir&, const auto&, std::string*) {
    return std::make_shared<FakeServer>()->MakeDriver();
  };
  quirks.rows = [](int n) { return "rows " + std::to_string(n); };
  quirks.slow = "sleep";
  quirks.wrong = "fail";
  quirks.dirty = "set a = b";
  quirks.fails_transactions = true;
  return quirks;
}

}  // namespace dbp::contract
