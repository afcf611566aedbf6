// The header from C++, and the C client beside it.
#include <dbpool/dbpool.h>

#include <cstdio>

extern "C" int client_c_main(void);

int main() {
  const uint32_t version = dbpool_version();
  std::printf("%u.%u.%u\n", version >> 16, version >> 8 & 0xff, version & 0xff);
  return client_c_main();
}
