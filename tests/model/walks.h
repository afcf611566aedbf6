#ifndef DBP_TESTS_MODEL_WALKS_H_
#define DBP_TESTS_MODEL_WALKS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace dbp::model {

/// How long random walks go on, and from which seed: said before the first, so that any run can be had again.
struct Walks {
  explicit Walks(uint64_t by_default)
      : steps(FromEnvironment("DBPOOL_MODEL_STEPS", by_default)),
        seed(FromEnvironment("DBPOOL_MODEL_SEED", std::random_device{}())) {
    std::printf("DBPOOL_MODEL_SEED=%llu DBPOOL_MODEL_STEPS=%llu\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(steps));
  }
  const uint64_t steps;
  const uint64_t seed;  ///< the first walk's; each next one adds 1

 private:
  static uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
  }
};

}  // namespace dbp::model

#endif  // DBP_TESTS_MODEL_WALKS_H_
