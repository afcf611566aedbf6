#ifndef DBP_TESTS_FUZZ_FUZZ_H_
#define DBP_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

// A fuzz program is an entry point that libFuzzer knows how to call, and a corpus for fuzz_main.cc, which
// stands in for libFuzzer where there is none.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace dbp {

std::span<const std::string_view> FuzzCorpus();

/// Ends the program, with the input in hex, if what must hold for every input does not.
inline void Require(bool holds, const char* rule, std::string_view input) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\ninput, %zu bytes:", rule, input.size());
  for (unsigned char byte : input) std::fprintf(stderr, " %02x", byte);
  std::fprintf(stderr, "\n");
  std::abort();
}

}  // namespace dbp

#endif  // DBP_TESTS_FUZZ_FUZZ_H_
