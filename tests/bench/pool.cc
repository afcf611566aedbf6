#include "pairs.h"

// What borrowing costs when nobody is in the way.

int main(int argc, char** argv) {
  using namespace dbp::bench;
  dbpool* pool = MakePool("sqlite::memory:");
  Measure("acquire_release", 150, 10'000, [pool] {
    dbpool_conn conn = 0;
    dbpool_error* error = nullptr;
    Must(dbpool_acquire(pool, -1, &conn, &error), error);
    dbpool_release(conn);
  });
  const int status = Main(argc, argv);
  dbpool_unref(pool);
  return status;
}
