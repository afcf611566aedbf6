#include <unistd.h>
#include <zdb.h>

#include <filesystem>

#include "tests/bench/client.h"
#include "tests/bench/pairs.h"

// Borrowing from this pool and from libzdb's: 8 connections each, to the same database, one thread.
// libzdb looks at a flag on PostgreSQL and runs `select 1` on SQLite; ours knows from the socket's
// watch and the file's driver.

namespace dbp::bench {
namespace {

ConnectionPool_T OpenZdb(const std::string& url) {
  URL_T parsed = URL_new(url.c_str());
  if (!parsed) {
    std::fprintf(stderr, "libzdb: bad URL %s\n", url.c_str());
    std::exit(1);
  }
  ConnectionPool_T pool = ConnectionPool_new(parsed);
  ConnectionPool_setInitialConnections(pool, 8);
  ConnectionPool_setMaxConnections(pool, 8);
  TRY ConnectionPool_start(pool);
  ELSE {
    std::fprintf(stderr, "libzdb: %s\n", Exception_frame.message);
    std::exit(1);
  }
  END_TRY;
  return pool;
}

void Against(const std::string& name, double times_faster, const std::string& uri,
             const std::string& zdb_url) {
  dbpool* pool = MakePool(uri, {{"pool_size", "8"}});
  ConnectionPool_T zdb = OpenZdb(zdb_url);
  Compare(name, AtLeast(times_faster), 1000, Each([zdb] {
            Connection_T conn = ConnectionPool_getConnection(zdb);
            if (!conn) std::exit(1);
            Connection_close(conn);
          }),
          Each([pool] { Release(Acquire(pool)); }));
}

}  // namespace
}  // namespace dbp::bench

int main(int argc, char** argv) {
  using namespace dbp::bench;
  char dir[] = "/tmp/dbpool-bench-XXXXXX";
  if (!mkdtemp(dir)) return 1;
  const std::string file = std::string(dir) + "/bench.db";
  Against("against_zdb_sqlite", 40, "sqlite:" + file, "sqlite://" + file);
  // libzdb takes its server from host and port, and so a role with a password.
  const char* tcp = std::getenv("DBPOOL_TEST_POSTGRES_TCP_URL");
  if (tcp) Against("against_zdb_postgres", 2, tcp, tcp);
  const int status = Main(argc, argv);
  std::filesystem::remove_all(dir);
  return status;
}
